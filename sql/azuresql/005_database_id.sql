-- This database's own name, made once: a copy of its ledger beside the lake says whose it is.
IF OBJECT_ID(N'etl.database_id', N'U') IS NULL
    CREATE TABLE etl.database_id (
        one BIGINT NOT NULL,
        id NVARCHAR(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
        CONSTRAINT pk_database_id PRIMARY KEY (one)
    );

INSERT INTO etl.database_id (one, id)
SELECT
    1 AS one,
    CAST(NEWID() AS NVARCHAR(36)) AS id
WHERE
    NOT EXISTS (
        SELECT 1 AS there FROM etl.database_id
    );
