"""What is published from: a table of the lake, pinned at one version, and its figures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.errors import PublishError
from company_activity.io.lake.changed_files import read_changed
from company_activity.io.lake.delta import as_declared, table_uri
from company_activity.io.lake.delta_log import DeltaLog, open_log
from company_activity.io.storage.folder import Folder
from company_activity.io.warehouse.figures import Figures, figures_by, nothing
from company_activity.io.warehouse.ledger import WHOLE, Fence
from company_activity.io.warehouse.served import (
    ACTIVITY,
    DIMENSION,
    EPISODES,
    RETENTION,
    SEGMENTS,
    ServedTable,
)


@dataclass(frozen=True)
class PinnedTable:
    """A served table as the lake has it at `fence.version`: every read of a publish sees the same rows.

    `noted` are figures by scope that the lake's own states tell of these rows: of others the rows are asked. `log`
    tells which files changed since an older version; without it the versions are compared whole.
    """

    spark: SparkSession
    served: ServedTable
    path: str
    fence: Fence
    noted: Mapping[str, Figures] = field(default_factory=dict)
    log: DeltaLog | None = None

    @cached_property
    def rows(self) -> DataFrame:
        """The table at its version; columns in the order of the schema."""
        return self.at(self.fence.version)

    def of_days(self, days: Iterable[date]) -> DataFrame:
        """The rows of these days; only of a dated table."""
        return self.rows.where(F.col(self.served.day_column).isin(list(days)))

    def day_figures(self, days: Collection[date]) -> dict[str, Figures]:
        """The figures of each of these days, by ISO date; only of a dated table."""
        found = dict(self.noted)
        asked = [day for day in days if day.isoformat() not in found]
        if asked:
            found |= figures_by(self.of_days(asked), self.served, self.served.day_column)
        none = nothing(self.served)
        return {day.isoformat(): found.get(day.isoformat(), none) for day in days}

    def whole_figures(self) -> dict[str, Figures]:
        """The figures of a table that is published whole: its rows."""
        if WHOLE in self.noted:
            return {WHOLE: self.noted[WHOLE]}
        return {WHOLE: Figures(self.rows.count())}

    def changed_since(self, version: int) -> tuple[DataFrame, DataFrame]:
        """The rows at an older version and those at this one, without some that are the same in both."""
        changed = None
        if self.log is not None:
            table = self.served.lake
            until = self.fence.version
            changed = read_changed(self.spark, table, self.path, self.log, version, until)
        return changed or (self.at(version), self.rows)

    def at(self, version: int) -> DataFrame:
        """The table at a version that may be older."""
        found = self.spark.read.format("delta").option("versionAsOf", version).load(self.path)
        return as_declared(found, self.served.lake)


def keyed_tables(lake: str | Folder) -> tuple[ServedTable, ...]:
    """The tables that are published by key: those that older lakes have not, only where the lake has them."""
    return (DIMENSION, *(table for table in (EPISODES, RETENTION) if _is_made(lake, table)))


def dated_tables(lake: str | Folder) -> tuple[ServedTable, ...]:
    """The tables that are published by date: the roll-up by segment only where the lake has it."""
    return (ACTIVITY, SEGMENTS) if _is_made(lake, SEGMENTS) else (ACTIVITY,)


def _is_made(lake: str | Folder, table: ServedTable) -> bool:
    return open_log(lake, table.lake.path).version >= 0


def pin_table(
    spark: SparkSession,
    lake: str | Folder,
    served: ServedTable,
    version: int | None = None,
    noted: Mapping[str, Figures] | None = None,
) -> PinnedTable:
    """Pin a table of the lake at `version`, or at its newest, with what is `noted` of it by scope.

    Raises:
        PublishError: if the lake has no such table.
    """
    path = table_uri(lake, served.lake)
    log = open_log(lake, served.lake.path)
    if log.version < 0:
        raise PublishError(
            f"the lake has no {served.name} at {path}", remedy="build it: company-activity run"
        )
    fence = Fence(log.table_id, log.version if version is None else version)
    return PinnedTable(spark, served, path, fence, noted or {}, log)
