"""What a command costs: CPU seconds of its whole tree, wall seconds, the peak of its memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness.errors import Broken

TREE = Path(__file__).with_name("tree.py")
LAST_WORDS = 3000
OWN = ("PYSPARK_", "SPARK_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")  # of the harness, not of what it measures


@dataclass(frozen=True)
class Cost:
    """A command that has run. `peak_mib` is the whole tree's peak (PSS) where a cap was given; `max_rss_mib` the largest
    process's own (RSS)."""

    cpu: float
    wall: float
    exit_code: int
    output: str
    peak_mib: float = 0.0
    max_rss_mib: float = 0.0

    @property
    def last_words(self) -> str:
        """The last line that the command printed."""
        return (self.output.strip().splitlines() or [""])[-1]


def run_tree(
    command: Sequence[str | Path],
    environ: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
    cap_mib: float | None = None,
    may_fail: bool = False,
) -> Cost:
    """Run a command in a tree of its own; neither this process's settings of Spark nor those of its Python reach it.

    Raises:
        Broken: if it fails, unless it may.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    cap = ["--cap-mib", str(cap_mib)] if cap_mib else []
    with TemporaryDirectory() as own:
        figures = Path(own, "figures.json")
        words = [sys.executable, str(TREE), *cap, str(figures), *map(str, command)]
        running = subprocess.Popen(
            words,
            cwd=folder,
            env={**inherited, **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            output, _ = running.communicate()
        except BaseException:  # the tree is ended too when somebody presses Ctrl-C
            running.send_signal(signal.SIGTERM)
            running.wait()
            raise
        if running.returncode or not figures.is_file():
            raise Broken(f"{command[0]} could not be measured: {output[-LAST_WORDS:]}")
        found = json.loads(figures.read_text())
    found["exit_code"] = int(found["exit_code"])
    cost = Cost(output=output, **found)
    if cost.exit_code and not may_fail:
        raise Broken(f"{' '.join(map(str, command))} ended with {cost.exit_code}: {output[-LAST_WORDS:]}")
    return cost
