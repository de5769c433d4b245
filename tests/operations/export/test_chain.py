"""Exports one after the other bring whoever loads them to what is served, whatever happened in between.

A plain model: tables at versions, a ledger, a database that is set back or changed for another, a lake that is built
anew. `changes` and the positions are the real ones.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from company_activity.errors import UsageError
from company_activity.io.storage.folder import open_folder
from company_activity.io.warehouse.ledger import MISSING, WHOLE, Fence, Ledger, LedgerRow
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION, SERVED_TABLES, ServedTable
from company_activity.operations.export.changes import Since, TableChange, changes
from company_activity.operations.export.positions import Positions, count
from company_activity.operations.export.request import since_of

DAYS = [date(2025, 3, 1) + timedelta(days=n) for n in range(6)]
URL = "jdbc:h2:mem:x"
Content = dict[Any, Any]  # by day its rows, or by key its row


class World:
    """A lake with a table of each kind, and a warehouse that it is published to."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lakes = 0
        self.versions: dict[tuple[str, str, int], Content] = {}  # of table, lake, version
        self.at: dict[str, Fence] = {}
        self.database = 0
        self.rows: dict[str, dict[str, LedgerRow]] = {}
        self.served: dict[str, Content] = {}
        self.saved: list[Any] = []
        self.rebuild()
        self.other_database()

    def rebuild(self) -> None:
        """Another lake, with other tables; now and then with the same rows."""
        self.lakes += 1
        for table in (ACTIVITY, DIMENSION):
            fence = Fence(f"lake-{self.lakes}", 0)
            standing = self.content(table) if table.name in self.at and self.random.random() < 0.5 else {}
            self.at[table.name] = fence
            self.versions[table.name, fence.lake_id, 0] = deepcopy(standing)

    def other_database(self) -> None:
        self.database += 1
        self.rows = {ACTIVITY.name: {}, DIMENSION.name: {}}
        self.served = {ACTIVITY.name: {}, DIMENSION.name: {}}
        self.saved = []

    def content(self, table: ServedTable) -> Content:
        fence = self.at[table.name]
        return self.versions[table.name, fence.lake_id, fence.version]

    def build(self) -> None:
        """A new version: rows differ, come and go; there are few values, so some come back."""
        table = self.random.choice((ACTIVITY, DIMENSION))
        content = deepcopy(self.content(table))
        for key in self.random.sample(DAYS if table.dated else list("abcdef"), 2):
            kind = self.random.choice(("value", "value", "gone"))
            content.pop(key, None)
            if kind == "value":
                rows = {company: self.random.randrange(2) for company in self.random.sample("abc", 2)}
                content[key] = rows if table.dated else self.random.randrange(3)
        fence = self.at[table.name]
        self.at[table.name] = Fence(fence.lake_id, fence.version + 1)
        self.versions[table.name, fence.lake_id, fence.version + 1] = content

    def publish(self) -> None:
        """Bring it to the lake's state, or part of the way: a killed publish leaves dates as they were."""
        self.saved.append((deepcopy(self.rows), deepcopy(self.served)))
        for table in (DIMENSION, ACTIVITY):
            fence, content = self.at[table.name], self.content(table)
            if not table.dated:
                self.send(table, WHOLE, f"{fence.lake_id}@{fence.version}", content)
                continue
            known = {date.fromisoformat(scope) for scope in self.rows[table.name]}
            for day in sorted(content.keys() | known):
                if self.random.random() < 0.1:
                    return
                self.send(table, str(day), repr(sorted(content[day].items())) if day in content else MISSING,
                          content.get(day))  # fmt: skip

    def send(self, table: ServedTable, scope: str, content_hash: str, content: Any) -> None:
        rows = self.rows[table.name]
        fence = self.at[table.name]
        newest = rows.get(scope)
        if newest is None and content_hash == MISSING:
            return
        is_same = newest and (newest.content_hash, newest.fence.lake_id) == (content_hash, fence.lake_id)
        if is_same and self.random.random() < 0.95:  # else somebody changed it in SQL, and it is sent again
            return
        seq = max((row.seq for row in rows.values()), default=0) + 1
        counted = len(content or ())
        rows[scope] = LedgerRow(table.name, scope, content_hash, counted, "run", fence, "", seq)
        if table.dated and content is not None:
            self.served[table.name][date.fromisoformat(scope)] = deepcopy(content)
        elif table.dated:
            self.served[table.name].pop(date.fromisoformat(scope), None)
        else:
            self.served[table.name] = deepcopy(content)

    def set_back(self) -> None:
        """The database is restored from a backup."""
        if self.saved:
            self.rows, self.served = deepcopy(self.random.choice(self.saved))

    def step(self) -> None:
        """Something happens; mostly what happens every day."""
        often = [self.build] * 8 + [self.publish] * 6
        self.random.choice([*often, self.set_back, self.rebuild, self.other_database])()

    @property
    def ledger(self) -> Ledger:
        return Ledger(f"db-{self.database}", deepcopy(self.rows))

    def load(self, change: TableChange, into: dict[str, Content]) -> None:
        """What a tool does with the files of a table, by the rules of the manifest."""
        name = change.table.name
        if change.replaces == "table":
            into[name] = {}
        for day in change.deleted:
            into[name].pop(day, None)
        for row in change.rows:
            assert row.content_hash != MISSING
            now = self.versions[name, row.fence.lake_id, row.fence.version]
            if change.table.dated:
                day = date.fromisoformat(row.scope)
                into[name][day] = deepcopy(now[day])
                continue
            then: Content = {}
            if change.before:
                before = change.before.fence
                assert change.replaces == "keys"
                assert (before.lake_id, before.version) < (row.fence.lake_id, row.fence.version)
                then = self.versions[name, before.lake_id, before.version]
            for key in then.keys() - now.keys():
                into[name].pop(key, None)
            into[name] |= {key: value for key, value in now.items() if key not in then or then[key] != value}


@pytest.mark.parametrize("seed", range(15))
def test_exports_in_their_order_give_what_is_served(seed: int, tmp_path: Path) -> None:
    """Three who load them, each in a rhythm of its own; they share the positions."""
    random = Random(seed)
    world = World(random)
    positions = Positions.of(open_folder(str(tmp_path)), URL)
    loaded: list[dict[str, Content]] = [{ACTIVITY.name: {}, DIMENSION.name: {}} for _ in range(3)]
    ended = [0, 0, 0]
    for _ in range(60):
        world.step()
        for who, rhythm in enumerate((0.5, 0.2, 0.1)):
            if random.random() >= rhythm:
                continue
            since = since_of(str(ended[who]), positions)
            position = positions.note(world.ledger)
            assert position.number >= ended[who]
            for change in changes(SERVED_TABLES, since, position.ledger):
                world.load(change, loaded[who])
                world.load(change, loaded[who])  # twice is once
            ended[who] = position.number
            if ended[who]:
                assert loaded[who] == world.served
    assert max(ended) > 10


def row(table: ServedTable, scope: str, seq: int, content: str = "h", version: int = 1) -> LedgerRow:
    return LedgerRow(table.name, scope, content, 2, "run", Fence("lake", version), "", seq)


def ledger(*rows: LedgerRow, database: str = "db") -> Ledger:
    tables: dict[str, dict[str, LedgerRow]] = {}
    for one in rows:
        tables.setdefault(one.table, {})[one.scope] = one
    return Ledger(database, tables)


def test_a_position_is_the_number_of_rows_in_the_ledger(tmp_path: Path) -> None:
    positions = Positions.of(open_folder(str(tmp_path)), URL)
    first = ledger(row(ACTIVITY, "2025-03-01", 4), row(ACTIVITY, "2025-03-02", 2), row(DIMENSION, WHOLE, 3))
    assert count(first) == 7
    assert positions.note(first).number == 7
    assert positions.note(first).number == 7
    assert positions.at(7).ledger == first


def test_a_database_that_was_set_back_gets_numbers_of_its_own(tmp_path: Path) -> None:
    positions = Positions.of(open_folder(str(tmp_path)), URL)
    before = ledger(row(ACTIVITY, "2025-03-01", 4))
    positions.note(before)
    after = ledger(row(ACTIVITY, "2025-03-01", 2))
    assert positions.note(after).number == 5
    assert positions.note(after).number == 5
    assert positions.at(4).ledger == before


def test_a_number_at_which_no_export_ended_is_refused_with_the_nearest(tmp_path: Path) -> None:
    positions = Positions.of(open_folder(str(tmp_path)), URL)
    with pytest.raises(UsageError, match="no export ended at 3, or its note has had its time — "):
        since_of("3", positions)
    for seq in (1, 4, 9, 20):
        positions.note(ledger(row(ACTIVITY, "2025-03-01", seq)))
    with pytest.raises(UsageError, match="the nearest are 1, 4, 9 — give the number"):
        since_of("3", positions)
    with pytest.raises(UsageError, match="'x' is neither a number nor a date"):
        since_of("x", positions)


def test_since_a_date_gives_the_dates_from_then_on_and_the_other_tables_whole() -> None:
    now = ledger(*(row(ACTIVITY, str(day), n, MISSING if n == 4 else "h") for n, day in enumerate(DAYS)),
                 row(DIMENSION, WHOLE, 1))  # fmt: skip
    whole, dates = changes(SERVED_TABLES, Since(day=DAYS[3]), now)
    assert (whole.table, whole.replaces) == (DIMENSION, "table")
    assert (dates.replaces, dates.from_day, dates.deleted) == ("dates", DAYS[3], ())
    assert [one.scope for one in dates.rows] == [str(DAYS[3]), str(DAYS[5])]
    assert dates.expected == 4


def test_what_was_not_published_again_is_left_out() -> None:
    before = ledger(row(ACTIVITY, "2025-03-01", 1), row(ACTIVITY, "2025-03-02", 2, MISSING), row(DIMENSION, WHOLE, 1))
    # The companies were sent again, for somebody had changed them in SQL: the lake has the same.
    now = ledger(row(ACTIVITY, "2025-03-01", 1), row(ACTIVITY, "2025-03-03", 3), row(DIMENSION, WHOLE, 2))
    (found,) = changes(SERVED_TABLES, Since(3, before), now)
    assert (found.deleted, [one.scope for one in found.rows]) == ((date(2025, 3, 3),), ["2025-03-03"])
    assert list(changes(SERVED_TABLES, Since(3, before), before)) == []
    assert list(changes([DIMENSION], Since(3, before), now)) == []
