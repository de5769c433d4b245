"""The semantic model that Power BI reads the lake by: generated from `company_activity.schemas`, and checked."""
