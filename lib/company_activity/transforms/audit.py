"""Figures of an activity candidate, for its gates: rows, keys, sums and content hash per date."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.transforms.hashing import content_hash

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def audited(candidate: DataFrame) -> DataFrame:
    """`activity_date, rows, keys, active_users, events, content_hash`, one row per date; one pass."""
    return candidate.groupBy("activity_date").agg(
        F.count("*").alias("rows"),
        F.count_distinct("company_id").alias("keys"),
        F.sum("active_users").alias("active_users"),
        F.sum("events").alias("events"),
        content_hash(COMPANY_ACTIVITY_DAILY).alias("content_hash"),
    )


def rows_of_the_spine(companies: DataFrame, dates: Iterable[date]) -> dict[date, int]:
    """How many rows each date must have: the companies first seen by then, counted from the dimension alone."""
    first_seen = sorted(row[0] for row in companies.select("first_seen_date").collect())
    return {day: bisect_right(first_seen, day) for day in dates}
