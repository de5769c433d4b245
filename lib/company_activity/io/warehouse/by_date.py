"""Publish a table whose scopes are dates: each date that the warehouse does not show as the lake has it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from company_activity.errors import PublishError
from company_activity.io.warehouse.batch import PublishBatch, TablePublished
from company_activity.io.warehouse.engines.base import StreamingDialect
from company_activity.io.warehouse.ledger import MISSING, LedgerRow
from company_activity.io.warehouse.pinned import PinnedTable
from company_activity.io.warehouse.publisher import Publisher, is_served
from company_activity.io.warehouse.sources import Streamed
from company_activity.io.warehouse.stage import as_served


def publish_dates(
    publisher: Publisher,
    lake: PinnedTable,
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
    contents = _contents(hashes, newest, dates)
    changed = [
        scope
        for scope, content in contents.items()
        if not is_served(newest.get(scope), content, lake.fence)
    ]
    unchanged = contents.keys() - changed
    resend = _drifted(publisher, lake, [day for day in repair if day.isoformat() in unchanged])
    due = {scope: contents[scope] for scope in sorted([*changed, *resend])}
    _check_gone(lake, due)
    published, sent = _publish_due(publisher, lake, due, resend)
    already = tuple(scope for scope in contents if scope not in published)
    seconds = time.monotonic() - started
    return TablePublished(lake.served.name, tuple(published), already, sent, seconds)


def _contents(
    hashes: Mapping[date, str], newest: Mapping[str, LedgerRow], dates: Iterable[date] | None
) -> dict[str, str]:
    """The content that each date asked for has in the lake, by ISO date, in order."""
    known = hashes.keys() | {date.fromisoformat(scope) for scope in newest}
    asked = known if dates is None else set(dates)
    return {day.isoformat(): hashes.get(day, MISSING) for day in sorted(asked)}


def _drifted(publisher: Publisher, lake: PinnedTable, days: Iterable[date]) -> frozenset[str]:
    """Of these published days, those that somebody else has changed since."""
    wanted = lake.day_figures(sorted(set(days)))
    if not wanted:
        return frozenset()
    return frozenset(publisher.find_drifted(lake.served, wanted))


def _check_gone(lake: PinnedTable, contents: Mapping[str, str]) -> None:
    """Refuse to delete dates that the lake has rows of: a state that could not be read names no date.

    Raises:
        PublishError: with those dates.
    """
    days = [date.fromisoformat(scope) for scope, content in contents.items() if content == MISSING]
    if not days:
        return
    found = lake.of_days(days).select(lake.served.day_column).distinct().collect()
    if found:
        named = ", ".join(sorted(row[0].isoformat() for row in found))
        raise PublishError(
            f"{lake.served.name} has rows of {named} in the lake, but its state knows no such date; nothing is deleted",
            remedy="build what is named again: company-activity run --date D",
        )


def _publish_due(
    publisher: Publisher, lake: PinnedTable, due: Mapping[str, str], resend: frozenset[str]
) -> tuple[list[str], int]:
    """Publish these scopes, several per transaction: those that were published, and how many rows were sent."""
    published: list[str] = []
    sent = 0
    for scopes in _parts(list(due), publisher.warehouse.publish.max_dates_per_transaction):
        part = {scope: due[scope] for scope in scopes}
        written, rows = _publish_part(publisher, lake, part, resend.intersection(scopes))
        published += [row.scope for row in written]
        sent += rows
    return published, sent


def _parts(scopes: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (scopes[start : start + size] for start in range(0, len(scopes), size))


def _publish_part(
    publisher: Publisher, lake: PinnedTable, contents: Mapping[str, str], resend: frozenset[str]
) -> tuple[list[LedgerRow], int]:
    """One transaction: the ledger rows it wrote, and how many rows were sent for it."""
    table = lake.served
    with_rows = [
        date.fromisoformat(scope) for scope, content in contents.items() if content != MISSING
    ]
    if not with_rows:
        batch = PublishBatch(table, lake.fence, contents, {}, {}, resend=resend)
        return publisher.run(batch, source=None), 0

    rows = lake.of_days(with_rows)
    figures = lake.day_figures(with_rows)
    batch = PublishBatch(table, lake.fence, contents, staged=figures, served=figures, resend=resend)
    dialect = publisher.warehouse.dialect
    if not isinstance(dialect, StreamingDialect):
        sent = sum(figure.rows for figure in figures.values())
        return publisher.run_staged(batch, rows), sent
    sizes = {date.fromisoformat(scope): figure.rows for scope, figure in figures.items()}
    written = publisher.run(batch, Streamed(as_served(rows, table, dialect), sizes, dialect))
    return written, sum(row.rows for row in written)
