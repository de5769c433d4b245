"""What the actions act on, and what can be seen of it: the real command line, or a stand-in that tests the test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from company_activity.schemas import Table

from oracle.model import Snapshot
from reliability.actions.model import Content

Rows = Sequence[Mapping[str, Any]]
LAST_OF_LEDGER = tuple[str, int]  # the hash and the rows that were published last


@dataclass(frozen=True)
class Seen:
    """What lake and SQL hold after a run; without what is `served` they are not compared."""

    lake: Mapping[Table, Rows]
    landed_rows: Mapping[date, int]
    hashes: Mapping[str, str] = field(default_factory=dict)
    served: Mapping[Table, Rows] = field(default_factory=dict)
    ledger: Mapping[str, LAST_OF_LEDGER] = field(default_factory=dict)


class Product(Protocol):
    """Commands answer with their exit codes."""

    def answer(self, day: date, content: Content) -> None:
        """The API gives this for the date from now on."""

    def drop(self, file: Snapshot, text: str) -> None:
        """A CRM file comes, in place of one of its path."""

    def command(self, *arguments: str) -> int:
        """The command line, to its end."""

    def killed(self, share: float, *arguments: str) -> None:
        """The command line, and SIGKILL to its process group after so much of the longest run so far."""

    def generations(self) -> Mapping[date, int]:
        """By date the newest generation in the landing."""

    def around(self, word: str) -> None:
        """What others do to its surroundings: restart, copy or restore of the database, or time that passes."""

    def commit(self, word: str, table: int) -> None:
        """What somebody else's Spark does to a table of the lake."""

    @property
    def can_age(self) -> bool:
        """Whether what it holds can be made old, landing and all."""

    @property
    def may_be_behind(self) -> bool:
        """Whether the database was set back since it was published to by `publish`: only that looks what is served."""

    def seen(self) -> Seen:
        """What it holds now."""


def counted(rows: Rows, *names: str) -> Counter[tuple[Any, ...]]:
    """How many rows have the same values in these columns; a list counts as its texts.

    >>> counted([{"a": ["x", "y"], "b": 1}, {"a": ("x", "y"), "b": 2}], "a")
    Counter({('x,y',): 2})
    """

    def plain(value: Any) -> Any:
        return ",".join(value) if isinstance(value, list | tuple) else value

    return Counter(tuple(plain(row[name]) for name in names) for row in rows)
