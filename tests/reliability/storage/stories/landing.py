"""Stories of the landing: dates that land, one that lands anew, one that is set back, generations that go."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from company_activity.errors import SourceError
from company_activity.io.landing.fetch_dates import fetch_dates
from company_activity.io.landing.retention import Limits, remove_spare_files, spare_files
from company_activity.io.landing.rollback import Rollback, release, roll_back

from reliability.storage.stories.story import LANDING, Given, Story, landed
from support.landing.ingest import clock_at, settings_for
from support.landing.pages import DAY, NOON, fetch, land, pages, session

SETTLED, YOUNG = date(2025, 3, 30), DAY
OLD = 1_700_000_000  # a time long before any of these


def items(*names: str) -> list[str]:
    """Items of so many companies."""
    return [f'{{"company_id": "{name}", "events": 5}}' for name in names]


def ingest(given: Given) -> int:
    """Two dates, each of two pages and two parts; one had not settled."""
    settings = settings_for(given.api, "", landing=vars(replace(LANDING, root=str(given.root / "landing"))))
    report = fetch_dates(settings, [SETTLED, YOUNG], clock=clock_at("2025-04-01T00:30"), run_id=given.run_id)
    if report.error:
        raise report.error
    return 0


def landed_before(given: Given) -> None:
    """Three generations, the last with the content of the first two pages again; one has a verdict beside it."""
    land(given.landing, items("a", "b"), items("c"))
    land(given.landing, items("d"), run_id="run-2")
    land(given.landing, items("a", "e"), run_id="run-3")


def late(given: Given) -> None:
    """Late data: a new generation beside the old ones, after a fetch that was killed behind its first page."""
    land(given.landing, items("a", "b"), items("late"), run_id=given.run_id)


def late_before(given: Given) -> None:
    """One generation, and the first page of the next."""
    land(given.landing, items("a", "b"))
    fetch(given.landing, pages(items("x"), items("y"))[:1], session("killed", source="another"))


def set_back(given: Given) -> None:
    """Back to the first generation: a new one names its parts, and holds what it sets aside."""
    roll_back(given.landing, Rollback(DAY, 1, given.run_id, NOON))


def set_back_before(given: Given) -> None:
    """A date that was set back to missing."""
    landed_before(given)
    roll_back(given.landing, Rollback(DAY, None, "back", NOON))


def released(given: Given) -> None:
    """What the rollback holds may land again."""
    release(given.landing, DAY, given.run_id)


def sweep_before(given: Given) -> None:
    """Old generations, parts that nothing names, and pages of a fetch that was given up; all of them old."""
    landed_before(given)
    folder = given.root / "landing" / LANDING.usage_container / f"date={DAY}"
    for name in ("usage_x_part-00000-killed.ndjson", f".manifest.json.{'0' * 32}.tmp"):
        (folder / "gen=000003" / name).write_text("{}\n", encoding="utf-8")
    fetch(given.landing, pages(items("x"))[:1], session("killed"))
    for file in (given.root / "landing").rglob("*"):
        os.utime(file, (OLD, OLD))


def sweep(given: Given) -> None:
    """What `maintain` does to the landing."""
    now = NOON + timedelta(days=400)
    limits = Limits(now, now)
    for found in list(spare_files(given.landing, limits)):
        for kind in ("generation", "orphan"):
            for gone in remove_spare_files(given.landing, found.day, limits, kind):
                if isinstance(gone, str):
                    raise SourceError(gone, remedy="maintain says so, and looks again the next time")


def files_left(given: Given) -> Any:
    """What is seen, and every file that is there."""
    seen = landed(given.landing)
    return seen, sorted(str(file.relative_to(given.root)) for file in given.root.rglob("*") if file.is_file())


def whole(given: Given) -> Any:
    """What is seen of the landing; no page of a fetch is left."""
    left = [entry.path for entry in given.landing.storage.list(given.landing.at("_unfinished/"))]
    return landed(given.landing), [path for path in left if not path.endswith(".tmp")]


INGEST = Story("ingest", ingest, whole)
LATE = Story("late", late, whole, late_before)
ROLLBACK = Story("rollback", set_back, whole, landed_before)
RELEASE = Story("release", released, whole, set_back_before)
RETENTION = Story("retention", sweep, files_left, sweep_before)
