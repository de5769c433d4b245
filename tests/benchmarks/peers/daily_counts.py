"""Daily runs in one JVM, for their exact counts: a date with a CRM file, and the two dates after it without one.

FOLDER COMPANIES RECORDS DAYS. Each run's tables are new to the JVM, as for a process of its own.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from api_server import SampleApi
from benchmarks.harness.event_log import commits
from benchmarks.harness.feed import Feed
from benchmarks.harness.places import LAST, MANY_DATES, NO_API, WITHOUT_API, crm_folder, days_to, landing_of
from support.cycle.place import Place

FIRST = LAST + timedelta(days=1)
RUNS = {"with a CRM file": FIRST, "without": FIRST + timedelta(days=1), "a day later": FIRST + timedelta(days=2)}
RENAMED = 0.01


def main(folder: Path, feed: Feed, days: int) -> None:
    answers = folder / "answers"
    for day in RUNS.values():
        feed.write_answer(answers, day)
    built = Place(folder / "place", NO_API)
    build(built, feed, days_to(LAST, days))
    feed.write_crm(crm_folder(built), FIRST, RENAMED)
    with SampleApi(answers, port=0) as api:
        place = Place(built.folder, api.url)
        found = {name: run(place, day) for name, day in RUNS.items()}
    print(json.dumps(found))


def build(place: Place, feed: Feed, dates: list[date]) -> None:
    """Build and publish a history."""
    for day in dates:
        feed.land(landing_of(place), day)
    feed.write_crm(crm_folder(place), dates[0])
    last = str(dates[-1])
    assert place.run("run", "--from", str(dates[0]), "--to", last, "--steps", WITHOUT_API, **MANY_DATES) == 0


def run(place: Place, day: date) -> dict[str, int]:
    """A daily run: when it began and ended, and how many commits it made."""
    forget_tables()
    lake = place.folder / "lake"
    before = commits(lake)
    began = now()
    assert place.run("run", "--date", str(day)) == 0
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
    companies, records, history_days = map(int, sys.argv[2:])
    main(Path(sys.argv[1]), Feed(companies, records), history_days)
