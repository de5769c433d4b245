"""Search one target for inputs on which its check fails.

    .venv-fuzz/bin/python -m reliability.fuzz --target csv --minutes 10
    .venv-fuzz/bin/python -m reliability.fuzz --target csv --replay .local/fuzz/csv/found/FILE

The last line says how much was tried. 1 if anything was found, each with its bytes and the command that replays it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reliability.fuzz.folder import Folder
from reliability.fuzz.search import searched
from reliability.fuzz.targets import TARGETS
from reliability.harness.kept import ROOT

MOST_SHOWN = 600  # bytes of an input


def main() -> int:
    """Search, or replay one input."""
    parser = argparse.ArgumentParser(description="Search one target for inputs on which its check fails.")
    parser.add_argument("--target", choices=TARGETS, required=True)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--replay", type=Path, help="a file: only check its bytes")
    given = parser.parse_args()
    if given.replay:
        TARGETS[given.target].check(given.replay.read_bytes())
        return 0
    folder = Folder(ROOT / ".local" / "fuzz" / given.target)
    outcome = searched(given.target, folder, round(60 * given.minutes))
    for finding in outcome.findings:
        print(f"{finding.place}: {finding.error}")
        print(f"  {Path(finding.file).read_bytes()[:MOST_SHOWN]!r}")
        print(f"  again: {sys.executable} -m reliability.fuzz --target {given.target} --replay {finding.file}")
    print(outcome.sentence)
    return 0 if outcome.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
