"""What a metric says of a company on a date: the product's columns, and the formulas that it replaces.

The reference's formulas are kept as the wrong answers they are. Their windows run over the *rows* of a company, one
for each day with a record, not over calendar days; a company without a record on a day has no row on it; churn is few
user-days in the last 7 rows and a last contact more than 30 days before *now*; monthly users are the sum of the daily
users of 30 rows, or 30 times their average.

They get the benefit of every doubt: records are deduplicated and sound (by our staging), they run on the day itself,
so that "now" is that day, and read the CRM as it was then. Two readings: only the rows of the day, as a daily report
has them, or each company's newest row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import inf
from operator import itemgetter

from company_activity.settings.model import ContactSettings

from evaluation.table import Row, Tables, UsageDay
from evaluation.truth import CompanyDay


@dataclass(frozen=True)
class Verdict:
    """Whether a company is flagged, and where it stands in the order of whom to call: smallest first."""

    is_flagged: bool = False
    rank: tuple[float, ...] = (inf,)


Verdicts = dict[CompanyDay, Verdict]


def ours_as_shown(rows: Iterable[Row]) -> Verdicts:
    """The one order of every list: those at risk before others, the most missing user-days first."""
    return {key(row): Verdict(is_flagged(row), (not is_flagged(row), missing(row))) for row in rows}


def is_flagged(row: Row) -> bool:
    """Whether the row says that the company is at risk; one that is not judged says nothing."""
    return row["is_churn_risk"] is True


def missing(row: Row) -> float:
    """What its week lacks, so that the most comes first; where that is not known it comes last."""
    lacks = row["missing_user_days_7d"]
    return inf if lacks is None else -float(lacks)


def ours_by_engagement(rows: Iterable[Row]) -> Verdicts:
    """Those at risk before others; among equals, the lower engagement score."""
    return {key(row): Verdict(is_flagged(row), (not is_flagged(row), row["engagement_score"])) for row in rows}


def key(row: Row) -> CompanyDay:
    """What identifies a row."""
    return row["company_id"], row["activity_date"]


@dataclass(frozen=True)
class RowsUntil:
    """The reference's view of a company on a date: its users by row, oldest first, and the date of the newest."""

    newest: date
    users: list[int]

    @property
    def week(self) -> int:
        """User-days in 7 rows."""
        return sum(self.users[-7:])

    @property
    def month_sum(self) -> float:
        """Monthly users as the sum of 30 rows."""
        return sum(self.users[-30:])

    @property
    def month_average(self) -> float:
        """Monthly users as 30 times the average of 30 rows."""
        return 30 * self.month_sum / len(self.users[-30:])


def rows_until(usage: Iterable[UsageDay], wanted: Iterable[CompanyDay]) -> dict[CompanyDay, RowsUntil]:
    """For each company and date wanted, the rows up to it; absent where there are none yet."""
    days, users = defaultdict(list), defaultdict(list)
    for company_id, day, active in sorted(usage, key=itemgetter(0, 1)):
        days[company_id].append(day)
        users[company_id].append(active)
    ends = {(c, day): bisect_right(days[c], day) for c, day in wanted if c in days}
    return {(c, day): RowsUntil(days[c][end - 1], users[c][:end]) for (c, day), end in ends.items() if end}


def reference(tables: Tables, limits: ContactSettings, *, newest_row: bool) -> Verdicts:
    """The reference's churn flag, and by its own measure whom to call: the flagged, then those with few users."""
    contacted_on = {key(row): row["contacted_on"] for row in tables.activity}
    verdicts = {}
    for (company_id, day), rows in rows_until(tables.usage, contacted_on).items():
        contact = contacted_on[company_id, day]
        is_contact_old = contact is not None and (day - contact).days > limits.no_contact_days
        is_flagged = rows.week <= limits.low_use_user_days and is_contact_old
        if newest_row or rows.newest == day:
            verdicts[company_id, day] = Verdict(is_flagged, (not is_flagged, rows.week))
    return verdicts
