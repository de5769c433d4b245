"""The connection to PostgreSQL is cut anywhere: no run says it published what it did not, and the next one mends it.

Twenty cuts at night, 200 in `make reliability`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.errors import PublishError

from reliability.harness.cases import Cases
from support.processes.proxy import Cut, Proxy, after_bytes, at_commit, proxy_to
from support.warehouse.postgres import Cluster
from support.warehouse.tables import DAY
from support.warehouse.versioned_rows import ROWS, VersionedRows

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.nightly, pytest.mark.row("P1")]

CUTS = 200
LEDGER = b"INSERT INTO etl.publish_ledger"


@pytest.fixture
def proxy(spark: SparkSession, postgres: Cluster) -> Iterator[Proxy]:
    spark.sparkContext.setLogLevel("OFF")  # each cut task would print its stack
    with proxy_to(postgres.port) as proxy:
        yield proxy
    spark.sparkContext.setLogLevel("ERROR")


def cut_of(number: int, proxy: Proxy, whole: int) -> tuple[str, Cut, bool]:
    """Two in five around the COMMIT of the transaction, the others spread over all that is said; half stay down."""
    if number % 5 < 2:
        offset = -30 + (number * 7) % 60
        return f"COMMIT {offset:+d}", at_commit(LEDGER, offset), number % 2 == 1
    offset = int(whole * (number + 0.5) / CUTS)
    return f"byte {offset}", after_bytes(proxy, offset), number % 2 == 1


def test_no_cut_loses_doubles_or_invents_a_publish(
    spark: SparkSession, postgres: Cluster, proxy: Proxy, tmp_path: Path, cases: Cases
) -> None:
    cutting = VersionedRows(spark, postgres, proxy.port, tmp_path)
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
