"""Publish a table whose scopes are dates: each date that the warehouse does not show as the lake has it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from pyspark.sql import functions as F

from company_activity.errors import PublishError
from company_activity.io.warehouse.batch import PublishBatch, TablePublished
from company_activity.io.warehouse.figures import nothing
from company_activity.io.warehouse.lake import LakeTable, figures_by
from company_activity.io.warehouse.ledger import MISSING, LedgerRow
from company_activity.io.warehouse.publisher import Publisher, is_served
from company_activity.io.warehouse.sources import Streamed
from company_activity.io.warehouse.stage import as_served


def publish_dates(
    publisher: Publisher,
    lake: LakeTable,
    hashes: Mapping[date, str],
    dates: Iterable[date] | None,
    repair: Collection[date] = (),
) -> TablePublished:
    """Send the dates of `hashes` whose newest ledger row has another hash; delete those that `hashes` lacks.

    `dates` limits what is looked at; without it, every date that the lake or the ledger knows. Those of `repair` are
    also sent if what is served has other rows or sums than the lake.

    Raises:
        PublishError: as `Publisher.run`, and if the lake has rows of a date that `hashes` lacks.
    """
    started = time.monotonic()
    newest = publisher.newest(lake.served, lake.fence)
    known = hashes.keys() | {date.fromisoformat(scope) for scope in newest}
    asked = sorted(known if dates is None else set(dates))
    contents = {day.isoformat(): hashes.get(day, MISSING) for day in asked}
    due = [s for s, content in contents.items() if not is_served(newest.get(s), content, lake.fence)]
    shown = contents.keys() - due
    resend = _drifted(publisher, lake, [day for day in sorted(set(repair)) if day.isoformat() in shown])
    due = sorted([*due, *resend])
    _check_gone(lake, [date.fromisoformat(scope) for scope in due if contents[scope] == MISSING])
    published: list[str] = []
    sent = 0
    for part in _parts(due, publisher.warehouse.publish.max_dates_per_transaction):
        rows, sent_rows = _publish_part(
            publisher, lake, {scope: contents[scope] for scope in part}, resend.intersection(part)
        )
        published += [row.scope for row in rows]
        sent += sent_rows
    already = [scope for scope in contents if scope not in published]
    seconds = time.monotonic() - started
    return TablePublished(lake.served.name, tuple(published), tuple(already), sent, seconds)


def _drifted(publisher: Publisher, lake: LakeTable, days: Sequence[date]) -> frozenset[str]:
    """Of these published days, those that somebody else has changed since."""
    if not days:
        return frozenset()
    dated, none = str(lake.served.dated), nothing(lake.served)
    found = figures_by(lake.rows.where(F.col(dated).isin(list(days))), lake.served, dated)
    return frozenset(publisher.find_drifted(lake.served, {str(day): found.get(str(day), none) for day in days}))


def _check_gone(lake: LakeTable, days: Collection[date]) -> None:
    """Nothing is deleted on the word of a state alone: one that could not be read names no date at all."""
    if not days:
        return
    dated = str(lake.served.dated)
    found = lake.rows.where(F.col(dated).isin(list(days))).select(dated).distinct().collect()
    if found:
        named = ", ".join(sorted(row[0].isoformat() for row in found))
        raise PublishError(
            f"{lake.served.name} has rows of {named} in the lake, but its state knows no such date; nothing is deleted",
            remedy="build what is named again: company-activity run --date D",
        )


def _parts(scopes: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (scopes[start : start + size] for start in range(0, len(scopes), size))


def _publish_part(
    publisher: Publisher, lake: LakeTable, contents: Mapping[str, str], resend: frozenset[str]
) -> tuple[list[LedgerRow], int]:
    """One transaction: the ledger rows it wrote, and how many rows were sent for it."""
    table = lake.served
    with_rows = [date.fromisoformat(scope) for scope, content in contents.items() if content != MISSING]
    if not with_rows:
        return publisher.run(PublishBatch(table, lake.fence, contents, {}, {}, resend=resend), source=None), 0
    rows = lake.rows.where(F.col(str(table.dated)).isin(with_rows))
    figures = figures_by(rows, table, str(table.dated))
    batch = PublishBatch(table, lake.fence, contents, staged=figures, served=figures, resend=resend)
    dialect = publisher.warehouse.dialect
    if dialect.takes_stream:
        sizes = {date.fromisoformat(scope): figure.rows for scope, figure in figures.items()}
        written = publisher.run(batch, Streamed(as_served(rows, table, dialect), sizes))
        return written, sum(row.rows for row in written)
    return publisher.run_staged(batch, rows), sum(figure.rows for figure in figures.values())
