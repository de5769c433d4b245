-- One row per company: its current attributes. Rows are replaced by key; times are UTC.
CREATE TABLE IF NOT EXISTS dim.companies (
    company_id VARCHAR(128) NOT NULL,
    name VARCHAR(2048) NULL,
    country VARCHAR(2048) NULL,
    industry_tag VARCHAR(2048) NULL,
    last_contact_at TIMESTAMP(6) NULL,
    first_seen_date DATE NOT NULL,
    first_active_date DATE NULL,
    is_inferred BOOLEAN NOT NULL,
    created_at TIMESTAMP(6) NOT NULL,
    updated_at TIMESTAMP(6) NOT NULL,
    CONSTRAINT pk_companies PRIMARY KEY (company_id)
);
