"""Bring the company dimension to what is staged."""

from company_activity.cli.main import run_step
from company_activity.steps.build_companies import build_companies

if __name__ == "__main__":
    run_step(build_companies)
