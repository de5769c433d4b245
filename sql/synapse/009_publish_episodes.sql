-- Whoever holds this row publishes analytics.risk_episodes.
INSERT INTO etl.publish_lock (table_name, takings)
SELECT
    'analytics.risk_episodes' AS table_name,
    0 AS takings
WHERE
    NOT EXISTS (
        SELECT 1 AS there FROM etl.publish_lock
        WHERE table_name = 'analytics.risk_episodes'
    );
