"""Programs of a few lines that measure themselves and print a line of JSON: ours, and those of others."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness.cost import Cost, run_tree
from benchmarks.harness.errors import Broken, NotHere
from benchmarks.harness.places import ROOT

PEERS = Path(__file__).resolve().parents[1] / "peers"
OTHERS = ROOT / ".venv-bench" / "bin" / "python"
PATHS = ":".join(str(ROOT / folder) for folder in ("tests", "samples", "lib"))


@dataclass(frozen=True)
class Told:
    """What a program did: what it told of itself, and what its whole tree cost from its start to its end."""

    whole: Cost
    told: dict[str, Any]

    @property
    def cost(self) -> Cost:
        """The cost of the work alone, as the program measured it."""
        return Cost(self.told["cpu"], self.told["wall"], 0, "")


def ours(program: str, *arguments: str | Path, environ: Mapping[str, str] | None = None) -> Told:
    """Run a program of `peers/` with the project's own interpreter."""
    return _told(Path(sys.executable), program, arguments, environ or {})


def theirs(program: str, *arguments: str | Path) -> Told:
    """Run a program of `peers/` with the interpreter that has DuckDB and dlt.

    Raises:
        NotHere: if that is not installed.
    """
    if not OTHERS.is_file():
        raise NotHere("dlt and DuckDB are not installed; run: make bench, or: make .venv-bench/.done")
    return _told(OTHERS, program, arguments, {})


def _told(python: Path, program: str, arguments: Sequence[str | Path], environ: Mapping[str, str]) -> Told:
    words: list[str | Path] = [python, PEERS / f"{program}.py", *arguments]
    cost = run_tree(words, {**environ, "PYTHONPATH": PATHS}, folder=ROOT)
    lines = cost.output.strip().splitlines()
    try:
        return Told(cost, json.loads(lines[-1]))
    except (IndexError, ValueError):
        raise Broken(f"{program} did not say what it did: {cost.output[-2000:]}") from None
