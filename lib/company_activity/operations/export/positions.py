"""Where an export ended: what the warehouse served then, noted beside the lake under a number. Plain Python.

The number of a position is how many rows `etl.publish_ledger` has, the `seq` of every table added up: it grows with
whatever is published. A database that was set back counts again from less; a position then is one more than the newest,
so a number never stands for two states. What has changed since a position is found by comparing the two states.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from company_activity.errors import CompanyActivityError, UsageError
from company_activity.io.storage.folder import Folder
from company_activity.io.warehouse.ledger import Ledger
from company_activity.io.warehouse.mirror import as_mapping, from_mapping, warehouse_id

FOLDER = "ops/export_positions"
DIGITS = 12  # of a number in a file's name
NAME = re.compile(rf"(?P<number>\d{{{DIGITS}}})\.json")
MOST_NAMED = 3


@dataclass(frozen=True)
class Position:
    """A number, and the ledger as it was: of each table and scope the newest row."""

    number: int
    ledger: Ledger


@dataclass(frozen=True)
class Positions:
    """The positions of one warehouse, one small file each; they hold no row of data."""

    folder: Folder

    @classmethod
    def of(cls, lake: Folder, url: str) -> Positions:
        """Those of the warehouse at `url`."""
        return cls(lake.inside(f"{FOLDER}/{warehouse_id(url)}"))

    @property
    def numbers(self) -> list[int]:
        """The numbers that are noted, in order."""
        found = map(NAME.fullmatch, self.folder.names())
        return sorted(int(name["number"]) for name in found if name)

    def at(self, number: int) -> Position:
        """The position of this number.

        Raises:
            UsageError: if no export ended there, with the nearest that one did.
        """
        try:
            text = self.folder.read(_name(number))
        except FileNotFoundError:
            raise self.unknown(number, str(number)) from None
        return Position(number, self._read(text, number))

    def unknown(self, number: int, told: str) -> UsageError:
        """The error of a number that no export ended at, as it is told, with the nearest that one did."""
        near = sorted(self.numbers, key=lambda one: abs(one - number))[:MOST_NAMED]
        known = f"; the nearest are {', '.join(map(str, sorted(near)))}" if near else ""
        return UsageError(
            f"no export ended at {told}, or its note has had its time{known}",
            remedy="give the number that your last export ended with (`next` in its manifest.json), or 0 for all",
        )

    def note(self, ledger: Ledger) -> Position:
        """The position that stands for this ledger; noted, if it is new."""
        numbers = self.numbers
        number = max(count(ledger), *numbers[-1:], 0)
        text = json.dumps(as_mapping(ledger), sort_keys=True)
        while not self.folder.create(_name(number), text):
            if self.folder.read(_name(number)) == text:
                break
            number += 1  # the database was set back, or another export noted it meanwhile
        return Position(number, ledger)

    def _read(self, text: str, number: int) -> Ledger:
        try:
            return from_mapping(json.loads(text))
        except (ValueError, LookupError, TypeError):
            raise CompanyActivityError(
                f"{self.folder.uri(_name(number))} is no note of a position",
                remedy="delete it, and export all with --since 0",
            ) from None


def count(ledger: Ledger) -> int:
    """How many rows the ledger has: the newest `seq` of every table, added up."""
    lasts = (ledger.last(table) for table in ledger.tables)
    return sum(last.seq for last in lasts if last)


def _name(number: int) -> str:
    return f"{number:0{DIGITS}d}.json"
