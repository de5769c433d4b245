-- Whoever holds one of these rows publishes the roll-up that it names.
INSERT INTO etl.publish_lock (table_name, takings)
SELECT
    'analytics.segment_activity_daily' AS table_name,
    0 AS takings
WHERE
    NOT EXISTS (
        SELECT 1 AS there FROM etl.publish_lock
        WHERE table_name = 'analytics.segment_activity_daily'
    );

INSERT INTO etl.publish_lock (table_name, takings)
SELECT
    'analytics.retention_monthly' AS table_name,
    0 AS takings
WHERE
    NOT EXISTS (
        SELECT 1 AS there FROM etl.publish_lock
        WHERE table_name = 'analytics.retention_monthly'
    );
