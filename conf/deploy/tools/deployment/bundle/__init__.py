"""Checks the bundle of `conf/deploy/databricks`: by Databricks' own models, and by what these do not know."""
