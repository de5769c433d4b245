"""Fetch the usage of the dates into the landing."""

from company_activity.cli.main import run_step
from company_activity.steps.ingest_usage import ingest_usage

if __name__ == "__main__":
    run_step(ingest_usage)
