"""What was told so long ago that no news depends on it any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from company_activity.io.notify.digest.kept import DROPPED, QUIET, TOLD, Found, KeptNews
from company_activity.operations.maintain.heap import Heap

if TYPE_CHECKING:
    from company_activity.planning.news import News
    from company_activity.run import Run


def told_news(run: Run) -> Heap:
    """Files of the ledger, and of quiet days, of which nothing is needed; those that are needed in part lose the rest.

    They are older than `maintain.messages_days`, and than what is still news. The newest of each reader stays: it has
    the number and the date from which the next one goes on. The oldest goes first: after a kill, what is left tells of
    an end without its beginning, which changes nothing, and never of a beginning without its end.
    """
    kept = KeptNews(run.lake.files)
    day = oldest_needed(run)
    newest = {one.reader: one.name for one in kept.files if one.ending in (TOLD, QUIET, DROPPED)}
    needed = {
        reader: set(pieces) for reader, pieces in kept.ledger().without_older(day).delivered.items()
    }
    told = {name: (reader, pieces) for name, reader, pieces in kept.told_files()}
    quiet = [
        one for one in kept.files if one.ending in (QUIET, DROPPED) and is_old(one, day, newest)
    ]
    cut: list[tuple[Found, list[News]]] = []
    for one in kept.files:
        reader, pieces = told.get(one.name, ("", []))
        left = [piece for piece in pieces if piece in needed.get(reader, set())]
        if len(left) < len(pieces):
            cut.append((one, left))

    sizes = {entry.path: entry.size for entry in kept.entries()}

    def remove() -> Iterator[int]:
        for one, left in sorted(cut, key=lambda each: (each[0].reader, each[0].number)):
            kept.cut(one.name, left)
            if not left and newest.get(one.reader) != one.name:
                kept.forget(f"{one.stem}.{QUIET}")
            yield 0 if left else sizes.get(one.name, 0)
        for one in quiet:
            kept.forget(one.name)
            yield sizes.get(one.name, 0)

    gone = [one for one, left in cut if not left] + quiet
    in_bytes = sum(sizes.get(one.name, 0) for one in gone)
    return Heap("told_news", len(cut) + len(quiet), in_bytes, remove)


def oldest_needed(run: Run) -> date:
    """What was told before it may go."""
    days = max(run.settings.maintain.messages_days, run.settings.notify.news_days + 1)
    newest = max(run.lake.activity.dates, default=run.now.date())
    return min(newest, run.now.date()) - timedelta(days=days)


def is_old(one: Found, day: date, newest: dict[str, str]) -> bool:
    """Whether a file without news may go."""
    return one.day < day and newest.get(one.reader) != one.name
