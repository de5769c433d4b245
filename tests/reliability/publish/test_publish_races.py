"""Ten publishes of the same date at once: one does it, nine find it done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.errors import PublishError
from company_activity.io.warehouse.batch import PublishBatch, TablePublished
from company_activity.io.warehouse.by_date import publish_dates
from company_activity.io.warehouse.engines.base import StreamingDialect
from company_activity.io.warehouse.ledger import LedgerRow
from company_activity.io.warehouse.pinned import PinnedTable
from company_activity.io.warehouse.publisher import Publisher
from company_activity.io.warehouse.served import ACTIVITY
from company_activity.io.warehouse.sources import Source
from company_activity.io.warehouse.warehouse import Warehouse

from support.warehouse.tables import (
    DAY,
    activity,
    ledger_rows,
    pinned,
    publisher_of,
    served_rows,
)

PublishAtOnce = Callable[[Sequence[tuple[PinnedTable, str]]], list[TablePublished | PublishError]]

pytestmark = [pytest.mark.fault, pytest.mark.row("P2")]

RUNS = 10


@pytest.fixture
def publish_at_once(warehouse: Warehouse, tmp_path: Path) -> PublishAtOnce:
    """Publish each lake in a run of its own; all are ready, their rows staged, before any takes the lock."""

    def publish(lakes: Sequence[tuple[PinnedTable, str]]) -> list[TablePublished | PublishError]:
        together = threading.Barrier(len(lakes))

        class Racing(Publisher):
            def run(self, change: PublishBatch, source: Source | None) -> list[LedgerRow]:
                together.wait(timeout=120)
                return super().run(change, source)

        def one(number: int, lake: PinnedTable, content: str) -> TablePublished | PublishError:
            given = publisher_of(warehouse, tmp_path, f"run-{number}")
            racing = Racing(warehouse, given.files, given.run_id, given.now)
            try:
                return publish_dates(racing, lake, {DAY: content}, None)
            except PublishError as refused:
                return refused

        with ThreadPoolExecutor(len(lakes)) as pool:
            return list(pool.map(one, range(len(lakes)), *zip(*lakes, strict=True)))

    return publish


def test_one_publishes_and_nine_find_it_done(
    spark: SparkSession, warehouse: Warehouse, publish_at_once: PublishAtOnce
) -> None:
    lake = pinned(spark, ACTIVITY, activity(spark, {DAY: {"a": 1, "b": 2}}), 5)
    outcomes = publish_at_once([(lake, "h")] * RUNS)
    reports = [report for report in outcomes if not isinstance(report, PublishError)]
    assert sorted(len(report.published) for report in reports) == [0] * (RUNS - 1) + [1]
    assert [report.already for report in reports if not report.published] == [("2025-03-31",)] * (RUNS - 1)
    # Where rows are staged, all had staged theirs; where they are streamed, only the one that publishes sends any.
    sent = sorted(report.rows for report in reports)
    assert sent == ([0] * (RUNS - 1) if isinstance(warehouse.dialect, StreamingDialect) else [2] * (RUNS - 1)) + [2]
    assert ledger_rows(warehouse) == [("2025-03-31", "h", "2")]
    assert served_rows(warehouse, "company_id, active_users") == [("a", "1"), ("b", "2")]


def test_of_two_versions_the_newer_one_is_served_whoever_comes_first(
    spark: SparkSession, warehouse: Warehouse, publish_at_once: PublishAtOnce
) -> None:
    older = pinned(spark, ACTIVITY, activity(spark, {DAY: {"a": 1}}), 5)
    newer = pinned(spark, ACTIVITY, activity(spark, {DAY: {"a": 2}}), 6)
    first, second = publish_at_once([(older, "h5"), (newer, "h6")])
    assert not isinstance(second, PublishError), second
    assert second.published == ("2025-03-31",)
    assert isinstance(first, PublishError) or first.published == ("2025-03-31",)
    assert served_rows(warehouse, "active_users") == [("2",)]
