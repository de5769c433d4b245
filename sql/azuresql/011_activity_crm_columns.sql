-- Of analytics.company_activity_daily: owner is new, segment is new, seats is new, contract_value is new, renewal_on is new, seat_utilisation_lower is new, seat_utilisation_upper is new.
IF COL_LENGTH(N'analytics.company_activity_daily', N'owner') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD owner NVARCHAR(2048) COLLATE Latin1_General_100_BIN2 NULL;

IF COL_LENGTH(N'analytics.company_activity_daily', N'segment') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD segment NVARCHAR(2048) COLLATE Latin1_General_100_BIN2 NULL;

IF COL_LENGTH(N'analytics.company_activity_daily', N'seats') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD seats BIGINT NULL;

IF COL_LENGTH(N'analytics.company_activity_daily', N'contract_value') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD contract_value DECIMAL(18, 2) NULL;

IF COL_LENGTH(N'analytics.company_activity_daily', N'renewal_on') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD renewal_on DATE NULL;

IF COL_LENGTH(N'analytics.company_activity_daily', N'seat_utilisation_lower') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD seat_utilisation_lower FLOAT(53) NULL;

IF COL_LENGTH(N'analytics.company_activity_daily', N'seat_utilisation_upper') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD seat_utilisation_upper FLOAT(53) NULL;
