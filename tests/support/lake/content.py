"""What a lake holds, as hashes: of each table's rows, and of each built date."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.io.lake.delta import read_table
from company_activity.io.lake.delta_log import newest_state, newest_version
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, TABLES
from company_activity.transforms.hashing import content_hash


def content(spark: SparkSession, lake: str) -> dict[str, str]:
    """By table the hash of its rows, without what belongs to the run that wrote them."""
    hashed = [
        read_table(spark, lake, table).agg(F.lit(table.name).alias("table"), content_hash(table).alias("hash"))
        for table in TABLES
    ]
    return {row["table"]: row["hash"] for row in reduce(DataFrame.unionAll, hashed).collect()}


def content_by_date(spark: SparkSession, lake: str) -> dict[str, str]:
    """By date the hash of the activity table's rows, from the rows themselves."""
    return hashes_by_date(read_table(spark, lake, COMPANY_ACTIVITY_DAILY))


def hashes_by_date(activity: DataFrame) -> dict[str, str]:
    """By date the hash of these rows of the activity table."""
    content = content_hash(COMPANY_ACTIVITY_DAILY).alias("hash")
    by_date = activity.groupBy("activity_date").agg(content)
    return {str(row["activity_date"]): row["hash"] for row in by_date.collect()}


def noted_by_date(lake: str) -> dict[str, str]:
    """By date the hash that the newest commit notes."""
    dates = newest_state(lake, COMPANY_ACTIVITY_DAILY.path).get("dates", {})
    return {day: entry[0] for day, entry in dates.items()}


def versions(lake: str) -> dict[str, int]:
    """By table its newest version, whoever committed it."""
    return {table.name: newest_version(lake, table.path) for table in TABLES}
