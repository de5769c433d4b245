"""A product in plain Python that does all as it should, or forgets late dates: it shows that the judge and the shrinker work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from company_activity.io.warehouse.served import SERVED_TABLES, ServedTable
from company_activity.schemas import PRODUCT_USAGE, QUARANTINE

from oracle.model import Snapshot
from reliability.actions.judge import built
from reliability.actions.model import Content, Model
from reliability.actions.product import Seen
from support.spark.compare import micros


class StandIn:
    """Lake and commands in a dictionary of its own; with `forgets_late_dates` it lands no date before one that landed."""

    may_be_behind = False
    can_age = True

    def __init__(self, forgets_late_dates: bool = False) -> None:
        self.forgets_late_dates = forgets_late_dates
        self.model = Model()

    def answer(self, day: date, content: Content) -> None:
        self.model.answers[day] = content

    def drop(self, file: Snapshot, text: str) -> None:
        self.model.drop(file)

    def command(self, *arguments: str) -> int:
        """The commands that change what landed; the others change nothing here."""
        word, options = arguments[0], arguments[1:]
        named = dict(zip(options[::2], options[1::2], strict=False))
        if word == "ingest":
            return self._fetch(named["--start"], named["--end"])
        if word == "run":
            return self._fetch(named["--from"], named["--to"])
        if word == "erase":
            self.model.erase(options[0])
        if word == "rollback" and "--release" in named:
            self.model.landed(date.fromisoformat(named["--release"])).held.clear()
        if word == "rollback" and "--date" in named:
            return self._roll_back(date.fromisoformat(named["--date"]), named["--to-generation"])
        return 0

    def killed(self, share: float, *arguments: str) -> None:
        if share > 0.5:
            self.command(*arguments)

    def generations(self) -> Mapping[date, int]:
        return {day: landed.number for day, landed in self.model.dates.items()}

    def around(self, word: str) -> None:
        if word == "wait":
            for landed in self.model.dates.values():
                landed.forget_older()

    def commit(self, word: str, table: int) -> None:
        """Nothing changes."""

    def seen(self) -> Seen:
        world = self.model.world()
        tables = {
            **built(world),
            PRODUCT_USAGE: world.staged_usage,
            QUARANTINE: [row | {"feed": row["source"]} for row in world.quarantine],
        }
        lake = {table: [_stored(row) for row in rows] for table, rows in tables.items()}
        landed = {count["date"]: count["rows_in"] for count in world.counts if count["path"] is None}
        served = {table.lake: [_served(table, row) for row in lake[table.lake]] for table in SERVED_TABLES}
        rows = Counter(str(row["activity_date"]) for row in world.activity)
        hashes = {str(day): f"the rows of {day}" for day in landed}
        ledger = {day: (content, rows[day]) for day, content in hashes.items()}
        return Seen(lake, landed, hashes, served, ledger)

    def _fetch(self, first: str, last: str) -> int:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
        days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
        for day in days:
            newest = max((one for one, landed in self.model.dates.items() if landed.generations), default=day)
            if not (self.forgets_late_dates and day < newest):
                self.model.fetch(day)
        return 0 if all(day in self.model.answers for day in days) else 3

    def _roll_back(self, day: date, generation: str) -> int:
        landed = self.model.landed(day)
        if not landed.generations:
            return 2
        landed.roll_back(None if generation == "missing" else landed.generations[int(generation)])
        return 0


def _stored(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a table holds it: moments as microseconds."""
    return {name: micros(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _served(table: ServedTable, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as SQL has it: a list is one text, and no key is NULL."""
    lists = {name: ",".join(value) for name, value in row.items() if isinstance(value, list)}
    blank = {name: "" for name in table.blank_when_null if row[name] is None}
    return {**row, **lists, **blank}


def diverges(actions: Sequence[Any], forgets_late_dates: bool = True) -> bool:
    """Whether the stand-in that forgets late dates is found out by a sequence."""
    from reliability.actions.play import Diverged, play

    try:
        play(StandIn(forgets_late_dates), actions, say=lambda line: None)
    except Diverged:
        return True
    return False
