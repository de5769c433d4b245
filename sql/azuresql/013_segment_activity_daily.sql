-- analytics.segment_activity_daily, as schemas.py declares it.
IF OBJECT_ID(N'analytics.segment_activity_daily', N'U') IS NULL
    CREATE TABLE analytics.segment_activity_daily (
        activity_date DATE NOT NULL,
        segment NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
        country NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
        companies BIGINT NOT NULL,
        active_companies BIGINT NOT NULL,
        user_days BIGINT NOT NULL,
        events BIGINT NOT NULL,
        at_risk BIGINT NOT NULL,
        not_judged BIGINT NOT NULL,
        entered BIGINT NOT NULL,
        gone BIGINT NOT NULL,
        missing_user_days BIGINT NOT NULL,
        contract_value_at_risk DECIMAL(28, 2) NULL,
        stickiness_lower FLOAT(53) NULL,
        stickiness_upper FLOAT(53) NULL,
        lifecycle_returning BIGINT NOT NULL,
        lifecycle_new BIGINT NOT NULL,
        lifecycle_resurrected BIGINT NOT NULL,
        lifecycle_dormant BIGINT NOT NULL,
        lifecycle_inactive BIGINT NOT NULL,
        lifecycle_unknown BIGINT NOT NULL,
        CONSTRAINT pk_segment_activity_daily PRIMARY KEY CLUSTERED (activity_date, segment, country)
    );
