"""The lake's side of a publish: one Delta table, pinned at one version."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.errors import PublishError
from company_activity.io.lake.delta import as_declared, table_uri
from company_activity.io.lake.delta_log import newest_version, table_id
from company_activity.io.warehouse.figures import Figures
from company_activity.io.warehouse.ledger import Fence
from company_activity.io.warehouse.served import ServedTable


@dataclass(frozen=True)
class LakeTable:
    """A served table as the lake has it at `fence.version`."""

    spark: SparkSession
    served: ServedTable
    path: str
    fence: Fence

    @cached_property
    def rows(self) -> DataFrame:
        """The table at its version; columns in the order of the schema."""
        return self.at(self.fence.version)

    def at(self, version: int) -> DataFrame:
        """The table at a version that may be older."""
        found = self.spark.read.format("delta").option("versionAsOf", version).load(self.path)
        return as_declared(found, self.served.lake)


def open_lake_table(spark: SparkSession, lake_root: str, served: ServedTable, version: int | None = None) -> LakeTable:
    """Pin a table of the lake at `version`, or at its newest.

    Raises:
        PublishError: if the lake has no such table.
    """
    path, inner = table_uri(lake_root, served.lake), served.lake.path
    newest = newest_version(lake_root, inner)
    if newest < 0:
        raise PublishError(f"the lake has no {served.name} at {path}", remedy="build it: company-activity run")
    return LakeTable(spark, served, path, Fence(table_id(lake_root, inner), newest if version is None else version))


def figures_by(rows: DataFrame, served: ServedTable, group: str) -> dict[str, Figures]:
    """Rows and sums per value of `group` (as text), as `statements.staged_figures` counts them."""
    sums = [F.sum(F.col(measure).cast("decimal(38,0)")) for measure in served.measures]
    counted = rows.groupBy(F.col(group).cast("string")).agg(F.count(F.lit(1)), *sums)
    return {str(row[0]): Figures(row[1], tuple(int(total) for total in row[2:])) for row in counted.collect()}
