"""The order in which snapshots and usage arrive leaves no trace in the dimension or its history.

Every permutation of six files is a way from the empty set of files to the full one, a file at a time, through some of
the 64 sets. Each step of each way is taken here: from what a set of files must give, by one more file, to what the
larger set must give. So all 720 orders (and all orders of fewer files) end alike. The 32 sets that a file can join
share a DataFrame with those of the neighbouring files, each with company ids of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from random import Random

import pytest
from pyspark.sql import SparkSession

from company_activity.planning.snapshots import by_snapshot_date
from company_activity.planning.state import Sources, marks_from_json

from oracle.companies import build_companies, build_history
from oracle.crm import CrmFile, CrmRecord, union_by_date
from oracle.model import Snapshot
from oracle.usage import Record
from support.orders.dimension import NOW, Dimension, expected, plain_rows

pytestmark = [pytest.mark.long, pytest.mark.full, pytest.mark.row("O1")]

# (path, snapshot date): a leap day, a year's end, one date with two paths
SLOTS = (
    ("b.csv", date(2024, 2, 28)),
    ("c.csv", date(2024, 2, 29)),
    ("a.csv", date(2024, 3, 1)),
    ("z.csv", date(2024, 3, 1)),
    ("e.csv", date(2024, 12, 31)),
    ("d.csv", date(2025, 1, 1)),
)
ALL = frozenset(range(len(SLOTS)))
Fields = tuple[str | None, str | None, str | None, datetime | None]
Story = tuple[dict[str, Fields], ...]  # per slot: company → name, country, industry, last contact
MET = datetime(2024, 2, 1, tzinfo=UTC)


def plain(name: str | None) -> Fields:
    return name, "DE", None, MET


WRITTEN: Story = (
    {"stays": plain("S"), "renamed": plain("Old"), "emptied": plain("E"), "leaves": plain("L")},
    {"stays": plain("S"), "renamed": plain("New"), "emptied": plain(None), "returns": plain("R")},
    {"stays": plain("S"), "renamed": plain("New"), "emptied": plain("E"), "met": plain("M")},
    {"stays": plain("S"), "renamed": plain("Newer"), "emptied": plain("E")},  # over the path before, of the same date
    {"stays": plain("S"), "renamed": plain("Old"), "emptied": plain(None), "leaves": plain("L")},
    {"stays": plain("S"), "renamed": plain("Old"), "emptied": plain(None), "returns": plain("R")},
)


def random_story(seed: int) -> Story:
    """Few values, so that they come back; about a third of the files repeat an earlier one."""
    rng = Random(seed)
    files: list[dict[str, Fields]] = []
    for _ in SLOTS:
        standing = [company for company in ("a", "b", "c", "met") if rng.random() < 0.7]
        file: dict[str, Fields] = {
            company: (rng.choice(("X", "Y", None)), rng.choice(("DE", None)), None, None) for company in standing
        }
        files.append(rng.choice(files) if files and rng.random() < 0.3 else file)
    return tuple(files)


STORIES = (WRITTEN, *map(random_story, range(7)))


@dataclass(frozen=True)
class World:
    """A story of which the files `held` are in the tables, and the file `next` arrives."""

    story: int
    held: frozenset[int]
    next: int

    def id(self, company: str) -> str:
        return f"{self.story}/{''.join(map(str, sorted(self.held)))}+{self.next}/{company}"

    def file(self, slot: int) -> CrmFile:
        name, day = SLOTS[slot]
        path, rows = self.id(name), STORIES[self.story][slot].items()
        accepted = [CrmRecord(self.id(c), *fields, day, path, line) for line, (c, fields) in enumerate(rows, 2)]
        return CrmFile(Snapshot(day, path, ()), tuple(accepted), 0, ())

    def records(self) -> Iterator[Record]:
        """Usage of a company that the CRM brings at some time, and of one that it never does."""
        for company, day, users in (("met", 28, 0), ("met", 29, 2), ("unmet", 27, 1)):
            at = datetime(2024, 2, day, tzinfo=UTC)
            yield Record(self.id(company), at.date(), users, 1, at, 1, 1, 1, None)


def contents(files: Iterable[CrmFile]) -> dict[str, str]:
    return by_snapshot_date({file.snapshot.path: f"{file.snapshot.file_date}:x" for file in files})


@pytest.mark.parametrize("arriving", [(0,), (1, 2, 3), (4, 5)], ids=["first", "middle", "last"])
def test_a_file_that_joins_any_set_of_files_gives_what_all_give_at_once(
    spark: SparkSession, arriving: tuple[int, ...]
) -> None:
    steps = [(slot, held) for slot in arriving for n in range(6) for held in combinations(sorted(ALL - {slot}), n)]
    worlds = [World(story, frozenset(held), slot) for story in range(len(STORIES)) for slot, held in steps]
    before = [world.file(slot) for world in worlds for slot in sorted(world.held)]
    after = [*before, *(world.file(world.next) for world in worlds)]
    used = [record for world in worlds for record in world.records()]
    days = marks_from_json({str(record.date): "1:x" for record in used})
    union = union_by_date(before)
    companies = plain_rows(build_companies(union, used), created_at=NOW, updated_at=NOW)
    built = Sources(days, contents(before))
    dimension = Dimension(spark, companies, plain_rows(build_history(union)), built)
    dimension.bring(after, used, Sources(days, contents(after)))
    assert dimension.content == expected(after, used)
