"""Run the rows that are not at their goal, and print the table.

    make reliability                        all rows, for 70 minutes at most; the next invocation goes on
    make reliability ROWS=K1,K2 MINUTES=20  some of them
    make reliability MINUTES=0              only print what is known

1 if a row is not at its goal.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from reliability.harness.kept import ROOT, Kept, code_of
from reliability.harness.plugin import TESTS, UNTIL
from reliability.harness.rows import COUNTS, Row, rows_named
from reliability.harness.table import is_met, table


def run(row: Row, ends: float) -> None:
    """Let pytest run what is left of a row, whatever other marks its tests have."""
    print(f"\n== {row.name}: {row.shows}", flush=True)
    selected = [f"{TESTS}{place}" for place in row.selects]
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-m", "row", "-p", "no:cacheprovider", *selected]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **COUNTS, UNTIL: str(ends)})


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Run the rows that are not at their goal, and print the table.")
    parser.add_argument("--rows", default="", help="some of them, by commas")
    parser.add_argument("--minutes", type=float, default=70.0, help="no case begins later than that")
    given = parser.parse_args()
    rows = rows_named(given.rows)
    kept = Kept()
    ends = time.time() + 60 * given.minutes
    for row in rows:
        if time.time() < ends and not is_met(row, kept.cases(row, code_of(row)).values()):
            run(row, ends)
            print(table([row], kept), flush=True)
    print("\n" + table(rows, kept))
    return 0 if all(is_met(row, kept.cases(row, code_of(row)).values()) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
