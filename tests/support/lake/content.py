"""What a lake holds, as hashes: of each table's rows, and of each built date."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.io.lake.delta import Lake, read_table, reading_versions
from company_activity.io.lake.delta_log import open_log
from company_activity.io.storage.folder import Folder
from company_activity.planning.state import ActivityState
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, TABLES, Table
from company_activity.transforms.hashing import content_hash

# A part of the landing is named after the run that fetched it.
NAMES_OF_PARTS = ("src_file_name", "path")
State = Mapping[str, Any] | None


def content(spark: SparkSession, lake: str, without: Collection[str] = ()) -> dict[str, str]:
    """By table the hash of its rows, without what belongs to the run that wrote them, and these columns."""
    hashed = []
    for table in TABLES:
        left_out = replace(table, unhashed=(*table.unhashed, *without))
        figures = F.lit(table.name).alias("table"), content_hash(left_out).alias("hash")
        hashed.append(read_table(spark, lake, table).agg(*figures))
    return {row["table"]: row["hash"] for row in reduce(DataFrame.unionAll, hashed).collect()}


def content_by_date(spark: SparkSession, lake: str) -> dict[str, str]:
    """By date the hash of the activity table's rows, from the rows themselves."""
    return hashes_by_date(read_table(spark, lake, COMPANY_ACTIVITY_DAILY))


def hashes_by_date(activity: DataFrame) -> dict[str, str]:
    """By date the hash of these rows of the activity table."""
    content = content_hash(COMPANY_ACTIVITY_DAILY).alias("hash")
    by_date = activity.groupBy("activity_date").agg(content)
    return {str(row["activity_date"]): row["hash"] for row in by_date.collect()}


def noted_by_date(lake: str | Folder) -> dict[str, str]:
    """By date the hash that the newest commit notes."""
    activity = ActivityState.from_json(open_log(lake, COMPANY_ACTIVITY_DAILY.path).state)
    return {str(day): content for day, content in activity.hashes.items()}


def lake_at(root: str | Path) -> Lake:
    """A lake whose logs are looked at; it has no session."""

    def no_session() -> SparkSession:
        raise AssertionError("no row of this lake is to be read")

    return Lake(str(root), no_session)


def replace_where(rows: DataFrame, lake: str, table: Table, predicate: str | None, state: State) -> None:
    """Replace what the predicate selects, as a step of a run would."""
    Lake(lake, lambda: rows.sparkSession).replace(table, rows, predicate, state)


def note_state(spark: SparkSession, lake: str, table: Table, state: Mapping[str, Any]) -> None:
    """Commit a state alone, as a step of a run would."""
    Lake(lake, lambda: spark).note(table, state)


def read_version(spark: SparkSession, lake: str, table: Table, version: int) -> DataFrame:
    """A table's rows as of a version; they are read once, to see whether they are there."""
    with reading_versions():
        rows = Lake(lake, lambda: spark).read_version(table, version)
        rows.collect()
    return rows


def newest_state(lake: str, table_path: str) -> Mapping[str, Any]:
    """What the table's newest commit of ours says it was built from."""
    return open_log(lake, table_path).state


def newest_version(lake: str, table_path: str) -> int:
    """The table's newest version; −1 where it is not made yet."""
    return open_log(lake, table_path).version


def versions(lake: str) -> dict[str, int]:
    """By table its newest version, whoever committed it."""
    return {table.name: newest_version(lake, table.path) for table in TABLES}
