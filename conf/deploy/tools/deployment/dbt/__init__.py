"""`sources.yml`, by which a dbt project reads our tables: generated from `company_activity.schemas`, and checked."""
