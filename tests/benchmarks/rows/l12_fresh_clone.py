"""L12: `make run` in a fresh clone, with this machine's caches and with nothing cached."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness.cost import run_tree
from benchmarks.harness.errors import Broken
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.places import ROOT

INPUTS: Inputs = {"full": {"cold": 1}, "small": {"cold": 0}}
BARE = Path("tests", "benchmarks", "harness", "bare_session.py")
# make prints a command before it runs it: the parts begin where these are first printed.
JARS, CYCLE = "-m company_activity.runtime.local", "samples/api_server.py --while"


@dataclass(frozen=True)
class Made:
    """The wall seconds of `make run`, and when its parts began."""

    wall: float
    began: Mapping[str, float]

    def parts(self, session: float) -> str:
        """What it is made of; Java is the system's, or in the environment as a wheel."""
        jars, cycle = self.began[JARS], self.began[CYCLE]
        return (
            f"environment {jars:.0f} s, jars and Java {cycle - jars:.0f} s, cycle {self.wall - cycle:.0f} s"
            f" (a bare session there: {session:.0f} s)"
        )


def measure(bench: Bench) -> list[Figure]:
    """A clone of what is committed."""
    with TemporaryDirectory(prefix="fresh-") as folder:
        figures = [in_a_clone("wall, caches warm", Path(folder, "warm"), {})]
        if bench.inputs["cold"]:
            nothing = {"XDG_CACHE_HOME": str(Path(folder, "cache")), "PIP_CACHE_DIR": str(Path(folder, "pip"))}
            figures.append(in_a_clone("wall, nothing cached", Path(folder, "cold"), nothing))
    return figures


def in_a_clone(name: str, clone: Path, environ: Mapping[str, str]) -> Figure:
    """`make run` in a new clone."""
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    made = make_run(clone, environ)
    session = run_tree([clone / ".venv" / "bin" / "python", BARE], {**environ, "PYTHONPATH": ""}, folder=clone)
    return Figure(name, made.wall, "s", made.parts(session.wall))


def make_run(clone: Path, environ: Mapping[str, str]) -> Made:
    """Run it, and note when each part begins.

    Raises:
        Broken: if it fails.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "VIRTUAL_ENV"))}
    began = time.perf_counter()
    found: dict[str, float] = {}
    told: list[str] = []
    with subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env={**own, **environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            told.append(line)
            for part in (JARS, CYCLE):
                if part in line:
                    found.setdefault(part, time.perf_counter() - began)
    if running.returncode or found.keys() != {JARS, CYCLE}:
        raise Broken(f"make run ended with {running.returncode}: {''.join(told)[-2000:]}")
    return Made(time.perf_counter() - began, found)


ROW = Row("L12", "make run in a fresh clone", INPUTS, {"full": 4, "small": 2}, measure)
