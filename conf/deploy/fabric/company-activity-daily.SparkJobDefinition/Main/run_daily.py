"""The whole daily cycle: what a scheduler points at."""

from company_activity.cli.main import run_job

if __name__ == "__main__":
    run_job(["run"])
