"""The dictionary that says what lake and SQL hold: what has landed, kept in plain Python, and the oracle's rows of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from oracle.fields import trim
from oracle.model import Item, LandedDate, Snapshot
from oracle.world import World, build

Content = tuple[str, ...]  # the items of a date


@dataclass
class Landed:
    """The generations of one date by number, None where one is missing, and the contents that rollbacks hold."""

    generations: dict[int, Content | None] = field(default_factory=dict)
    held: set[Content] = field(default_factory=set)

    @property
    def number(self) -> int:
        return max(self.generations, default=0)

    @property
    def newest(self) -> Content | None:
        return self.generations.get(self.number)

    def add(self, content: Content | None) -> None:
        self.generations[self.number + 1] = content

    def fetch(self, content: Content) -> None:
        """A fetch lands what differs from the newest generation, unless a rollback holds it."""
        if content not in self.held and content != self.newest:
            self.add(content)

    def roll_back(self, content: Content | None) -> None:
        """A new generation of this content; what it sets aside is held, what it brings back no longer is."""
        if content == self.newest:
            return
        if self.newest is not None:
            self.held.add(self.newest)
        self.held -= {content}
        self.add(content)

    def erase(self, company: str) -> None:
        """The newest generation again without the company; those with it go, and what is held is held without it."""
        with_it = {number: one for number, one in self.generations.items() if one and one != without(one, company)}
        is_held = any(one in self.held for one in with_it.values())
        if self.number in with_it or is_held:
            self.held = {without(one, company) if one in with_it.values() else one for one in self.held}
            self.add(without(self.newest, company) if self.newest else self.newest)
        for number in with_it:
            del self.generations[number]

    def forget_older(self) -> None:
        """What maintenance leaves after a long time."""
        self.generations = {self.number: self.newest}


@dataclass
class Model:
    """What the API answers, what landed of it, the CRM files by path, and who was erased."""

    answers: dict[date, Content] = field(default_factory=dict)
    dates: dict[date, Landed] = field(default_factory=dict)
    files: dict[str, Snapshot] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)

    def landed(self, day: date) -> Landed:
        return self.dates.setdefault(day, Landed())

    def fetch(self, day: date) -> None:
        """What the API answers lands, without the erased companies; a date that it does not know stays as it is."""
        if day in self.answers:
            self.landed(day).fetch(self.fetched(day))

    def fetched(self, day: date) -> Content:
        """What a fetch of the date gives."""
        content = self.answers[day]
        for company in self.erased:
            content = without(content, company)
        return content

    def saw(self, day: date, number: int) -> bool:
        """Whether `number` can be the newest generation after a killed run: it has landed the date, or it has not."""
        if number != self.landed(day).number:
            self.fetch(day)
        return self.landed(day).number == number

    def drop(self, file: Snapshot) -> None:
        """A CRM file comes, or its bytes are replaced."""
        self.files[file.path] = file

    def erase(self, company: str) -> None:
        """It is gone from all that landed, and whatever comes of it is dropped."""
        self.erased.add(company)
        for landed in self.dates.values():
            landed.erase(company)

    def snapshots(self) -> list[Snapshot]:
        """The CRM files without the erased companies."""
        return [
            replace(file, rows=tuple(row for row in file.rows if trim(row.company_id or "") not in self.erased))
            for file in self.files.values()
        ]

    def world(self) -> World:
        """Every table, as the oracle computes it."""
        return build([landed_date(day, one) for day, one in self.dates.items() if one.generations], self.snapshots())


def landed_date(day: date, landed: Landed) -> LandedDate:
    """The newest generation as the oracle reads it."""
    content = landed.newest
    items = None if content is None else tuple(Item(1, number, text) for number, text in enumerate(content, start=1))
    return LandedDate(day, landed.number, items)


def without(content: Content, company: str) -> Content:
    """The items that are not of the company."""
    return tuple(text for text in content if not is_of(json.loads(text), company))


def is_of(item: object, company: str) -> bool:
    """Whether an item names the company, whatever invisible characters stand around its id."""
    name = item.get("company_id") if isinstance(item, Mapping) else None
    return isinstance(name, str) and trim(name) == company
