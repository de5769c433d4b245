"""Daily runs in one JVM, for their exact counts: a short history with a CRM file and without one, then a long history.

FOLDER COMPANIES RECORDS SHORT LONG. Each run's tables are new to the JVM, as for a process of its own. The short
history is left as the second run made it.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from api_server import SampleApi
from benchmarks.harness.event_log import commits
from benchmarks.harness.feed import Feed
from benchmarks.harness.places import LAST, MANY_DATES, NO_API, WITHOUT_API, crm_folder, days_to, landing_of
from support.cycle.place import Place

DAY = LAST + timedelta(days=1)
RENAMED = 0.01


def main(folder: Path, feed: Feed, short: int, long: int) -> None:
    answers = folder / "answers"
    feed.write_answer(answers, DAY)
    found = {}
    with history(folder / "short", feed, short) as place, SampleApi(answers, port=0) as api:
        asked = Place(place.folder, api.url)
        with put_back(place.folder):
            feed.write_crm(crm_folder(place), DAY, RENAMED)
            found["with a CRM file"] = run(asked)
        found["without"] = run(asked)
    with history(folder / "long", feed, long) as place, SampleApi(answers, port=0) as api:
        found["long"] = run(Place(place.folder, api.url))
    print(json.dumps(found))


@contextmanager
def history(folder: Path, feed: Feed, days: int) -> Iterator[Place]:
    """A place with so many dates up to `LAST`, built and published."""
    place = Place(folder, NO_API)
    dates = days_to(LAST, days)
    for day in dates:
        feed.land(landing_of(place), day)
    feed.write_crm(crm_folder(place), dates[0])
    taken = place.run("run", "--from", str(dates[0]), "--to", str(LAST), "--steps", WITHOUT_API, **MANY_DATES)
    assert taken == 0
    yield place


@contextmanager
def put_back(folder: Path) -> Iterator[None]:
    """Let a folder be changed, and bring it back to what it was."""
    kept = folder.with_name(f"{folder.name}-kept")
    shutil.copytree(folder, kept)
    yield
    shutil.rmtree(folder)
    kept.rename(folder)


def run(place: Place) -> dict[str, int]:
    """A daily run: when it began and ended, and how many commits it made."""
    forget_tables()
    lake = place.folder / "lake"
    before = commits(lake)
    began = now()
    assert place.run("run", "--date", str(DAY)) == 0
    return {"begin": began, "end": now(), "commits": commits(lake) - before}


def forget_tables() -> None:
    """Let the JVM know of no table, as one that has just been started."""
    spark = SparkSession.getActiveSession()
    assert spark is not None
    jvm = spark._jvm
    assert jvm is not None
    jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()


def now() -> int:
    """Milliseconds since 1970, as Spark's events have them."""
    return int(time.time() * 1000)


if __name__ == "__main__":
    companies, records, short_days, long_days = map(int, sys.argv[2:])
    main(Path(sys.argv[1]), Feed(companies, records), short_days, long_days)
