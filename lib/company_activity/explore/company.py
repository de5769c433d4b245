"""One company, day by day: its figures on a calendar, and where each of its records came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import functions as F

from company_activity.errors import UsageError
from company_activity.explore.landed import COMPLETE, MISSING
from company_activity.explore.reader import as_pandas
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE
from company_activity.transforms.usage import parse_usage

if TYPE_CHECKING:
    from company_activity.dates import DateRange
    from company_activity.explore.reader import Reader

SHOWN = {
    "active_users": "Int64",
    "events": "Int64",
    "rolling_7d_active_users": "Int64",
    "rolling_30d_events": "Int64",
    "days_observed_7d": "Int64",
    "days_observed_30d": "Int64",
    "engagement_score": "Float64",
    "lifecycle_state": "string",
    "usual_user_days_7d": "Float64",
    "fleet_pace": "Int64",
    "missing_user_days_7d": "Int64",
    "is_churn_risk": "boolean",
    "churn_reasons": "string",
    "data_quality_flag": "string",
    "company_name": "string",
}
UNSEEN = "before its first day"
PLACE = ("src_file_name", "page", "item")


def company_days(reader: Reader, company_id: str, dates: DateRange) -> pd.DataFrame:
    """The company's figures on each calendar day of the range; index `activity_date`.

    A day without a row has <NA> in each figure, never 0, and `date_is` says why: the date is
    `missing`, or `before its first day`. A silent company on a `complete` date has its zeros.

    Raises:
        UsageError: if the lake has no such company.
    """
    rows = reader.rows_of(company_id, COMPANY_ACTIVITY_DAILY, dates)
    reasons = F.array_join("churn_reasons", ", ").alias("churn_reasons")
    shown = [reasons if name == "churn_reasons" else F.col(name) for name in SHOWN]
    found = as_pandas(rows.select("activity_date", *shown)).set_index("activity_date")
    if found.empty:
        _check_known(reader, company_id)
    days = found.reindex(pd.Index(list(dates), name="activity_date")).astype(SHOWN)
    complete = set(reader.complete_dates)
    missing = [UNSEEN if day in complete else MISSING for day in dates]
    has_row = days.index.isin(found.index)
    days.insert(0, "date_is", pd.Series(missing, days.index).mask(has_row, COMPLETE))
    return days


def _check_known(reader: Reader, company_id: str) -> None:
    if reader.rows_of(company_id, COMPANIES).isEmpty():
        raise UsageError(
            f"{reader.lake.root} knows no company {company_id!r}",
            remedy=f"give an id of {COMPANIES.name}; c_101 is not C_101",
        )


def records_of(reader: Reader, company_id: str, dates: DateRange) -> pd.DataFrame:
    """Each usage record of the company that landed for these dates, in the order of the API.

    `became` is `staged`, `refused` (`reasons` names the rules it broke) or `duplicate`: another
    record of the same company and ts counts in its place. `file`, `page` and `item` are where the
    landed line stands; `raw` is its text. Records of a generation that is not staged yet are
    `not staged`. All lines of the dates are read.
    """
    newest = [manifest for day in dates if (manifest := reader.landing.newest(day))]
    lines = reader.landed_lines([manifest for manifest in newest if manifest.is_complete])
    landed = lines.transform(parse_usage, every_raw=True).where(F.col("company_id") == company_id)
    kept = reader.rows_of(company_id, PRODUCT_USAGE, dates).select(
        *PLACE, F.lit(True).alias("kept")
    )
    marks = reader.lake.staging.marks
    staged = [
        manifest.date
        for manifest in newest
        if manifest.date in marks and marks[manifest.date].generation == manifest.generation
    ]
    became = (
        F.when(~F.col("date").isin(staged), "not staged")
        .when(F.size("reasons") > 0, "refused")
        .when(F.col("kept"), "staged")
        .otherwise("duplicate")
    )
    shown = landed.join(kept, [*PLACE], "left").select(
        "date",
        became.alias("became"),
        "active_users",
        "events",
        F.col("src_file_name").alias("file"),
        "page",
        "item",
        F.array_join("reasons", ", ").alias("reasons"),
        "raw",
    )
    found = as_pandas(shown.orderBy("date", "page", "item"))
    return found.astype({"active_users": "Int64", "events": "Int64"})
