-- What was published: the newest row of a table's scope says what is served.
CREATE TABLE IF NOT EXISTS etl.publish_ledger (
    table_name VARCHAR(256) NOT NULL,
    seq BIGINT NOT NULL,
    scope VARCHAR(32) NOT NULL,
    publish_id VARCHAR(128) NOT NULL,
    content_hash VARCHAR(256) NOT NULL,
    row_count BIGINT NOT NULL,
    run_id VARCHAR(256) NOT NULL,
    lake_id VARCHAR(128) NOT NULL,
    lake_version BIGINT NOT NULL,
    published_at TIMESTAMP(6) NOT NULL,
    CONSTRAINT pk_publish_ledger PRIMARY KEY (table_name, seq)
);

-- One row per served table: whoever holds it publishes.
CREATE TABLE IF NOT EXISTS etl.publish_lock (
    table_name VARCHAR(256) NOT NULL,
    takings BIGINT NOT NULL,
    CONSTRAINT pk_publish_lock PRIMARY KEY (table_name)
);

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
CREATE TABLE IF NOT EXISTS etl.staging (
    stage_name VARCHAR(256) NOT NULL,
    run_id VARCHAR(256) NOT NULL,
    created_at TIMESTAMP(6) NOT NULL,
    CONSTRAINT pk_staging PRIMARY KEY (stage_name)
);
