-- Of dim.companies: owner is new, segment is new, seats is new, contract_value is new, renewal_on is new.
ALTER TABLE dim.companies
ADD COLUMN IF NOT EXISTS owner VARCHAR(1024) COLLATE "C" NULL;

ALTER TABLE dim.companies
ADD COLUMN IF NOT EXISTS segment VARCHAR(1024) COLLATE "C" NULL;

ALTER TABLE dim.companies
ADD COLUMN IF NOT EXISTS seats BIGINT NULL;

ALTER TABLE dim.companies
ADD COLUMN IF NOT EXISTS contract_value DECIMAL(18, 2) NULL;

ALTER TABLE dim.companies
ADD COLUMN IF NOT EXISTS renewal_on DATE NULL;
