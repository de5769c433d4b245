"""Stage every CRM file that is not staged yet."""

from company_activity.cli.main import run_step
from company_activity.steps.stage_crm import stage_crm

if __name__ == "__main__":
    run_step(stage_crm)
