"""The connection to PostgreSQL is cut anywhere: no run says it published what it did not, and the next one mends it.

Twenty cuts at night, 200 in `make reliability`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.errors import PublishError
from company_activity.io.warehouse.batch import TablePublished
from company_activity.io.warehouse.by_date import publish_dates
from company_activity.io.warehouse.served import ACTIVITY

from reliability.harness.cases import Cases
from support.processes.proxy import Cut, Proxy, after_bytes, at_commit, proxy_to
from support.warehouse.postgres import Cluster
from support.warehouse.tables import DAY, activity, pinned, prepared, publisher_of, settings_for

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.nightly, pytest.mark.row("P1")]

CUTS = 200
LEDGER = b"INSERT INTO etl.publish_ledger"
ROWS = 40


class Cutting:
    """A warehouse behind a proxy, and a lake that says its version in every row."""

    def __init__(self, spark: SparkSession, cluster: Cluster, proxy: Proxy, folder: Path) -> None:
        self.spark, self.cluster, self.proxy, self.folder = spark, cluster, proxy, folder
        direct = cluster.new_database()
        self.database = direct.rsplit("/", 1)[-1]
        settings = settings_for(folder, cluster.url(self.database, proxy.port), "postgres")
        self.warehouse = prepared(spark, replace(settings, sql=replace(settings.sql, lock_timeout_seconds=5)))

    def publish(self, version: int) -> TablePublished | PublishError:
        """The report, or the refusal that a user would read."""
        users = {f"c{company:03d}": version for company in range(ROWS)}
        lake = pinned(self.spark, ACTIVITY, activity(self.spark, {DAY: users}), version)
        publisher = publisher_of(self.warehouse, self.folder, f"run-{version}")
        try:
            with self.warehouse.reported("publishing"):
                return publish_dates(publisher, lake, {DAY: f"h{version}"}, None)
        except PublishError as refused:
            return refused

    def served(self) -> tuple[str, str]:
        """Rows, keys and versions of the date, and the newest content of the ledger, asked past the proxy."""
        figures = "SELECT count(*), count(DISTINCT company_id), min(active_users), max(active_users) FROM"
        newest = "SELECT content_hash FROM etl.publish_ledger ORDER BY seq DESC LIMIT 1"
        shown = self.cluster.sql(f"{figures} {ACTIVITY.name}", self.database)
        return shown, self.cluster.sql(newest, self.database)

    def times_published(self, version: int) -> str:
        return self.cluster.sql(
            f"SELECT count(*) FROM etl.publish_ledger WHERE content_hash = 'h{version}'", self.database
        )


@pytest.fixture
def cutting(spark: SparkSession, postgres: Cluster, tmp_path: Path) -> Iterator[Cutting]:
    spark.sparkContext.setLogLevel("OFF")  # each cut task would print its stack
    with proxy_to(postgres.port) as proxy:
        yield Cutting(spark, postgres, proxy, tmp_path)
    spark.sparkContext.setLogLevel("ERROR")


def cut_of(number: int, proxy: Proxy, whole: int) -> tuple[str, Cut, bool]:
    """Two in five around the COMMIT of the transaction, the others spread over all that is said; half stay down."""
    if number % 5 < 2:
        offset = -30 + (number * 7) % 60
        return f"COMMIT {offset:+d}", at_commit(LEDGER, offset), number % 2 == 1
    offset = int(whole * (number + 0.5) / CUTS)
    return f"byte {offset}", after_bytes(proxy, offset), number % 2 == 1


def test_no_cut_loses_doubles_or_invents_a_publish(cutting: Cutting, cases: Cases) -> None:
    proxy = cutting.proxy
    cutting.publish(1)
    proxy.heal()
    cutting.publish(2)
    whole = proxy.forwarded
    for version, number in enumerate(cases.left(range(CUTS), short=20), 3):
        with cases.one(number):
            name, cut, stays_down = cut_of(number, proxy, whole)
            proxy.heal()
            proxy.cut, proxy.stays_down = cut, stays_down
            first = cutting.publish(version)
            was_cut = proxy.cut is None
            shown = (f"{ROWS}|{ROWS}|{version}|{version}", f"h{version}")
            before = (f"{ROWS}|{ROWS}|{version - 1}|{version - 1}", f"h{version - 1}")
            is_served = cutting.served() == shown
            assert is_served or cutting.served() == before
            assert is_served or isinstance(first, PublishError), f"{name}: said it was published"
            proxy.heal()
            again = cutting.publish(version)
            assert not isinstance(again, PublishError), again
            assert again.published == (() if is_served else (DAY.isoformat(),))
            assert (cutting.served(), cutting.times_published(version)) == (shown, "1")
            outcome = (
                "published" if not isinstance(first, PublishError) else "done, unknown" if is_served else "refused"
            )
            down, missed = " and down" if stays_down else "", "" if was_cut else " (not reached)"
            print(f"{name:>14}{down:9}{missed}: {outcome}", flush=True)
