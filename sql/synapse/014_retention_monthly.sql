-- analytics.retention_monthly, as schemas.py declares it.
IF OBJECT_ID(N'analytics.retention_monthly', N'U') IS NULL
    CREATE TABLE analytics.retention_monthly (
        cohort_month DATE NOT NULL,
        activity_month DATE NOT NULL,
        companies BIGINT NOT NULL,
        active_companies BIGINT NOT NULL
    )
    WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);

-- Not enforced here: a publish checks uniqueness itself, in its transaction.
-- The linter's tsql does not know NOT ENFORCED: its parser and layout rules rest from here on.
-- noqa: disable=PRS,LT02
IF NOT EXISTS (
    SELECT 1 AS there FROM sys.key_constraints
    WHERE name = N'pk_retention_monthly'
)
    ALTER TABLE analytics.retention_monthly
    ADD CONSTRAINT pk_retention_monthly PRIMARY KEY NONCLUSTERED (cohort_month, activity_month) NOT ENFORCED;
