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
        calm_dates BIGINT NOT NULL,
        CONSTRAINT pk_risk_episodes PRIMARY KEY CLUSTERED (company_id, started_on)
    );
