"""Whom to call: the companies at risk, why, since when, and against their usual use."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from company_activity.dates import DateRange
from company_activity.explore.reader import as_pandas
from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.transforms.call_lists import most_missing_first
from company_activity.transforms.figures import figures_by_date
from company_activity.transforms.fleet import PER_MILLE

if TYPE_CHECKING:
    from company_activity.explore.reader import Reader

HALF = 0.5  # of what is expected
SHOWN = (
    "company_id",
    "company_name",
    "country",
    "churn_reasons",
    "is_churn_risk",
    "rolling_7d_active_users",
    "usual_user_days_7d",
    "fleet_pace",
    "missing_user_days_7d",
    "days_since_last_active",
    "last_contact_at",
    "engagement_score",
    "data_quality_flag",
)
WHOLE = ("rolling_7d_active_users", "fleet_pace", "missing_user_days_7d", "days_since_last_active")


def companies_on(reader: Reader, day: date) -> pd.DataFrame:
    """Every company on the date beside its usual week; index `company_id`.

    `usual_user_days_7d` is <NA> without enough whole weeks, `missing_user_days_7d` is what this week
    lacks against it at the fleet's pace (per mille). Those that lack most come first, as in every list.
    `is_churn_risk` is <NA> where the company is not judged.
    """
    rows = reader.rows(COMPANY_ACTIVITY_DAILY, DateRange(day, day)).select(*SHOWN)
    found = as_pandas(rows.orderBy(*most_missing_first())).set_index("company_id")
    found["churn_reasons"] = found["churn_reasons"].map(list)
    return found.astype(dict.fromkeys(WHOLE, "Int64") | {"is_churn_risk": "boolean"})


def at_risk(companies: pd.DataFrame) -> pd.DataFrame:
    """Those of `companies_on` that are at risk, in its order."""
    return companies[companies["is_churn_risk"].fillna(False)]


def share_of_usual(companies: pd.DataFrame) -> pd.Series:
    """This week's use as a share of the usual week's at the fleet's pace, of those that have one.

    >>> columns = ["rolling_7d_active_users", "usual_user_days_7d", "fleet_pace"]
    >>> rows = [(3, 15.0, 800), (5, None, 800), (0, 0.0, 800)]
    >>> share_of_usual(pd.DataFrame(rows, ["a", "b", "c"], columns)).to_dict()
    {'a': 0.25}
    """
    expected = expected_user_days(companies)
    used = companies[expected.gt(0).fillna(False)]
    return (used["rolling_7d_active_users"] / expected[used.index]).astype("float64")


def expected_user_days(rows: pd.DataFrame) -> pd.Series:
    """The user-days of the usual week at the fleet's pace; <NA> where one of them is not known."""
    return rows["usual_user_days_7d"] * rows["fleet_pace"] / PER_MILLE


def far_below_usual(companies: pd.DataFrame) -> pd.DataFrame:
    """Those that used less than half of their usual week and are not at risk: no reason names them."""
    share = share_of_usual(companies)
    low = companies.loc[share.index[share < HALF]]
    return low[low["is_churn_risk"].eq(False).fillna(False)]


def companies_by_reason(companies: pd.DataFrame) -> pd.Series:
    """How many companies each reason holds for, most first; one may have several reasons.

    >>> companies = pd.DataFrame({"churn_reasons": [["SILENT"], [], ["DECLINING", "SILENT"]]})
    >>> companies_by_reason(companies).to_dict()
    {'SILENT': 2, 'DECLINING': 1}
    """
    counted = Counter(reason for reasons in companies["churn_reasons"] for reason in reasons)
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return pd.Series(dict(ordered), name="companies", dtype="int64")


def risk_by_date(reader: Reader, dates: DateRange) -> pd.DataFrame:
    """Companies, those at risk and those not judged, on each day; index `activity_date`.

    A missing date has <NA>, never 0.
    """
    figures = figures_by_date(reader.rows(COMPANY_ACTIVITY_DAILY, dates))
    figures = figures.withColumnRenamed("rows", "companies")
    counts = ["companies", "at_risk", "not_judged"]
    found = as_pandas(figures.select("activity_date", *counts)).set_index("activity_date")
    calendar = pd.Index(list(dates), name="activity_date")
    return found.reindex(calendar).astype("Int64")
