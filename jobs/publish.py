"""Bring the warehouse to the lake's state."""

from company_activity.cli.main import run_step
from company_activity.steps.publish import publish

if __name__ == "__main__":
    run_step(publish)
