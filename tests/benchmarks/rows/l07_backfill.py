"""L7: a backfill of a year in one pass, against one daily run; and how often it opens what has landed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.harness.cost import Cost
from benchmarks.harness.errors import Broken
from benchmarks.harness.event_log import commits
from benchmarks.harness.feed import Feed
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.opens import Opens
from benchmarks.harness.pairs import against_itself, cpu
from benchmarks.harness.places import (
    LAST,
    MANY_DATES,
    WITHOUT_API,
    Kept,
    command,
    crm_folder,
    days_to,
    landing_of,
)
from support.cycle.place import Place

INPUTS: Inputs = {
    "full": {"companies": 2000, "records": 20_000, "days": 365, "times": 2},
    "small": {"companies": 200, "records": 400, "days": 60, "times": 1},
}
NEXT = LAST + timedelta(days=1)


def measure(bench: Bench) -> list[Figure]:
    """Both on what has landed: the backfill on an empty lake, then the next date on what it built."""
    days = bench.inputs["days"]
    first = days_to(LAST, days)[0]
    feed = Feed(bench.inputs["companies"], bench.inputs["records"])
    landed = landed_year(Path(bench.folder), feed, days)
    with landed.standing() as place:
        with Opens(place.folder / "landing" / "product-api-raw") as opens:
            backfill = command(
                place, "run", "--from", str(first), "--to", str(LAST), "--steps", WITHOUT_API, environ=MANY_DATES
            )
        daily = [next_day(place, feed, number) for number in range(bench.inputs["times"])]
    one = median(map(cpu, daily))
    beside = f"{backfill.cpu:.1f} against {one:.1f} s; B/B {against_itself(daily, cpu)}; {backfill.wall:.0f} s of wall"
    return [
        *opened(opens.counts, days),
        Figure("CPU, backfill/day", backfill.cpu / one, "×", beside),
    ]


def opened(counts: Counter[Path], days: int) -> list[Figure]:
    """How often parts and manifests were opened."""
    parts = [count for path, count in counts.items() if ".ndjson" in path.name and not path.name.startswith(".")]
    manifests = [count for path, count in counts.items() if path.name == "manifest.json"]
    beside = f"{len(parts)} of the {days} dates' files, {sum(parts)} opens"
    return [
        Figure("opens per landed file", max(parts, default=0), beside=beside),
        Figure(
            "opens per manifest", max(manifests, default=0), beside=f"{len(manifests)} files, {sum(manifests)} opens"
        ),
    ]


def next_day(place: Place, feed: Feed, number: int) -> Cost:
    """A daily run of the next date, which lands now: a run stages whatever has landed.

    Raises:
        Broken: if it found nothing to do.
    """
    day = NEXT + timedelta(days=number)
    feed.land(landing_of(place), day)
    before = commits(place.folder / "lake")
    cost = command(place, "run", "--date", str(day), "--steps", WITHOUT_API)
    if commits(place.folder / "lake") == before:
        raise Broken(f"the daily run of {day} has committed nothing")
    return cost


def landed_year(folder: Path, feed: Feed, days: int) -> Kept:
    """A landing with all dates of the backfill, and a CRM file."""

    def build(place: Place) -> None:
        dates = days_to(LAST, days)
        for day in dates:
            feed.land(landing_of(place), day)
        feed.write_crm(crm_folder(place), dates[0])

    return Kept(folder / f"landed-{feed.companies}-{feed.records}-{days}").built(build)


ROW = Row("L7", "a 365-day backfill against one daily run", INPUTS, {"full": 7, "small": 3}, measure)
