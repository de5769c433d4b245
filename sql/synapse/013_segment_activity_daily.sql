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
        lifecycle_unknown BIGINT NOT NULL
    )
    WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);

-- Not enforced here: a publish checks uniqueness itself, in its transaction.
-- The linter's tsql does not know NOT ENFORCED: its parser and layout rules rest from here on.
-- noqa: disable=PRS,LT02
IF NOT EXISTS (
    SELECT 1 AS there FROM sys.key_constraints
    WHERE name = N'pk_segment_activity_daily'
)
    ALTER TABLE analytics.segment_activity_daily
    ADD CONSTRAINT pk_segment_activity_daily PRIMARY KEY NONCLUSTERED (activity_date, segment, country) NOT ENFORCED;
