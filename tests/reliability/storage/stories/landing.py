"""Stories of the landing: dates that land, one that lands anew, one that is set back, generations that go."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from company_activity.errors import SourceError
from company_activity.io.landing.fetch_dates import fetch_dates
from company_activity.io.landing.paths import part_path
from company_activity.io.landing.retention import Limits, remove_spare_files, spare_files
from company_activity.io.landing.rollback import Rollback, release, roll_back

from reliability.storage.stories.story import LANDING, Given, Story, landed
from support.landing.ingest import clock_at, settings_for
from support.landing.pages import DAY, NOON, fetch, land, pages, session

SETTLED, YOUNG = date(2025, 3, 30), DAY
MUCH_LATER = datetime(2100, 1, 1, tzinfo=UTC)


def items(*names: str) -> list[str]:
    """Items of so many companies."""
    return [f'{{"company_id": "{name}", "events": 5}}' for name in names]


def ingest(given: Given) -> int:
    """Two dates, each of two pages and two parts; one had not settled."""
    return _fetched(given, SETTLED, YOUNG)


def ingest_one(given: Given) -> int:
    """The date that had not settled, by itself."""
    return _fetched(given, YOUNG)


def _fetched(given: Given, *days: date) -> int:
    report = fetch_dates(
        settings_for(given.api, "", landing=vars(LANDING)),
        days,
        clock=clock_at("2025-04-01T00:30"),
        run_id=given.run_id,
        landing=given.landing,
    )
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
    """Old generations, a part that nothing names, and a page of a fetch that was given up."""
    landed_before(given)
    landing = given.landing
    landing.storage.create(landing.at(part_path(DAY, 3, 7, "killed", "none")), [b"{}\n"])
    fetch(landing, pages(items("x"))[:1], session("killed"))


def sweep(given: Given) -> None:
    """What `maintain` does to the landing, long after."""
    landing = given.landing
    for found in list(spare_files(landing, Limits(MUCH_LATER, MUCH_LATER))):
        for kind in ("generation", "orphan"):
            for gone in remove_spare_files(landing, found.day, Limits(MUCH_LATER, MUCH_LATER), kind):
                if isinstance(gone, str):
                    raise SourceError(gone, remedy="maintain says so, and looks again the next time")


def files_left(given: Given) -> Any:
    """What is seen, and every file that is there."""
    paths = [entry.path for entry in given.landing.storage.list(given.landing.at(""))]
    return landed(given.landing), [path for path in paths if not path.endswith(".tmp")]


def whole(given: Given) -> Any:
    """What is seen of the landing; no page of a fetch is left."""
    left = [entry.path for entry in given.landing.storage.list(given.landing.at("_unfinished/"))]
    return landed(given.landing), [path for path in left if not path.endswith(".tmp")]


INGEST = Story("ingest", ingest, whole)
INGEST_ONE = Story("ingest", ingest_one, whole)
LATE = Story("late", late, whole, late_before)
ROLLBACK = Story("rollback", set_back, whole, landed_before)
RELEASE = Story("release", released, whole, set_back_before)
RETENTION = Story("retention", sweep, files_left, sweep_before)
