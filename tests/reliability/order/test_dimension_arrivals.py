"""500 random histories that arrive in pieces, in any order: after each piece both tables are as the oracle says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from random import Random

import pytest
from pyspark.sql import SparkSession

from company_activity.planning.snapshots import by_snapshot_date
from company_activity.planning.state import Sources, marks_from_json
from company_activity.schemas import COMPANIES

from oracle.cases import merge, random_worlds
from oracle.crm import CrmFile, read_file
from oracle.model import LandedDate, Snapshot
from oracle.usage import Record, UsageDay, read_date
from support.orders.dimension import Dimension, Row, expected

pytestmark = [pytest.mark.long, pytest.mark.full, pytest.mark.row("O1")]

ROUNDS = 3


@dataclass(frozen=True)
class Piece:
    """What arrives in a round: a generation of a date, or a content of a path. A later version replaces an earlier one."""

    round: int
    version: int
    usage: UsageDay | None = None
    crm: CrmFile | None = None

    @property
    def place(self) -> str:
        return str(self.usage.date) if self.usage else self.crm.snapshot.path if self.crm else ""


def arrivals(seed: int, histories: int) -> list[Piece]:
    rng = Random(seed)
    landed, snapshots = merge(random_worlds(seed, histories))
    return [*pieces_of_usage(landed, rng), *pieces_of_crm(snapshots, rng)]


def pieces_of_usage(landed: Iterable[LandedDate], rng: Random) -> Iterator[Piece]:
    """The generations of each date in their order; before the first, often one that knows half of its companies by other ids."""
    for _, same in groupby(landed, key=lambda landed: landed.date):
        generations = list(same)
        if generations[0].items and rng.random() < 0.4:
            odd = tuple(replace(item, text=other_ids(item.text)) for item in generations[0].items[::2])
            generations.insert(0, replace(generations[0], items=odd))
        for version, at in enumerate(sorted(rng.choices(range(ROUNDS), k=len(generations)))):
            yield Piece(at, version, usage=read_date(generations[version]))


def pieces_of_crm(snapshots: Iterable[Snapshot], rng: Random) -> Iterator[Piece]:
    """The contents of each path; before the last, sometimes one with half of its rows and others, or of another date."""
    for snapshot in snapshots:
        contents = [snapshot]
        if rng.random() < 0.4:
            day = snapshot.file_date - timedelta(days=rng.choice((0, 0, 1, 9)))
            others = (replace(row, company_id=other_ids(row.company_id or "")) for row in snapshot.rows[::3])
            contents.insert(0, replace(snapshot, rows=(*snapshot.rows[1::2], *others), file_date=day))
        for version, at in enumerate(sorted(rng.choices(range(ROUNDS), k=len(contents)))):
            yield Piece(at, version, crm=read_file(contents[version]))


def other_ids(text: str) -> str:
    """The text with company ids that occur nowhere else: what a later piece takes back."""
    return re.sub(r"h(\d+)-", r"h\1-gone-", text)


def staged(pieces: Iterable[Piece], last_round: int) -> list[Piece]:
    """The newest piece of each place, of those that have arrived."""
    newest: dict[str, Piece] = {}
    for piece in sorted(pieces, key=lambda piece: piece.version):
        if piece.round <= last_round:
            newest[piece.place] = piece
    return list(newest.values())


def what_happened(before: list[Row], after: list[Row]) -> Counter[str]:
    """Companies by what the step must say of them."""
    content = [name for name in COMPANIES.column_names if name not in COMPANIES.unhashed]
    old, new = ({row["company_id"]: row for row in rows} for rows in (before, after))
    told = Counter(inserted=len(new.keys() - old.keys()), removed=len(old.keys() - new.keys()))
    for company in old.keys() & new.keys():
        if any(old[company][name] != new[company][name] for name in content):
            is_repaired = old[company]["is_inferred"] and not new[company]["is_inferred"]
            told["repaired" if is_repaired else "changed"] += 1
    return +told


@pytest.mark.parametrize(("seed", "histories"), [(4, 300), (9, 200)], ids=["two weeks", "two months"])
def test_after_each_piece_the_dimension_is_as_from_everything_at_once(
    spark: SparkSession, seed: int, histories: int
) -> None:
    pieces, dimension, told = arrivals(seed, histories), Dimension(spark), Counter[str]()
    for number in range(ROUNDS):
        newest = staged(pieces, number)
        files = [piece.crm for piece in newest if piece.crm]
        records: list[Record] = [record for piece in newest if piece.usage for record in piece.usage.accepted]
        now = Sources(
            marks_from_json({piece.place: f"{piece.version}:x" for piece in newest if piece.usage}),
            by_snapshot_date({p.place: f"{p.crm.snapshot.file_date}:{p.version}" for p in newest if p.crm}),
        )
        before = dimension.companies
        counts = dimension.bring(files, records, now)
        assert dimension.content == expected(files, records), f"round {number}"
        assert counts == what_happened(before, dimension.companies), f"round {number}"
        told += Counter(counts)
    print(told)
    assert {"inserted", "changed", "repaired", "removed"} == told.keys()
