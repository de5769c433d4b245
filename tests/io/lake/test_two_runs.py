"""Two runs on one table: of two commits that were built from the same state the second is refused, and nothing is lost.

Each test stages an interleaving of two lakes on one folder, with nothing that keeps them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.errors import LakeMoved
from company_activity.io.lake.delta import Lake
from company_activity.schemas import Column, Table

from support.lake.content import newest_version

TABLE = Table(
    "stg.t",
    (Column("a", "bigint", "Key", nullable=False), Column("day", "date", "Day", nullable=False)),
    key=("a",),
    partition_by=("day",),
)
WIDER = replace(TABLE, columns=(TABLE.columns[0], Column("b", "string", "New"), TABLE.columns[1]))
DAYS = ("2025-01-01", "2025-01-02")
Act = Callable[[Lake], None]


@pytest.fixture
def lakes(spark: SparkSession, tmp_path: Path) -> Callable[[], Lake]:
    """Gives another run's view of the same lake."""
    return lambda: Lake(str(tmp_path), lambda: spark)


def rows(lake: Lake, day: str, *keys: int) -> DataFrame:
    return lake.spark.createDataFrame([(key, day) for key in keys], "a bigint, day string").withColumn(
        "day", F.col("day").cast("date")
    )


def add(lake: Lake, day: str, *keys: int, table: Table = TABLE) -> None:
    """As a step does: the rows of a date, and the map that was read with this date in it."""
    state = {"days": {**lake.state(table).get("days", {}), day: list(keys)}}
    fresh = rows(lake, day, *keys)
    if table is WIDER:
        fresh = fresh.withColumn("b", F.lit("x"))
    lake.replace(table, fresh, f"day = DATE'{day}'", state)


def empty(lake: Lake) -> None:
    add(lake, DAYS[1])


def fill(lake: Lake) -> None:
    add(lake, DAYS[1], 2)


def widen(lake: Lake) -> None:
    add(lake, DAYS[1], 2, table=WIDER)


def note(lake: Lake) -> None:
    lake.note(TABLE, {"days": {**lake.state(TABLE)["days"], "noted": []}})


def note_wider(lake: Lake) -> None:
    lake.note(WIDER, {"days": {**lake.state(WIDER)["days"], "noted": []}})


ACTS: tuple[Act, ...] = (fill, empty, widen, note, note_wider)
EACH = [pytest.param(first, second, marks=[pytest.mark.long, pytest.mark.nightly]) for first in ACTS for second in ACTS]


def standing(lake: Lake) -> tuple[dict[str, Any], list[int]]:
    """The map and the keys that another run finds."""
    lake.forget()
    return lake.state(TABLE)["days"], sorted(row.a for row in lake.read(TABLE).select("a").collect())


def is_consistent(lake: Lake) -> bool:
    """Whether the map names exactly the rows that are there."""
    days, keys = standing(lake)
    return sorted(key for noted in days.values() for key in noted) == keys


@pytest.mark.parametrize(("first", "second"), [(fill, note), (note_wider, widen), *EACH])
def test_whatever_the_other_run_did_a_commit_from_an_older_reading_is_refused_and_can_be_taken_again(
    lakes: Callable[[], Lake], first: Act, second: Act
) -> None:
    add(lakes(), DAYS[0], 1)
    ours = lakes()
    ours.look_at(TABLE)
    first(lakes())
    found = standing(lakes())
    with pytest.raises(LakeMoved, match=r"another run has committed to stg\.t"):
        second(ours)
    assert standing(lakes()) == found
    ours.forget()
    second(ours)
    assert is_consistent(lakes())
    assert found[0].keys() <= standing(lakes())[0].keys()


@contextmanager
def between(monkeypatch: pytest.MonkeyPatch, name: str, what: Callable[[], None]) -> Iterator[None]:
    """Inside, something happens right before the first call of a method of `Lake`."""
    real = getattr(Lake, name)
    left = [what]

    def held(self: Lake, *given: Any, **named: Any) -> Any:
        if left:
            left.pop()()
        return real(self, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Lake, name, held)
        yield
    assert not left


def test_a_commit_that_comes_while_a_table_is_made_or_extended_is_seen(
    lakes: Callable[[], Lake], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = lakes(), lakes()
    assert not ours.exists(TABLE)
    fill(other)  # made and filled by the other run, between our look and our `create`
    with pytest.raises(LakeMoved):
        add(ours, DAYS[0], 1)
    assert is_consistent(lakes())

    ours = lakes()
    ours.look_at(WIDER)
    with between(monkeypatch, "_extend", lambda: add(lakes(), DAYS[0], 7)), pytest.raises(LakeMoved):
        widen(ours)
    assert standing(lakes()) == ({DAYS[0]: [7], DAYS[1]: [2]}, [2, 7])


def test_a_commit_that_comes_while_ours_is_being_written_is_seen(lakes: Callable[[], Lake]) -> None:
    """The other run commits from a task of our own write: Delta has looked at the table, and has not committed."""
    add(lakes(), DAYS[0], 1)
    ours, other = lakes(), lakes()
    ours.look_at(TABLE)
    slow = rows(ours, DAYS[1], 2).withColumn("a", committing_meanwhile(other))
    state = {"days": {DAYS[0]: [1], DAYS[1]: [2]}}
    with pytest.raises(LakeMoved) as raised:
        ours.replace(TABLE, slow, f"day = DATE'{DAYS[1]}'", state)
    assert "ConcurrentTransactionException" in str(raised.value.__cause__)
    assert standing(lakes()) == ({DAYS[0]: [1], "noted": []}, [1])


def committing_meanwhile(other: Lake) -> Any:
    """A column that waits until the other lake has noted something."""
    import threading
    import time

    folder = Path(other.root, TABLE.path, "_delta_log")
    standing_version = newest_version(other.root, TABLE.path)

    def notes() -> None:
        time.sleep(0.5)  # by now the write has begun
        note(other)

    threading.Thread(target=notes).start()
    awaited = str(folder / f"{standing_version + 1:020}.json")

    def waiting(key: int) -> int:
        import os

        for _ in range(600):
            if os.path.exists(awaited):
                return key
            time.sleep(0.05)
        raise TimeoutError(awaited)

    return F.udf(waiting, "bigint")("a")


@pytest.mark.long
@pytest.mark.nightly
def test_foreign_commits_do_not_count(lakes: Callable[[], Lake], spark: SparkSession) -> None:
    add(lakes(), DAYS[0], 1)
    ours = lakes()
    ours.look_at(TABLE)
    uri = ours.uri(TABLE)
    spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ('theirs' = '1')")
    spark.sql(f"OPTIMIZE delta.`{uri}`")
    fill(ours)
    assert is_consistent(lakes())


@pytest.mark.long
@pytest.mark.nightly
def test_a_state_without_a_number_counts_on_from_its_version(lakes: Callable[[], Lake], spark: SparkSession) -> None:
    """As older versions wrote it; whatever foreign commits come after, two runs take the same number from it."""
    older = lakes()
    older.create(TABLE)
    metadata = '{"company_activity":{"days":{"2025-01-01":[1]}}}'
    for _ in range(3):
        writer = rows(older, DAYS[0], 1).write.format("delta").mode("overwrite").option("userMetadata", metadata)
        writer.save(older.uri(TABLE))
    ours, other = lakes(), lakes()
    ours.look_at(TABLE)
    spark.sql(f"ALTER TABLE delta.`{ours.uri(TABLE)}` SET TBLPROPERTIES ('theirs' = '1')")
    other.look_at(TABLE)
    assert ours.log(TABLE).number == other.log(TABLE).number == 3
    fill(other)
    with pytest.raises(LakeMoved):
        note(ours)
    ours.forget()
    note(ours)
    assert ours.log(TABLE).number == 5
    assert is_consistent(lakes())


def test_rows_are_those_of_the_state_that_was_read(lakes: Callable[[], Lake]) -> None:
    add(lakes(), DAYS[0], 1)
    ours = lakes()
    ours.look_at(TABLE)
    fill(lakes())
    assert [row.a for row in ours.read(TABLE).collect()] == [1]
    assert not lakes().has_moved()
    assert ours.has_moved()


@pytest.mark.long
@pytest.mark.nightly
def test_a_state_alone_is_a_commit_that_names_no_file(lakes: Callable[[], Lake]) -> None:
    ours = lakes()
    add(ours, DAYS[0], 1)
    before = newest_version(ours.root, TABLE.path)
    note(ours)
    empty(ours)  # nothing to remove and nothing to add: one commit all the same
    assert newest_version(ours.root, TABLE.path) == before + 2
    for version in (before + 1, before + 2):
        text = Path(ours.root, TABLE.path, "_delta_log", f"{version:020}.json").read_text("utf-8")
        assert '"add"' not in text
        assert '"metaData"' not in text
    assert ours.commits == 3
