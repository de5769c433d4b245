"""Stage every landed date that is not staged yet."""

from company_activity.cli.main import run_step
from company_activity.steps.stage_usage import stage_usage

if __name__ == "__main__":
    run_step(stage_usage)
