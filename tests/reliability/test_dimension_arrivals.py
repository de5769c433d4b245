"""500 random histories, arriving in pieces in any order: after each piece both tables are as the oracle says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from random import Random

import pytest
from pyspark.sql import SparkSession

from company_activity.schemas import COMPANIES
from company_activity.steps.build_companies import Sources

from oracle.cases import merge, random_worlds
from oracle.crm import CrmFile, read_file
from oracle.model import LandedDate, Snapshot
from oracle.usage import Record, UsageDay, read_date
from support.dimension import Dimension, Row, expected

ROUNDS = 3


@dataclass(frozen=True)
class Piece:
    """What arrives in a round: a generation of a date, or the content of a path."""

    round: int
    version: int
    usage: UsageDay | None = None
    crm: CrmFile | None = None

    @property
    def place(self) -> str:
        return str(self.usage.date) if self.usage else self.crm.snapshot.path if self.crm else ""


def pieces_of_usage(landed: Iterable[LandedDate], rng: Random) -> Iterator[Piece]:
    """The generations of each date in their order; before the first, often one with half of its items."""
    for _, same in groupby(landed, key=lambda landed: landed.date):
        generations = list(same)
        first = generations[0]
        if first.items and rng.random() < 0.4:
            generations.insert(0, replace(first, items=first.items[::2]))
        rounds = sorted(rng.choices(range(ROUNDS), k=len(generations)))
        for version, (at, generation) in enumerate(zip(rounds, generations, strict=True), 1):
            yield Piece(at, version, usage=read_date(generation))


def pieces_of_crm(snapshots: Iterable[Snapshot], rng: Random) -> Iterator[Piece]:
    """The contents of each path; before the last, sometimes one with half of its rows, now and then of another date."""
    for snapshot in snapshots:
        contents = [snapshot]
        if rng.random() < 0.4:
            other = replace(snapshot, rows=snapshot.rows[1::2])
            contents.insert(0, replace(other, file_date=rng.choice((other.file_date, DAYS_BEFORE(other)))))
        rounds = sorted(rng.choices(range(ROUNDS), k=len(contents)))
        for version, (at, content) in enumerate(zip(rounds, contents, strict=True), 1):
            yield Piece(at, version, crm=read_file(content))
