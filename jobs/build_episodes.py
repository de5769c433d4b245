"""Rebuild the episodes at risk that moved dates touch."""

from company_activity.cli.main import run_step
from company_activity.steps.build_episodes import build_episodes

if __name__ == "__main__":
    run_step(build_episodes)
