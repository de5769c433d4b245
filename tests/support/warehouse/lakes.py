"""Lakes of real Delta tables for tests of publishing: companies and dates, committed as the steps commit them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from pyspark.sql import SparkSession

from company_activity.io.lake.delta import dates_predicate
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY

from support.lake.content import State, replace_where
from support.warehouse.tables import activity, companies


def commit_companies(spark: SparkSession, lake: str, names: Mapping[str, str | None]) -> None:
    """The whole dimension: a name per company."""
    replace_where(companies(spark, names), lake, COMPANIES, None, {})


def commit_dates(
    spark: SparkSession,
    lake: str,
    days: Mapping[date, Mapping[str, int]],
    dates: Iterable[date] | None = None,
    state: State = None,
) -> None:
    """Active users per company per day; of `dates` (those of `days`, unless given) nothing else is left."""
    predicate = dates_predicate("activity_date", days if dates is None else dates)
    replace_where(activity(spark, days), lake, COMPANY_ACTIVITY_DAILY, predicate, state or {})
