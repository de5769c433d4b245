"""L4: one large date with a CRM file on an empty lake, less what a bare session costs.

The date has landed: all steps but the fetching are taken (L9 is about that).
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.harness.cost import Cost
from benchmarks.harness.feed import Feed
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.pairs import against_itself, cpu, in_turns, wall
from benchmarks.harness.places import LAST, WITHOUT_API, Kept, command, crm_folder, landing_of
from benchmarks.rows.l02_overhead import run_bare
from support.cycle.place import Place

INPUTS: Inputs = {
    "full": {"records": 3_000_000, "companies": 200_000, "pairs": 2},
    "small": {"records": 20_000, "companies": 2_000, "pairs": 1},
}
RUN = ("run", "--date", str(LAST), "--steps", WITHOUT_API)


def measure(bench: Bench) -> list[Figure]:
    """Each run begins with an empty lake."""
    landed = landed_date(Path(bench.folder), Feed(bench.inputs["companies"], bench.inputs["records"]))

    def run() -> Cost:
        with landed.standing() as place:
            return command(place, *RUN)

    pairs = in_turns(run, run_bare, bench.inputs["pairs"])
    beside = f"{median(map(cpu, pairs.ours)):.1f} less {median(map(cpu, pairs.theirs)):.1f} s; "
    beside += f"A/A {against_itself(pairs.ours, cpu)}"
    return [
        Figure("CPU, run less bare", less(pairs.ours, pairs.theirs), "s", beside),
        Figure("wall of the run", median(map(wall, pairs.ours)), "s", f"A/A {against_itself(pairs.ours, wall)}"),
    ]


def less(runs: tuple[Cost, ...], bare: tuple[Cost, ...]) -> float:
    """The median of the differences, turn by turn."""
    return median(run.cpu - session.cpu for run, session in zip(runs, bare, strict=True))


def landed_date(folder: Path, feed: Feed) -> Kept:
    """A landing with one date and a CRM file; nothing is built from them."""

    def build(place: Place) -> None:
        feed.land(landing_of(place), LAST)
        feed.write_crm(crm_folder(place), LAST)

    return Kept(folder / f"date-{feed.companies}-{feed.records}").built(build)


ROW = Row(
    "L4", "one date of 3,000,000 records, 200,000 companies, a CRM file", INPUTS, {"full": 6, "small": 2}, measure
)
