"""Where the rows of a transaction come from: a staging table, or Spark itself by a stream."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from company_activity.io.warehouse import statements
from company_activity.io.warehouse.batch import PublishBatch
from company_activity.io.warehouse.engines.base import Dialect, StreamingDialect
from company_activity.io.warehouse.figures import by_group, drift, refusal
from company_activity.io.warehouse.jdbc import Connection, SqlError, StageLostError
from company_activity.io.warehouse.served import ServedTable

SLICE_ROWS = 200_000  # some 100 MB in the driver


class Source(Protocol):
    """Rows that a transaction inserts."""

    def check(self, connection: Connection, dialect: Dialect, batch: PublishBatch) -> None:
        """See that the rows are the lake's, as far as that can be seen before anything is deleted."""

    def insert(
        self,
        connection: Connection,
        dialect: Dialect,
        table: ServedTable,
        days: Collection[date] | None,
    ) -> None:
        """Insert the rows: of these days, where the table is dated."""


@dataclass
class Staged:
    """Rows that executors have written to a staging table."""

    stage: str
    has_copies: bool = False

    def check(self, connection: Connection, dialect: Dialect, batch: PublishBatch) -> None:
        self.has_copies = check_stage(connection, dialect, batch, self.stage)

    def insert(
        self,
        connection: Connection,
        dialect: Dialect,
        table: ServedTable,
        days: Collection[date] | None,
    ) -> None:
        connection.execute(
            statements.insert_staged(dialect, table, self.stage, days, distinct=self.has_copies)
        )


@dataclass(frozen=True)
class Streamed:
    """Rows of a dated table that go from Spark straight into the transaction; `sizes` says how many per day."""

    rows: DataFrame
    sizes: Mapping[date, int]
    engine: StreamingDialect

    def check(self, connection: Connection, dialect: Dialect, batch: PublishBatch) -> None:
        """Nothing is sent yet; what was inserted is counted before the commit."""

    def insert(
        self,
        connection: Connection,
        dialect: Dialect,
        table: ServedTable,
        days: Collection[date] | None,
    ) -> None:
        sizes = {day: self.sizes[day] for day in sorted(days or ()) if self.sizes.get(day)}
        if sizes:
            slices = list(self._slices(table, sizes))
            self.engine.insert_stream(connection, table.name, table.column_names, slices)

    def _slices(self, table: ServedTable, sizes: Mapping[date, int]) -> Iterator[DataFrame]:
        for days in packed(sizes, SLICE_ROWS):
            rows = self.rows.where(F.col(str(table.dated)).isin(days))
            shares = -(-sum(sizes[day] for day in days) // SLICE_ROWS)
            share = F.pmod(F.xxhash64(*table.key), F.lit(shares))
            yield from (rows.where(share == n) for n in range(shares)) if shares > 1 else (rows,)


def packed(sizes: Mapping[date, int], limit: int) -> Iterator[list[date]]:
    """Days in groups of at most `limit` rows; one that has more stands alone.

    >>> [len(days) for days in packed({date(2025, 3, n): 40 for n in range(1, 8)}, limit=100)]
    [2, 2, 2, 1]
    """
    group: list[date] = []
    for day, size in sizes.items():
        if group and sum(sizes[other] for other in group) + size > limit:
            yield group
            group = []
        group.append(day)
    if group:
        yield group


def check_stage(connection: Connection, dialect: Dialect, batch: PublishBatch, stage: str) -> bool:
    """Whether staging holds copies, which only a retried task leaves; otherwise its figures are the lake's.

    Raises:
        PublishError: if they are not.
        StageLostError: if staging is gone, or empty as an unlogged table is after a crash of the server.
    """
    try:
        found = by_group(connection.query(statements.staged_figures(batch.table, stage)))
    except SqlError as failure:
        if dialect.lacks_table(failure):
            raise StageLostError(f"{stage} is gone") from failure
        raise
    if not found and any(wanted.rows for wanted in batch.staged.values()):
        raise StageLostError(f"{stage} is empty")
    if any(
        found[group].rows > wanted.rows for group, wanted in batch.staged.items() if group in found
    ):
        return True
    for group, both_sides in drift(batch.table, found, batch.staged, batch.staged).items():
        raise refusal(f"staging of {batch.table.name} {group}", both_sides)
    return False
