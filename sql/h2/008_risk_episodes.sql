-- analytics.risk_episodes, as schemas.py declares it.
CREATE TABLE IF NOT EXISTS analytics.risk_episodes (
    company_id VARCHAR(128) NOT NULL,
    started_on DATE NOT NULL,
    last_flagged_on DATE NOT NULL,
    ended_on DATE NULL,
    ended_as VARCHAR(256) NULL,
    churn_reasons VARCHAR(512) NOT NULL,
    peak_missing_user_days BIGINT NULL,
    calm_dates BIGINT NOT NULL,
    CONSTRAINT pk_risk_episodes PRIMARY KEY (company_id, started_on)
);
