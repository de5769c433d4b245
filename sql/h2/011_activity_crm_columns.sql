-- Of analytics.company_activity_daily: owner is new, segment is new, seats is new, contract_value is new, renewal_on is new, seat_utilisation_lower is new, seat_utilisation_upper is new.
ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS owner VARCHAR(2048) NULL;

ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS segment VARCHAR(2048) NULL;

ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS seats BIGINT NULL;

ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS contract_value DECIMAL(18, 2) NULL;

ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS renewal_on DATE NULL;

ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS seat_utilisation_lower DOUBLE PRECISION NULL;

ALTER TABLE analytics.company_activity_daily
ADD COLUMN IF NOT EXISTS seat_utilisation_upper DOUBLE PRECISION NULL;
