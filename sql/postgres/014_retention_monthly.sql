-- analytics.retention_monthly, as schemas.py declares it.
CREATE TABLE IF NOT EXISTS analytics.retention_monthly (
    cohort_month DATE NOT NULL,
    activity_month DATE NOT NULL,
    companies BIGINT NOT NULL,
    active_companies BIGINT NOT NULL,
    CONSTRAINT pk_retention_monthly PRIMARY KEY (cohort_month, activity_month)
);
