"""The files of one table: unit by unit, each once, whatever was killed between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from company_activity.errors import PublishError
from company_activity.io.warehouse.served import ServedTable
from company_activity.operations.export.folder import ExportedFile, ExportFolder
from company_activity.operations.export.formats import Encoded, ExportColumn
from company_activity.operations.export.request import Plan

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

TOGETHER = "bring lake and warehouse together: company-activity publish --date D; then export again"


@dataclass
class TableWriter:
    """Writes one kind of files of a table, `part` or `delete`; `files` are those so far."""

    folder: ExportFolder
    plan: Plan
    table: ServedTable
    kind: str
    columns: list[ExportColumn]

    def __post_init__(self) -> None:
        self.files: list[ExportedFile] = []

    def write(self, unit: str, encoded: Callable[[], Iterable[Encoded]]) -> list[ExportedFile]:
        """Write a unit, unless it is done; its files.

        Raises:
            UsageError: if somebody has removed the export meanwhile, or begun it anew.
        """
        name = f"{self.table.name}.{self.kind}.{unit}"
        done = self.folder.done(name)
        if done is None:
            done = [
                self._written(number, one) for number, one in enumerate(encoded(), len(self.files))
            ]
            self.folder.note_done(name, done)
        self.files += done
        return done

    def encoded(self, rows: Callable[[], DataFrame]) -> Iterator[Encoded]:
        """The rows as files.

        Raises:
            PublishError: if a version that the ledger names can no longer be read.
        """
        from company_activity.operations.export.rows import Layout, VersionUnreadable, files_of

        layout = Layout(self.plan.format, self.plan.rows_per_file)
        try:
            yield from files_of(rows, self.table, self.columns, layout)
        except VersionUnreadable as gone:
            raise PublishError(
                f"what was published of {self.table.name} can no longer be read from the lake",
                remedy=TOGETHER,
            ) from gone

    def of_deletes(self, key: Iterable[str]) -> TableWriter:
        """The writer of what is to be deleted of the same table, named by these columns."""
        columns = exported_columns(self.table, key)
        return TableWriter(self.folder, self.plan, self.table, "delete", columns)

    def _written(self, number: int, encoded: Encoded) -> ExportedFile:
        self.folder.check_ours(self.plan)  # behind an `erase` that removed it, nothing is written
        return self.folder.write(self._path(number), encoded)

    def _path(self, number: int) -> str:
        return f"{self.table.name}/{self.kind}-{number:05d}.{self.plan.format}"


def exported_columns(table: ServedTable, names: Iterable[str] = ()) -> list[ExportColumn]:
    """The columns of a served table as they are exported, or those of these names: lists stay lists."""
    chosen = list(names) or table.column_names
    return [ExportColumn(name, table.lake.column(name).type) for name in chosen]


def check_count(
    table: ServedTable, what: str, files: Iterable[ExportedFile], expected: int
) -> None:
    """See that as many rows were exported as the ledger says were published.

    Raises:
        PublishError: with both numbers.
    """
    found = sum(file.rows for file in files)
    if found != expected:
        raise PublishError(
            f"{table.name} {what}: {found:,} rows in the lake, {expected:,} were published",
            remedy=TOGETHER,
        )
