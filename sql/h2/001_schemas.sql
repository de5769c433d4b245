-- The schemas, and the record of what was applied.
CREATE SCHEMA IF NOT EXISTS analytics;

CREATE SCHEMA IF NOT EXISTS dim;

CREATE SCHEMA IF NOT EXISTS etl;

CREATE TABLE IF NOT EXISTS etl.migrations (
    name VARCHAR(256) NOT NULL,
    digest VARCHAR(128) NOT NULL,
    applied_at TIMESTAMP(6) NOT NULL,
    CONSTRAINT pk_migrations PRIMARY KEY (name)
);
