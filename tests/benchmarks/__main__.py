"""Run the benchmarks one after the other, whatever each says, and end with a table of all of them.

    python tests/benchmarks                          all of tests/benchmarks
    python tests/benchmarks tests/benchmarks/bench_ingest.py

1 if a benchmark fell short of its goal or broke off.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from goals import Goal, goals_in


@dataclass(frozen=True)
class Result:
    """How one benchmark ended."""

    name: str
    exit_code: int
    goals: tuple[Goal, ...]
    seconds: float

    @property
    def is_short(self) -> bool:
        return any(not goal.is_met for goal in self.goals)

    @property
    def is_broken(self) -> bool:
        """It ended badly, and not for a goal that it missed."""
        return self.exit_code != 0 and not self.is_short

    @property
    def rows(self) -> list[tuple[str, str, str, str]]:
        """A row a goal; one that says so where there is none, or where it broke off."""
        found = [
            (self.name, f"{goal.figure} {goal.found:g}", f"at most {goal.most:g}", "pass" if goal.is_met else "SHORT")
            for goal in self.goals
        ]
        if self.is_broken:
            return [*found, (self.name, f"exit {self.exit_code}", "exit 0", "BROKEN")]
        return found or [(self.name, f"{self.seconds:.0f} s", "none", "pass")]


def measured(bench: Path) -> Result:
    """Run one benchmark, its output passed on as it comes."""
    print(f"== {bench}", flush=True)
    began = time.perf_counter()
    goals: list[Goal] = []
    with subprocess.Popen([sys.executable, str(bench)], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            goals += goals_in(line)
    return Result(bench.stem, running.returncode, tuple(goals), time.perf_counter() - began)


def summary(results: Iterable[Result]) -> str:
    """A line a goal, in columns."""
    rows = [("bench", "figure", "goal", ""), *(row for result in results for row in result.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def main(named: Sequence[str]) -> int:
    """1 if any fell short or broke off."""
    benches = [Path(name) for name in named] or sorted(Path(__file__).parent.glob("bench_*.py"))
    results = [measured(bench) for bench in benches]
    print(f"\n{summary(results)}")
    return int(any(result.is_short or result.is_broken for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
