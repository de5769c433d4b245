-- Of analytics.company_activity_daily: usual_user_days_7d is new, fleet_pace is new, missing_user_days_7d is new, is_contact_due is new.
ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS usual_user_days_7d DOUBLE PRECISION NULL;

ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS fleet_pace BIGINT NULL;

ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS missing_user_days_7d BIGINT NULL;

ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS is_contact_due BOOLEAN NULL;
