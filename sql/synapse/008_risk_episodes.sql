-- analytics.risk_episodes, as schemas.py declares it.
IF OBJECT_ID(N'analytics.risk_episodes', N'U') IS NULL
    CREATE TABLE analytics.risk_episodes (
        company_id NVARCHAR(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
        started_on DATE NOT NULL,
        last_flagged_on DATE NOT NULL,
        ended_on DATE NULL,
        ended_as NVARCHAR(256) COLLATE Latin1_General_100_BIN2 NULL,
        churn_reasons NVARCHAR(512) COLLATE Latin1_General_100_BIN2 NOT NULL,
        peak_missing_user_days BIGINT NULL,
        calm_dates BIGINT NOT NULL
    )
    WITH (DISTRIBUTION = HASH (company_id), CLUSTERED COLUMNSTORE INDEX);

-- Not enforced here: a publish checks uniqueness itself, in its transaction.
-- The linter's tsql does not know NOT ENFORCED: its parser and layout rules rest from here on.
-- noqa: disable=PRS,LT02
IF NOT EXISTS (
    SELECT 1 AS there FROM sys.key_constraints
    WHERE name = N'pk_risk_episodes'
)
    ALTER TABLE analytics.risk_episodes
    ADD CONSTRAINT pk_risk_episodes PRIMARY KEY NONCLUSTERED (company_id, started_on) NOT ENFORCED;
