"""Tell whoever should know."""

from company_activity.cli.main import run_step
from company_activity.steps.notify import notify

if __name__ == "__main__":
    run_step(notify)
