"""Compare what is served with the lake."""

from company_activity.cli.main import run_step
from company_activity.steps.validate import validate

if __name__ == "__main__":
    run_step(validate)
