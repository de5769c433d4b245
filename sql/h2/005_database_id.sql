-- This database's own name, made once: a copy of its ledger beside the lake says whose it is.
CREATE TABLE IF NOT EXISTS etl.database_id (
    one BIGINT NOT NULL,
    id VARCHAR(128) NOT NULL,
    CONSTRAINT pk_database_id PRIMARY KEY (one)
);

INSERT INTO etl.database_id (one, id)
SELECT
    1 AS one,
    CAST(RANDOM_UUID() AS VARCHAR(36)) AS id
WHERE
    NOT EXISTS (
        SELECT 1 AS there FROM etl.database_id
    );
