-- Of analytics.company_activity_daily: usual_user_days_7d is new, fleet_pace is new, missing_user_days_7d is new, is_contact_due is new.
IF COL_LENGTH(N'analytics.company_activity_daily', N'usual_user_days_7d') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD usual_user_days_7d FLOAT(53) NULL;

IF COL_LENGTH(N'analytics.company_activity_daily', N'fleet_pace') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD fleet_pace BIGINT NULL;

IF COL_LENGTH(N'analytics.company_activity_daily', N'missing_user_days_7d') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD missing_user_days_7d BIGINT NULL;

IF COL_LENGTH(N'analytics.company_activity_daily', N'is_contact_due') IS NULL
    ALTER TABLE analytics.company_activity_daily
    ADD is_contact_due BIT NULL;
