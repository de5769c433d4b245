-- Of dim.companies: owner is new, segment is new, seats is new, contract_value is new, renewal_on is new.
IF COL_LENGTH(N'dim.companies', N'owner') IS NULL
    ALTER TABLE dim.companies
    ADD owner NVARCHAR(2048) COLLATE Latin1_General_100_BIN2 NULL;

IF COL_LENGTH(N'dim.companies', N'segment') IS NULL
    ALTER TABLE dim.companies
    ADD segment NVARCHAR(2048) COLLATE Latin1_General_100_BIN2 NULL;

IF COL_LENGTH(N'dim.companies', N'seats') IS NULL
    ALTER TABLE dim.companies
    ADD seats BIGINT NULL;

IF COL_LENGTH(N'dim.companies', N'contract_value') IS NULL
    ALTER TABLE dim.companies
    ADD contract_value DECIMAL(18, 2) NULL;

IF COL_LENGTH(N'dim.companies', N'renewal_on') IS NULL
    ALTER TABLE dim.companies
    ADD renewal_on DATE NULL;
