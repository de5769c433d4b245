"""The whole daily cycle: what a scheduler points at."""

import sys

from company_activity.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
