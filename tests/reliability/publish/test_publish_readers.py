"""Readers that poll a date while it is published again and again see the old state or the new one, nothing between.

Ten publishes per engine in every test run; as many as `PUBLISHES` says where that is set.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.warehouse.by_date import publish_dates
from company_activity.io.warehouse.jdbc import Row
from company_activity.io.warehouse.served import ACTIVITY
from company_activity.io.warehouse.warehouse import Warehouse

from support.warehouse.tables import DAY, activity, pinned, publisher_of

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.nightly, pytest.mark.row("P2")]

PUBLISHES = int(os.environ.get("PUBLISHES", "10"))
READERS = 2
SEEN = (
    "SELECT COUNT(*), COUNT(DISTINCT company_id), SUM(active_users), MIN(active_users), MAX(active_users) "
    f"FROM {ACTIVITY.name} WHERE activity_date = CAST('{DAY}' AS DATE)"
)


def users_of(version: int) -> dict[str, int]:
    """The lake's rows at a version: their number and their users both say which it is."""
    return {f"c{company:04d}": version for company in range(200 + version % 7)}


def state_of(version: int) -> Row:
    """What a reader may see of a version."""
    rows = len(users_of(version))
    return (str(rows), str(rows), str(rows * version), str(version), str(version))


class Reader(threading.Thread):
    """Polls over a connection of its own until told to stop; keeps each state it saw, once in a row."""

    def __init__(self, warehouse: Warehouse) -> None:
        super().__init__(daemon=True)
        self.warehouse = warehouse
        self.polls = 0
        self.states: list[Row] = []
        self.failure: Exception | None = None
        self.is_over = threading.Event()

    def run(self) -> None:
        try:
            with self.warehouse.connection() as connection:
                while not self.is_over.is_set():
                    (state,) = connection.query(SEEN)
                    self.polls += 1
                    time.sleep(0.002)  # what publishes shares these cores
                    if not self.states or self.states[-1] != state:
                        self.states.append(state)
        except Exception as failure:
            self.failure = failure


def test_readers_see_the_old_state_or_the_new_one(spark: SparkSession, warehouse: Warehouse, tmp_path: Path) -> None:
    def publish(version: int) -> None:
        lake = pinned(spark, ACTIVITY, activity(spark, {DAY: users_of(version)}), version)
        publish_dates(publisher_of(warehouse, tmp_path), lake, {DAY: f"h{version}"}, None)

    publish(1)
    readers = [Reader(warehouse) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for version in range(2, PUBLISHES + 2):
        publish(version)
    for reader in readers:
        reader.is_over.set()
        reader.join()
        assert reader.failure is None
        known = {state_of(version): version for version in range(1, PUBLISHES + 2)}
        assert [state for state in reader.states if state not in known] == []
        versions = [known[state] for state in reader.states]
        assert versions == sorted(versions)
        print(f"{warehouse.dialect.name}: {reader.polls} polls during {PUBLISHES} publishes saw {len(versions)} states")
        assert reader.polls > PUBLISHES
