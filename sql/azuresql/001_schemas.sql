-- The schemas, and the record of what was applied.
IF SCHEMA_ID(N'analytics') IS NULL
    EXEC (N'CREATE SCHEMA analytics');

IF SCHEMA_ID(N'dim') IS NULL
    EXEC (N'CREATE SCHEMA dim');

IF SCHEMA_ID(N'etl') IS NULL
    EXEC (N'CREATE SCHEMA etl');

IF OBJECT_ID(N'etl.migrations', N'U') IS NULL
    CREATE TABLE etl.migrations (
        name NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NOT NULL,
        digest NVARCHAR(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
        applied_at DATETIME2(6) NOT NULL,
        CONSTRAINT pk_migrations PRIMARY KEY (name)
    );
