"""Publish a table by key: only the rows that differ from the Delta version that the warehouse shows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from company_activity.errors import PublishError
from company_activity.io.lake.versions import is_version_gone
from company_activity.io.warehouse.batch import PublishBatch, TablePublished
from company_activity.io.warehouse.figures import Figures, figures_by
from company_activity.io.warehouse.ledger import WHOLE, LedgerRow
from company_activity.io.warehouse.pinned import PinnedTable
from company_activity.io.warehouse.publisher import BaseMovedError, Publisher, is_served
from company_activity.io.warehouse.statements import IS_GONE

ATTEMPTS = 3


@dataclass(frozen=True)
class Differing:
    """Rows to send, their figures, and the ledger row they were compared with (None: with nothing)."""

    rows: DataFrame
    figures: dict[str, Figures]
    base_seq: int | None


def publish_keys(
    publisher: Publisher, lake: PinnedTable, *, repair: bool = False
) -> TablePublished:
    """Send what changed since the newest ledger row; everything if that version can no longer be read.

    The content of the whole table is named by lake table and version: `<id>@<version>`. With `repair`, everything
    is also sent if another number of rows is served than the lake has.

    Raises:
        PublishError: as `Publisher.run`, and if other runs keep publishing in between.
    """
    started = time.monotonic()
    name = lake.served.name
    content = f"{lake.fence.lake_id}@{lake.fence.version}"
    for _ in range(ATTEMPTS):
        newest = publisher.newest(lake.served, lake.fence).get(WHOLE)
        is_there = is_served(newest, content, lake.fence)
        resend: frozenset[str] = frozenset()
        if is_there and repair:
            resend = frozenset(publisher.find_drifted(lake.served, lake.whole_figures()))
        if is_there and not resend:
            return TablePublished(name, (), (WHOLE,), 0, time.monotonic() - started)
        try:
            base = None if resend else newest
            written, sent = _publish_since(publisher, lake, base, content, resend)
        except BaseMovedError:
            continue
        published = (WHOLE,) if written else ()
        already = () if written else (WHOLE,)
        return TablePublished(name, published, already, sent, time.monotonic() - started)
    raise PublishError(
        f"{name}: other runs published it {ATTEMPTS} times meanwhile", remedy="run publish again"
    )


def _publish_since(
    publisher: Publisher,
    lake: PinnedTable,
    newest: LedgerRow | None,
    content: str,
    resend: frozenset[str],
) -> tuple[list[LedgerRow], int]:
    """One transaction: the ledger rows it wrote, and how many rows were sent for it."""
    with _differing(lake, newest) as found:
        batch = PublishBatch(
            lake.served,
            lake.fence,
            {WHOLE: content},
            staged=found.figures,
            served=lake.whole_figures(),
            base_seq=found.base_seq,
            resend=resend,
        )
        sent = sum(figure.rows for figure in found.figures.values())
        if not sent:
            return publisher.run(batch, source=None), 0
        return publisher.run_staged(batch, found.rows), sent


@contextmanager
def _differing(lake: PinnedTable, newest: LedgerRow | None) -> Iterator[Differing]:
    everything = lake.rows.withColumn(IS_GONE, F.lit(0).cast("bigint"))
    is_comparable = newest is not None and newest.fence.lake_id == lake.fence.lake_id
    found = _changed(lake, newest) if newest is not None and is_comparable else None
    if found is None:
        yield Differing(everything, figures_by(everything, lake.served, IS_GONE), None)
        return
    try:
        yield found
    finally:
        found.rows.unpersist()


def _changed(lake: PinnedTable, newest: LedgerRow) -> Differing | None:
    """What differs from the version of `newest`; None if that version can no longer be read.

    The rows are kept: staging must get those that were counted, though the old version be vacuumed meanwhile.
    """
    try:
        rows = changed_rows(lake, newest.fence.version).persist()
        figures = figures_by(rows, lake.served, IS_GONE)
    except (PySparkException, Py4JJavaError) as failure:
        if is_version_gone(failure):  # from the log, or a file that VACUUM took
            return None
        raise
    return Differing(rows, figures, newest.seq)


def changed_rows(lake: PinnedTable, since: int) -> DataFrame:
    """Rows that are new or differ since a version (`is_gone` 0), and old rows whose key has left (1)."""
    key = list(lake.served.key)
    columns = lake.served.column_names
    before, after = lake.changed_since(since)
    now = after.select(*key, F.struct(*columns).alias("now"))
    then = before.select(*key, F.struct(*columns).alias("then"))
    differing = now.join(then, key, "full_outer").where(~F.col("now").eqNullSafe(F.col("then")))
    is_gone = F.col("now").isNull().cast("bigint")
    rows = differing.select(F.coalesce("now", "then").alias("row"), is_gone.alias(IS_GONE))
    return rows.select("row.*", IS_GONE)
