"""L8: what the commands take that have nothing to do for Spark."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.harness.errors import Broken
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.jvms import jvms, noting_jvms
from benchmarks.harness.places import LAST, command, days_to, samples
from support.cycle.place import SAMPLES, Place

DAY = str(days_to(LAST, 2)[0])
COMMANDS = {
    "an unchanged run": ("run", "--date", DAY),
    "plan": ("plan", "--date", DAY),
    "--help": ("--help",),
}
INPUTS: Inputs = {"full": {"times": 9}, "small": {"times": 3}}


def measure(bench: Bench) -> list[Figure]:
    """The median of each command's wall seconds, and the JVMs that all of them start."""
    built = samples(Path(bench.folder))
    with built.standing(SAMPLES / "usage") as place:
        check_that_a_jvm_is_noted(place)
        started = {name: started_by(place, arguments) for name, arguments in COMMANDS.items()}
        figures = []
        for name, arguments in COMMANDS.items():
            costs = [command(place, *arguments) for _ in range(bench.inputs["times"])]
            walls = sorted(cost.wall for cost in costs)
            beside = f"{walls[0]:.2f} to {walls[-1]:.2f}, {median(cost.cpu for cost in costs):.2f} CPU s"
            figures.append(Figure(f"wall, {name}", median(walls), "s", beside))
    return [Figure("JVMs", sum(started.values()), beside=str(started)), *figures]


def started_by(place: Place, arguments: tuple[str, ...]) -> int:
    """The JVMs that a command starts."""
    with TemporaryDirectory() as folder:
        command(place, *arguments, environ=noting_jvms(Path(folder, "java")))
        return jvms(Path(folder, "java"))


def check_that_a_jvm_is_noted(place: Place) -> None:
    """A count that cannot be other than 0 says nothing: a command that needs Spark must be noted.

    Raises:
        Broken: if it is not.
    """
    if not started_by(place, ("validate", "--date", DAY)):
        raise Broken("no JVM was noted of a command that needs one")


ROW = Row("L8", "an unchanged run; plan; --help", INPUTS, {"full": 1, "small": 2}, measure)
