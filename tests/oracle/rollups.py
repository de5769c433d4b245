"""`analytics.segment_activity_daily` and `analytics.retention_monthly` from the rows of other tables (design §7)."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal

from .model import Row, Thresholds

STATES = ("returning", "new", "resurrected", "dormant", "inactive")
MOST_CHARACTERS = 100


def build_segments(activity: Iterable[Row], episodes: Iterable[Row], limits: Thresholds | None = None) -> list[Row]:
    """Design: "key (activity_date, segment, country), both as of D, NULL a group of its own […]; over the activity rows
    of D"; "entered (episodes with started_on = D)".
    """
    gone_after = (limits or Thresholds()).gone_after_days
    entered = {(episode["company_id"], episode["started_on"]) for episode in episodes}
    groups: defaultdict[tuple[date, str | None, str | None], list[Row]] = defaultdict(list)
    for row in activity:
        groups[row["activity_date"], name_of(row["segment"]), name_of(row["country"])].append(row)
    return [
        {
            "activity_date": day,
            "segment": segment,
            "country": country,
            **figures(rows, gone_after),
            "entered": sum((row["company_id"], day) in entered for row in rows),
        }
        for (day, segment, country), rows in groups.items()
    ]


def name_of(text: str | None) -> str | None:
    """What SQL can have in a key: no U+0000, no blanks around it, and no more than so many characters."""
    short = (text or "").replace("\0", "\ufffd").strip(" ")[:MOST_CHARACTERS].rstrip(" ")
    return short or None


def figures(rows: list[Row], gone_after: int) -> Row:
    """The sums of a group; "stickiness_lower, _upper = Σu 7d / 7 / Σ mau_upper, / Σ mau_lower"."""
    at_risk = [row for row in rows if row["is_churn_risk"]]
    values = [row["contract_value"] for row in at_risk if row["contract_value"] is not None]
    states = Counter(row["lifecycle_state"] for row in rows)
    user_days_7d = sum(row["rolling_7d_active_users"] for row in rows)
    return {
        "companies": len(rows),
        "active_companies": sum(row["active_users"] > 0 for row in rows),
        "user_days": sum(row["active_users"] for row in rows),
        "events": sum(row["events"] for row in rows),
        "at_risk": len(at_risk),
        "not_judged": sum(row["is_churn_risk"] is None for row in rows),
        "gone": sum(row["days_since_last_active"] == gone_after for row in rows),
        "missing_user_days": sum(row["missing_user_days_7d"] or 0 for row in at_risk),
        "contract_value_at_risk": sum(values, Decimal(0)) if values else None,
        "stickiness_lower": share(user_days_7d, sum(row["mau_upper"] for row in rows)),
        "stickiness_upper": share(user_days_7d, sum(row["mau_lower"] for row in rows)),
        **{f"lifecycle_{state}": states[state] for state in STATES},
        "lifecycle_unknown": states[None],
    }


def share(user_days_7d: int, users: int) -> float | None:
    return user_days_7d / 7 / users if users else None


def build_retention(activity: Iterable[Row], companies: Iterable[Row], complete: Collection[date]) -> list[Row]:
    """Design: "key (cohort month of first_active_date, month; months all of whose dates are complete): companies, active
    in the month".
    """
    cohorts: defaultdict[date, set[str]] = defaultdict(set)
    for company in companies:
        if company["first_active_date"]:
            cohorts[month_of(company["first_active_date"])].add(company["company_id"])
    active: defaultdict[date, set[str]] = defaultdict(set)
    for row in activity:
        if row["active_users"] > 0:
            active[month_of(row["activity_date"])].add(row["company_id"])
    days = Counter(month_of(day) for day in complete)
    return [
        {
            "cohort_month": cohort,
            "activity_month": month,
            "companies": len(members),
            "active_companies": len(members & active[month]),
        }
        for month, known in days.items()
        if known == monthrange(month.year, month.month)[1]
        for cohort, members in cohorts.items()
        if cohort <= month
    ]


def month_of(day: date) -> date:
    return day.replace(day=1)
