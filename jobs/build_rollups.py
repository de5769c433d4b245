"""Roll up the dates and months that changed."""

from company_activity.cli.main import run_step
from company_activity.steps.build_rollups import build_rollups

if __name__ == "__main__":
    run_step(build_rollups)
