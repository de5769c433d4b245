-- analytics.retention_monthly, as schemas.py declares it.
IF OBJECT_ID(N'analytics.retention_monthly', N'U') IS NULL
    CREATE TABLE analytics.retention_monthly (
        cohort_month DATE NOT NULL,
        activity_month DATE NOT NULL,
        companies BIGINT NOT NULL,
        active_companies BIGINT NOT NULL,
        CONSTRAINT pk_retention_monthly PRIMARY KEY CLUSTERED (cohort_month, activity_month)
    );
