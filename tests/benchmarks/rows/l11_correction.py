"""L11: a late correction of one in a hundred companies, 30 days back: what it rewrites, against an ordinary day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from benchmarks.harness.cost import Cost
from benchmarks.harness.errors import Broken
from benchmarks.harness.feed import Feed
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.places import LAST, MANY_DATES, Kept, command, crm_folder, days_to, landing_of
from support.cycle.place import Place
from support.lake.content import noted_by_date

INPUTS: Inputs = {
    "full": {"companies": 200_000, "records": 50_000, "days": 32},
    "small": {"companies": 1000, "records": 2000, "days": 32},
}
DAYS_BACK = 30
STEPS = "admit_crm,stage_usage,stage_crm,build_companies,build_activity"
NEXT = LAST + timedelta(days=1)


@dataclass(frozen=True)
class Rebuilt:
    """What a run did to the activity table: dates rewritten, dates whose content changed, rows written."""

    rewritten: frozenset[str]
    changed: frozenset[str]
    rows: int
    cost: Cost


def measure(bench: Bench) -> list[Figure]:
    """An ordinary day and a correction, each on the lake as it was built."""
    feed = Feed(bench.inputs["companies"], bench.inputs["records"])
    built = unpublished(Path(bench.folder), feed, bench.inputs["days"])
    late = LAST - timedelta(days=DAYS_BACK)
    with built.standing() as place:
        feed.land(landing_of(place), NEXT)
        ordinary = rebuilt(place, NEXT)
    with built.standing() as place:
        feed.land_corrected(landing_of(place), late)
        corrected = rebuilt(place, late)
    if not corrected.changed:
        raise Broken("the correction has changed no date: there is nothing to compare with")
    ratio = len(corrected.rewritten) / len(corrected.changed)
    rows = f"{corrected.rows:,} against {ordinary.rows:,}"
    cpu = f"{corrected.cost.cpu:.1f} against {ordinary.cost.cpu:.1f} s"
    dates = f"{len(corrected.rewritten)} rewritten, {len(corrected.changed)} changed"
    return [
        Figure("dates rewritten/changed", ratio, "×", dates),
        Figure("rows written, correction/day", corrected.rows / ordinary.rows, "×", rows),
        Figure("CPU, correction/day", corrected.cost.cpu / ordinary.cost.cpu, "×", cpu),
    ]


def rebuilt(place: Place, day: date) -> Rebuilt:
    """Stage and build what has landed."""
    lake = place.folder / "lake"
    before = noted_by_date(str(lake))
    known = set(log_of(lake).glob("*.json"))
    cost = command(place, "run", "--date", str(day), "--steps", STEPS)
    after = noted_by_date(str(lake))
    adds = list(added(set(log_of(lake).glob("*.json")) - known))
    return Rebuilt(
        rewritten=frozenset(add["partitionValues"]["activity_date"] for add in adds),
        changed=frozenset(day for day, content in after.items() if before.get(day) != content),
        rows=sum(json.loads(add["stats"])["numRecords"] for add in adds),
        cost=cost,
    )


def log_of(lake: Path) -> Path:
    """The folder of the activity table's log."""
    return lake / COMPANY_ACTIVITY_DAILY.path / "_delta_log"


def added(commits: set[Path]) -> Iterator[dict[str, Any]]:
    """The files that commits have added."""
    for commit in commits:
        for line in commit.read_text(encoding="utf-8").splitlines():
            action = json.loads(line)
            if "add" in action:
                yield action["add"]


def unpublished(folder: Path, feed: Feed, days: int) -> Kept:
    """A lake with so many dates up to `LAST`, of which nothing is published."""

    def build(place: Place) -> None:
        dates = days_to(LAST, days)
        for day in dates:
            feed.land(landing_of(place), day)
        feed.write_crm(crm_folder(place), dates[0])
        command(place, "run", "--from", str(dates[0]), "--to", str(LAST), "--steps", STEPS, environ=MANY_DATES)

    return Kept(folder / f"unpublished-{feed.companies}-{feed.records}-{days}").built(build)


ROW = Row("L11", "a late correction of 1 % of the companies, 30 days back", INPUTS, {"full": 12, "small": 3}, measure)
