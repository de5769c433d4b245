-- One row per company: its current attributes. Rows are replaced by key; times are UTC.
IF OBJECT_ID(N'dim.companies', N'U') IS NULL
    CREATE TABLE dim.companies (
        company_id NVARCHAR(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
        name NVARCHAR(2048) COLLATE Latin1_General_100_BIN2 NULL,
        country NVARCHAR(2048) COLLATE Latin1_General_100_BIN2 NULL,
        industry_tag NVARCHAR(2048) COLLATE Latin1_General_100_BIN2 NULL,
        last_contact_at DATETIME2(6) NULL,
        first_seen_date DATE NOT NULL,
        first_active_date DATE NULL,
        is_inferred BIT NOT NULL,
        created_at DATETIME2(6) NOT NULL,
        updated_at DATETIME2(6) NOT NULL
    )
    WITH (DISTRIBUTION = HASH (company_id), CLUSTERED COLUMNSTORE INDEX);

-- Not enforced here: a publish checks uniqueness itself, in its transaction.
-- The linter's tsql does not know NOT ENFORCED: its parser and layout rules rest from here on.
-- noqa: disable=PRS,LT02
IF NOT EXISTS (
    SELECT 1 AS there FROM sys.key_constraints
    WHERE name = N'pk_companies'
)
    ALTER TABLE dim.companies
    ADD CONSTRAINT pk_companies PRIMARY KEY NONCLUSTERED (company_id) NOT ENFORCED;
