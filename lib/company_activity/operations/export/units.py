"""An export in units: each is a job of Spark, and done or not as a whole. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from company_activity.io.lake.delta_log import DeltaLog, state_in
from company_activity.io.warehouse.ledger import LedgerRow


@dataclass(frozen=True)
class DatesUnit:
    """Dates of a table that are read from one version, and how many rows they have by the ledger."""

    version: int
    days: tuple[date, ...]
    rows: int

    @property
    def name(self) -> str:
        return f"{self.days[0]}_{self.days[-1]}"


@dataclass(frozen=True)
class KeysUnit:
    """One share of the keys of a table, of `shares`."""

    share: int
    shares: int

    @property
    def name(self) -> str:
        return f"{self.share:05d}-of-{self.shares:05d}"


def dates_units(
    rows: Iterable[LedgerRow], version_of: Mapping[str, int], size: int
) -> Iterator[DatesUnit]:
    """The dates in units of at most `size` rows, but for a date that has more by itself; by date.

    A unit has one version (`version_of`, by scope), and a date stands in one unit only.
    """
    waiting: list[LedgerRow] = []
    for row in rows:
        version = version_of[row.scope]
        count = sum(one.rows for one in waiting) + row.rows
        if waiting and (version != version_of[waiting[-1].scope] or count > size):
            yield _unit(waiting, version_of)
            waiting = []
        waiting.append(row)
    if waiting:
        yield _unit(waiting, version_of)


def _unit(rows: list[LedgerRow], version_of: Mapping[str, int]) -> DatesUnit:
    days = tuple(date.fromisoformat(row.scope) for row in rows)
    return DatesUnit(version_of[rows[0].scope], days, sum(row.rows for row in rows))


def keys_units(rows: int, size: int) -> list[KeysUnit]:
    """The keys of so many rows in shares of about `size`.

    >>> [unit.name for unit in keys_units(201, 100)]
    ['00000-of-00003', '00001-of-00003', '00002-of-00003']
    """
    shares = -(-rows // size)
    return [KeysUnit(share, shares) for share in range(shares)]


def versions_to_read(
    rows: Iterable[LedgerRow], published: Iterable[LedgerRow], log: DeltaLog
) -> dict[str, int]:
    """By scope the version to read a date from: the newest published one, where it has what the date's ledger row says.

    A date that was published two years ago, and not touched since, is so read from today's files: the version that
    it was published from can no longer be read.
    """
    newest = max((row.fence.version for row in published), default=-1)
    hashes = hashes_at(log, newest)
    return {
        row.scope: newest if hashes.get(row.scope) == row.content_hash else row.fence.version
        for row in rows
    }


def hashes_at(log: DeltaLog, version: int) -> dict[str, str]:
    """By ISO date the content hash that the table had at a version, as our newest commit up to it says."""
    for number in range(version, -1, -1):
        commits = log.commits_between(number - 1, number)
        if commits is None:
            return {}
        state = state_in(commits[0])
        if state is not None:
            return {day: str(entry[0]) for day, entry in state.get("dates", {}).items() if entry}
    return {}
