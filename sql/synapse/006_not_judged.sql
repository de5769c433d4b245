-- Whether a company is at risk is NULL where its week is not known: a date is missing, or a record was refused.
ALTER TABLE analytics.company_activity_daily ALTER COLUMN is_churn_risk BIT NULL;
