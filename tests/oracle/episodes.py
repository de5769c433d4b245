"""`analytics.risk_episodes` from the rows of the activity table (design §7)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from .model import Row, Thresholds

CALM_ROWS = 7


def build_episodes(rows: Iterable[Row], limits: Thresholds | None = None) -> list[Row]:
    """Design: "One row per stretch of at-risk dates", of each company by itself."""
    gone_after = (limits or Thresholds()).gone_after_days
    ordered = sorted(rows, key=itemgetter("company_id", "activity_date"))
    found: list[Row] = []
    for _, of_company in groupby(ordered, key=itemgetter("company_id")):
        found += episodes_of(list(of_company), gone_after)
    return found


def episodes_of(rows: list[Row], gone_after: int) -> list[Row]:
    """Design: "a stretch ends with the 7th row in a row on which is_churn_risk is **false** (rows where it is NULL are
    passed over): that row's date is ended_on".
    """
    found: list[Row] = []
    current: Row | None = None
    for row in rows:
        if row["is_churn_risk"] is True:
            if current is None:
                current = begun(row)
                found.append(current)
            flag(current, row)
        elif row["is_churn_risk"] is False and current is not None:
            current["calm_dates"] += 1
            if current["calm_dates"] == CALM_ROWS:
                current["ended_on"] = row["activity_date"]
                current["ended_as"] = "gone" if is_gone(row, gone_after) else "recovered"
                current = None
    return found


def begun(row: Row) -> Row:
    """An episode without a date yet."""
    return {
        "company_id": row["company_id"],
        "started_on": row["activity_date"],
        "last_flagged_on": None,
        "ended_on": None,
        "ended_as": None,
        "churn_reasons": [],
        "churn_reasons_text": "",
        "peak_missing_user_days": None,
        "calm_dates": 0,
        "owner": None,
    }


def flag(episode: Row, row: Row) -> None:
    """Take in a row at risk: "churn_reasons (all that held, alphabetical)", the peak "NULL if never known"; "owner (as of last_flagged_on)"."""
    episode["last_flagged_on"] = row["activity_date"]
    episode["calm_dates"] = 0
    episode["owner"] = row["owner"]
    episode["churn_reasons"] = sorted({*episode["churn_reasons"], *row["churn_reasons"]})
    episode["churn_reasons_text"] = ",".join(episode["churn_reasons"])
    known = [one for one in (episode["peak_missing_user_days"], row["missing_user_days_7d"]) if one is not None]
    episode["peak_missing_user_days"] = max(known, default=None)


def is_gone(row: Row, gone_after: int) -> bool:
    """Design: "`gone` where the company is gone on ended_on"; a company that was at risk has been active."""
    silent = row["days_since_last_active"]
    return silent is None or silent >= gone_after
