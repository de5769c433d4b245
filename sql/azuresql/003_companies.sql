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
        updated_at DATETIME2(6) NOT NULL,
        CONSTRAINT pk_companies PRIMARY KEY CLUSTERED (company_id)
    );
