"""L2: a daily run of the samples against a bare session that writes and reads one Delta row, under the same launcher."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.harness import bare_session
from benchmarks.harness.cost import Cost, run_tree
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.pairs import cpu, in_turns, wall
from benchmarks.harness.places import LAST, ROOT, command, samples
from support.cycle.place import SAMPLES

INPUTS: Inputs = {"full": {"pairs": 4}, "small": {"pairs": 1}}


def measure(bench: Bench) -> list[Figure]:
    """The samples' last date on a lake that has all dates before it."""
    built = samples(Path(bench.folder))

    def daily_run() -> Cost:
        with built.standing(SAMPLES / "usage") as place:
            return command(place, "run", "--date", str(LAST))

    pairs = in_turns(daily_run, run_bare, bench.inputs["pairs"])
    return [*pairs.figures("CPU, run/bare", cpu), *pairs.figures("wall, run/bare", wall)]


def run_bare() -> Cost:
    """A session that does next to nothing, with the same interpreter and properties, started by the same code."""
    return run_tree([sys.executable, Path(bare_session.__file__)], folder=ROOT)


ROW = Row("L2", "a daily run of the samples against a bare session", INPUTS, {"full": 5, "small": 3}, measure)
