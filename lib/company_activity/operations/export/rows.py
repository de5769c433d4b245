"""The rows of an export, out of the versions of the lake that the ledger names. This is what Spark is started for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from company_activity.io.lake.versions import is_version_gone
from company_activity.io.warehouse.by_key import changed_rows
from company_activity.io.warehouse.pinned import pin_table
from company_activity.io.warehouse.statements import IS_GONE
from company_activity.operations.export.formats import (
    ENCODED,
    Columns,
    Encoded,
    encoder,
)
from company_activity.operations.export.units import KeysUnit
from company_activity.runtime.compute import cached, uncache

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from company_activity.io.storage.folder import Folder
    from company_activity.io.warehouse.served import ServedTable


class VersionUnreadable(Exception):
    """A version that the ledger names is gone: its log has expired, or its files were removed."""


@dataclass(frozen=True)
class Layout:
    """How rows become files."""

    format: str
    rows_per_file: int


@dataclass(frozen=True)
class KeyChanges:
    """What differs between two versions of a table without dates: rows that there are, and rows whose key has left.

    They are kept in memory: `release` gives it back.
    """

    there: DataFrame
    gone: DataFrame
    kept: DataFrame

    def release(self) -> None:
        """Give back the memory that the rows take."""
        uncache(self.kept)


def rows_of_dates(
    spark: SparkSession, lake: Folder, table: ServedTable, version: int, days: tuple[date, ...]
) -> DataFrame:
    """The rows of these days as a version has them."""
    return pin_table(spark, lake, table, version).of_days(days)


def all_rows(spark: SparkSession, lake: Folder, table: ServedTable, version: int) -> DataFrame:
    """All rows of a version."""
    return pin_table(spark, lake, table, version).rows


def rows_changed(
    spark: SparkSession, lake: Folder, table: ServedTable, before: int, version: int
) -> KeyChanges:
    """What differs between two versions.

    Raises:
        VersionUnreadable: if one of them is gone.
    """
    with reading(table):
        found = cached(changed_rows(pin_table(spark, lake, table, version), before))
        found.count()
    is_gone = F.col(IS_GONE) == 1
    return KeyChanges(found.where(~is_gone), found.where(is_gone), found)


def share_of(rows: DataFrame, table: ServedTable, unit: KeysUnit) -> DataFrame:
    """The rows whose keys fall into a share; which one they do follows from the key alone."""
    if unit.shares == 1:
        return rows
    share = F.pmod(F.xxhash64(*table.key), F.lit(unit.shares))
    return rows.where(share == unit.share)


def files_of(
    rows: Callable[[], DataFrame], table: ServedTable, columns: Columns, layout: Layout
) -> Iterator[Encoded]:
    """The rows in the order of the key, as files; executors encode them, and hand over one file at a time.

    `rows` is asked first: it may start Spark, and no column can be named before.

    Raises:
        VersionUnreadable: if their version, or a file of it, is gone.
    """
    encode = encoder(layout.format, columns, layout.rows_per_file)
    with reading(table):
        found = rows()
        shown = [_as_served(column.name, table) for column in columns]
        ordered = found.coalesce(1).sortWithinPartitions(*table.key).select(*shown)
        for file in ordered.mapInArrow(encode, ENCODED).toLocalIterator():
            yield Encoded(bytes(file["content"]), file["rows"], file["guarded"])


@contextmanager
def reading(table: ServedTable) -> Iterator[None]:
    """What is read inside may be rows of old versions.

    Raises:
        VersionUnreadable: if one is gone; a read that fails otherwise is raised as it is.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as failure:
        if is_version_gone(failure):
            raise VersionUnreadable(table.name) from failure
        raise


def _as_served(name: str, table: ServedTable) -> Column:
    """A column as the warehouse shows it: a text of the key that is NULL in the lake is empty there."""
    declared = table.lake.column(name)
    if name in table.key and declared.nullable and declared.type == "string":
        return F.coalesce(F.col(name), F.lit("")).alias(name)
    return F.col(name)
