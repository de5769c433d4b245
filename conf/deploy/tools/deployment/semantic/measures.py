"""The measures of the semantic model: what a customer-success team asks first.

Rows are one per company and date, so a count of companies needs a date: the newest that the selection holds.
"""

from __future__ import annotations

from dataclasses import dataclass

WHOLE = "#,0"
SHARE = "0.0 %"
DECIMAL = "#,0.00"


@dataclass(frozen=True)
class Measure:
    """A measure: its name, its DAX, how it is shown, what it means."""

    name: str
    dax: str
    format: str
    comment: str


def on_newest_date(counted: str, *conditions: str) -> str:
    """DAX that evaluates `counted` on the newest date of the selection."""
    filters = ["company_activity_daily[activity_date] = newest", *conditions]
    listed = ",\n    ".join(filters)
    return (
        "VAR newest = MAX(company_activity_daily[activity_date])\n"
        "RETURN\n"
        "CALCULATE(\n"
        f"    {counted},\n"
        f"    {listed}\n"
        ")"
    )


MEASURES = (
    Measure(
        "Companies",
        on_newest_date("COUNTROWS(company_activity_daily)"),
        WHOLE,
        "Companies on the newest date of the selection, silent ones included",
    ),
    Measure(
        "Companies at risk",
        on_newest_date(
            "COUNTROWS(company_activity_daily)",
            "company_activity_daily[is_churn_risk] = TRUE()",
        ),
        WHOLE,
        "Companies with a churn reason on the newest date of the selection",
    ),
    Measure(
        "Companies judged",
        on_newest_date(
            "COUNTROWS(company_activity_daily)",
            "NOT ISBLANK(company_activity_daily[is_churn_risk])",
        ),
        WHOLE,
        "Companies of that date whose last week is known, so that risk can be judged",
    ),
    Measure(
        "Share at risk",
        "DIVIDE([Companies at risk], [Companies judged])",
        SHARE,
        "Companies at risk among those that were judged",
    ),
    Measure(
        "User-days",
        "SUM(company_activity_daily[active_users])",
        WHOLE,
        "Active users summed over companies and dates: the same user counts once a day",
    ),
    Measure(
        "Events per user-day",
        "DIVIDE(SUM(company_activity_daily[events]), [User-days])",
        DECIMAL,
        "Events for each user and day of use; a ratio of sums",
    ),
    Measure(
        "Engagement average",
        on_newest_date("AVERAGE(company_activity_daily[engagement_score])"),
        DECIMAL,
        "Mean engagement score over the companies of the newest date of the selection",
    ),
    Measure(
        "Silent companies",
        on_newest_date(
            "COUNTROWS(company_activity_daily)",
            "company_activity_daily[active_days_7d] = 0",
        ),
        WHOLE,
        "Companies without an active user in the 7 days that end on the newest date of the selection",
    ),
)
