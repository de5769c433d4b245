"""One transaction that brings scopes of a served table to the lake's state, exactly once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from pyspark.sql import DataFrame

from company_activity.errors import PublishError
from company_activity.io.warehouse import ledger
from company_activity.io.warehouse.batch import PublishBatch
from company_activity.io.warehouse.figures import Figures, drift
from company_activity.io.warehouse.jdbc import Connection, SqlError, StageLostError
from company_activity.io.warehouse.ledger import MISSING, Fence, LedgerRow
from company_activity.io.warehouse.mirror import Files, begin
from company_activity.io.warehouse.replace import replace, served_by_scope
from company_activity.io.warehouse.served import ServedTable
from company_activity.io.warehouse.sources import Source, Staged
from company_activity.io.warehouse.stage import filled_stage
from company_activity.io.warehouse.warehouse import PUBLISH, Warehouse

STAGINGS = 3


class BaseMovedError(Exception):
    """Another run published while changed rows were being found: find them again."""


@dataclass(frozen=True)
class Publisher:
    """Runs changes against a warehouse, whose mirror is not trusted meanwhile."""

    warehouse: Warehouse
    files: Files
    run_id: str
    now: datetime
    adopt_lake: bool = False
    warnings: list[str] = field(default_factory=list)

    def newest(self, table: ServedTable, ours: Fence) -> dict[str, LedgerRow]:
        """The newest ledger row per scope; a refusal that is certain comes here, before staging."""

        def looked_at(connection: Connection) -> tuple[Fence | None, dict[str, LedgerRow]]:
            last = ledger.last_fence(connection, table.name)
            check_fence(last, ours, table.name, adopt=self.adopt_lake)
            return last, ledger.newest_rows(connection, table.name)

        last, newest = self.warehouse.asked(looked_at)
        taken_over = f"{table.name}: lake table {ours.lake_id} takes over from {last.lake_id if last else ''}"
        if last is not None and last.lake_id != ours.lake_id and taken_over not in self.warnings:
            self.warnings.append(taken_over)
        return newest

    def run(self, batch: PublishBatch, source: Source | None) -> list[LedgerRow]:
        """Publish a batch; the ledger rows written, none if another run already did.

        Raises:
            PublishError: if it is refused (a newer fence, another lake), if figures differ, or if the outcome of
                a commit cannot be found out.
            SqlError: if the engine fails for good; nothing is changed then.
            BaseMovedError: if the changed rows were found against what is no longer served.
        """
        begin(self.files, self.warehouse.target.url, self.run_id)
        return self.warehouse.tried(lambda: self._attempt(batch, source))

    def run_staged(self, batch: PublishBatch, rows: DataFrame) -> list[LedgerRow]:
        """Stage `rows` and publish the batch from there; where staging is lost in between, stage them again.

        Raises:
            PublishError: as `run`, and if staging is lost each time.
        """
        for _ in range(STAGINGS):
            try:
                with filled_stage(self.warehouse, rows, batch, self.run_id, self.now) as stage:
                    return self.run(batch, Staged(stage))
            except StageLostError as lost:
                failure = lost
        raise PublishError(
            f"staging of {batch.table.name} was lost {STAGINGS} times, the last time: {failure}",
            remedy=f"look for whoever drops or empties tables in etl, then: {PUBLISH}",
        ) from failure

    def _attempt(self, batch: PublishBatch, source: Source | None) -> list[LedgerRow]:
        dialect = self.warehouse.dialect
        with self.warehouse.connection() as connection:
            dialect.begin(connection)
            try:
                rows = self._apply(connection, batch, source)
            except BaseException:
                with suppress(
                    SqlError
                ):  # a lost connection has nothing to undo: the server does it
                    dialect.rollback(connection)
                raise
            try:
                dialect.commit(connection)
            except SqlError as failure:
                self._find_out(rows, failure)
        return rows

    def _apply(
        self, connection: Connection, batch: PublishBatch, source: Source | None
    ) -> list[LedgerRow]:
        """Inside the transaction: lock, look what is due, replace it, write the ledger."""
        table = batch.table
        dialect = self.warehouse.dialect
        dialect.lock(connection, table.name)
        last = ledger.last_fence(connection, table.name)
        check_fence(last, batch.fence, table.name, adopt=self.adopt_lake)
        newest = ledger.newest_rows(connection, table.name, batch.hashes)
        due = _due(connection, batch, newest)
        if not due:
            return []
        if batch.base_seq is not None and [row.seq for row in newest.values()] != [batch.base_seq]:
            raise BaseMovedError
        replace(connection, dialect, batch, source, due)
        rows = [self._ledger_row(batch, scope) for scope in due]
        return ledger.append_rows(connection, dialect, rows)

    def _ledger_row(self, batch: PublishBatch, scope: str) -> LedgerRow:
        return LedgerRow(
            table=batch.table.name,
            scope=scope,
            content_hash=batch.hashes[scope],
            rows=batch.served[scope].rows if scope in batch.served else 0,
            run_id=self.run_id,
            fence=batch.fence,
            published_at=ledger.sql_time(self.now),
        )

    def _find_out(self, rows: list[LedgerRow], failure: SqlError) -> None:
        """After a commit without an answer, ask the ledger whether it happened.

        The lock is taken first, so the ledger is read only after that transaction has ended.
        """
        if not rows:
            return
        table = rows[-1].table
        dialect = self.warehouse.dialect

        def is_written(connection: Connection) -> bool:
            dialect.begin(connection)
            dialect.lock(connection, table)
            is_there = ledger.has_row(connection, rows[-1])
            dialect.rollback(connection)
            return is_there

        try:
            is_there = self.warehouse.asked(is_written)
        except SqlError as unreachable:
            raise PublishError(
                f"whether {table} was published is unknown: its commit got no answer ({failure}), and the "
                f"ledger cannot be read ({unreachable})",
                remedy=f"when the warehouse answers again: {PUBLISH}",
            ) from unreachable
        if not is_there:
            raise SqlError(f"the commit was lost: {failure}", "08007")

    def find_drifted(self, table: ServedTable, wanted: Mapping[str, Figures]) -> list[str]:
        """The scopes that are not served with these figures, though the ledger has them; each is warned of."""
        found = self.warehouse.asked(
            lambda connection: drifted(connection, table, wanted, wanted.keys())
        )
        self.warnings.extend(
            f"{table.name} {scope}: changed in SQL by somebody else, sent again" for scope in found
        )
        return found


def _due(connection: Connection, batch: PublishBatch, newest: Mapping[str, LedgerRow]) -> list[str]:
    """The scopes that the ledger does not show as wanted, then those to resend that still differ."""
    due = [
        scope
        for scope, content in batch.hashes.items()
        if not is_served(newest.get(scope), content, batch.fence)
    ]
    doubtful = batch.resend.difference(due)
    return due + drifted(connection, batch.table, batch.served, doubtful)


def drifted(
    connection: Connection,
    table: ServedTable,
    wanted: Mapping[str, Figures],
    scopes: Collection[str],
) -> list[str]:
    """Of `scopes`, those that are served with other figures than `wanted`."""
    served = served_by_scope(connection, table, sorted(scopes))
    return list(drift(table, served, wanted, served))


def is_served(newest: LedgerRow | None, content: str, fence: Fence) -> bool:
    """Whether a scope shows this content, published from this lake; a scope never published shows nothing.

    Rows of another lake are published again: that is what adopting it means.
    """
    if newest is None or newest.content_hash == MISSING:
        return content == MISSING
    return newest.content_hash == content and newest.fence.lake_id == fence.lake_id


def check_fence(last: Fence | None, ours: Fence, table: str, *, adopt: bool) -> None:
    """Refuse to publish an older version over a newer one, or another lake unasked.

    Raises:
        PublishError: with the remedy.
    """
    if last is None:
        return
    if last.lake_id != ours.lake_id and not adopt:
        raise PublishError(
            f"{table} was published from another lake table, {last.lake_id}; this one is {ours.lake_id}",
            remedy=f"if this lake is to replace that one: {PUBLISH} --adopt-lake",
        )
    if last.lake_id == ours.lake_id and last.version > ours.version:
        raise PublishError(
            f"{table} was published from Delta version {last.version}, newer than {ours.version}",
            remedy="run publish again: it reads the newest version",
        )
