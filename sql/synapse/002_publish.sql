-- What was published: the newest row of a table's scope says what is served.
IF OBJECT_ID(N'etl.publish_ledger', N'U') IS NULL
    CREATE TABLE etl.publish_ledger (
        table_name NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
        seq BIGINT NOT NULL,
        scope NVARCHAR(32) COLLATE Latin1_General_100_BIN2 NOT NULL,
        publish_id NVARCHAR(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
        content_hash NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
        row_count BIGINT NOT NULL,
        run_id NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
        lake_id NVARCHAR(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
        lake_version BIGINT NOT NULL,
        published_at DATETIME2(6) NOT NULL
    )
    WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);

-- One row per served table: whoever holds it publishes.
IF OBJECT_ID(N'etl.publish_lock', N'U') IS NULL
    CREATE TABLE etl.publish_lock (
        table_name NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
        takings BIGINT NOT NULL
    )
    WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);

INSERT INTO etl.publish_lock (table_name, takings)
SELECT
    'dim.companies' AS table_name,
    0 AS takings
WHERE
    NOT EXISTS (
        SELECT 1 AS there FROM etl.publish_lock
        WHERE table_name = 'dim.companies'
    );

INSERT INTO etl.publish_lock (table_name, takings)
SELECT
    'analytics.company_activity_daily' AS table_name,
    0 AS takings
WHERE
    NOT EXISTS (
        SELECT 1 AS there FROM etl.publish_lock
        WHERE table_name = 'analytics.company_activity_daily'
    );

-- The staging tables that exist, so that those of a run that died are found and dropped.
IF OBJECT_ID(N'etl.staging', N'U') IS NULL
    CREATE TABLE etl.staging (
        stage_name NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
        run_id NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
        created_at DATETIME2(6) NOT NULL
    )
    WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);
