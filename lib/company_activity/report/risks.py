"""Whom a report names, and how far its lists can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from company_activity.dates import WEEK_DAYS

SLOW_PACE = 700  # per mille: below it, a week was slow for all
RENEWAL_DAYS = 60  # a renewal so near is said in words
MOST_NOT_JUDGED = 20  # per cent: above it, a list of whom to call leaves out too many


@dataclass(frozen=True)
class SetAside:
    """That a company is not to be called before `until`, and why, where somebody said why."""

    until: date
    why: str | None = None


@dataclass(frozen=True)
class ListedCompany:
    """One company that a list names, and what is known of it on the day.

    `is_at_risk` is None where it is not judged; `reasons` are the churn reasons that hold.
    `at_risk_since` and `left_on` are the first
    date of its newest stretch at risk and the date on which that ended; None where it has none.
    `days` are its active users on each of the last 60 days, oldest first, where a line is drawn of
    them; None where a date is missing or the company was not there yet. What is `set_aside` is
    folded: it is at risk, and nobody should call yet. `seats_used` is the least and the most that
    the share of its seats in use can be. `scores` are its engagement scores four weeks before the
    day, three, two, one and on it; None where that date is not complete or had no such company.
    """

    company_id: str
    company_name: str
    is_at_risk: bool | None = None
    reasons: tuple[str, ...] = ()
    country: str | None = None
    industry: str | None = None
    user_days_7d: int = 0
    usual_user_days_7d: float | None = None
    fleet_pace: int | None = None
    missing_user_days_7d: int | None = None
    last_active: date | None = None
    last_contact: date | None = None
    at_risk_since: date | None = None
    left_on: date | None = None
    days: tuple[int | None, ...] = ()
    set_aside: SetAside | None = None
    owner: str | None = None
    segment: str | None = None
    seats: int | None = None
    seats_used: tuple[float, float] | None = None
    contract_value: Decimal | None = None
    renewal_on: date | None = None
    scores: tuple[float | None, ...] = ()

    def renews_soon(self, on: date) -> bool:
        """Whether its contract renews on `on` or within the 60 days after it.

        >>> at_risk = ListedCompany("a", "A", renewal_on=date(2025, 3, 12))
        >>> at_risk.renews_soon(date(2025, 1, 11)), at_risk.renews_soon(date(2025, 1, 10))
        (True, False)
        """
        return self.renewal_on is not None and 0 <= (self.renewal_on - on).days <= RENEWAL_DAYS


@dataclass(frozen=True)
class Listing:
    """How many companies there are of a kind, and the first of them, in the order of the list."""

    count: int = 0
    companies: tuple[ListedCompany, ...] = ()

    @property
    def halved(self) -> Listing:
        """The same with half as many named."""
        return Listing(self.count, self.companies[: len(self.companies) // 2])


NOBODY = Listing()


@dataclass(frozen=True)
class RiskNews:
    """Who entered risk and who recovered after `since`: the date of the last report, or a week ago without one."""

    since: date
    is_since_report: bool
    entered: Listing = NOBODY
    recovered: Listing = NOBODY

    @property
    def halved(self) -> RiskNews:
        """The same with half as many named."""
        return replace(self, entered=self.entered.halved, recovered=self.recovered.halved)

    @property
    def since_text(self) -> str:
        """
        >>> RiskNews(date(2025, 11, 20), True).since_text, RiskNews(date(2025, 11, 20), False).since_text
        ('since the report of 2025-11-20', 'in the last 7 days')
        """
        if self.is_since_report:
            return f"since the report of {self.since}"
        return f"in the last {WEEK_DAYS} days"

    @property
    def text(self) -> str:
        """What changed, in one line.

        >>> RiskNews(date(2025, 11, 20), True, Listing(3), Listing(1)).text
        '3 entered and 1 recovered since the report of 2025-11-20'
        """
        changes = f"{self.entered.count:,} entered and {self.recovered.count:,} recovered"
        return f"{changes} {self.since_text}"


@dataclass(frozen=True)
class Status:
    """How far the lists of a day can be trusted.

    `newest` is the date of the lists, and the newest complete one but where `later` names that: a report may be about
    an older date. `missing` are the dates of its week that are missing, and `asked` is the newest date that the run
    was asked for.
    """

    newest: date
    missing: tuple[date, ...] = ()
    companies: int = 0
    not_judged: int = 0
    asked: date | None = None
    later: date | None = None

    @property
    def is_trusted(self) -> bool:
        """Whether the lists say whom to call today: of the newest date asked for, with few companies left out.

        >>> Status(date(2025, 11, 23), (), 40, 8).is_trusted, Status(date(2025, 11, 23), (), 40, 9).is_trusted
        (True, False)
        """
        is_newest = not self.asked or self.asked <= self.newest
        are_judged = self.not_judged * 100 <= MOST_NOT_JUDGED * self.companies
        return is_newest and are_judged and not self.missing

    @property
    def line(self) -> str:
        """The one line that page, messages and summary carry.

        >>> print(Status(date(2025, 11, 1), companies=40, later=date(2025, 11, 23)).line)
        Lists of 2025-11-01; newest complete date 2025-11-23; no date of its week is missing; every company is judged.

        >>> print(Status(date(2025, 11, 23), (), 412, 3).line)
        Newest complete date 2025-11-23; no date of its week is missing; 3 of 412 companies (0.7 %) are not judged: \
records of theirs were refused.
        >>> print(Status(date(2025, 11, 23), (date(2025, 11, 21),), 40, 40, date(2025, 11, 24)).line)
        The lists cannot be trusted today. Newest complete date 2025-11-23, not 2025-11-24, which was asked for; \
2025-11-21 of its week is missing; 40 of 40 companies (100 %) are not judged: a date of the week is missing.
        """
        doubt = "" if self.is_trusted else "The lists cannot be trusted today. "
        is_late = self.asked and self.asked > self.newest
        late = f", not {self.asked}, which was asked for" if is_late else ""
        are = "are" if len(self.missing) > 1 else "is"
        week = f"{', '.join(map(str, self.missing)) or 'no date'} of its week {are} missing"
        newest = f"Newest complete date {self.newest}{late}"
        if self.later:
            newest = f"Lists of {self.newest}{late}; newest complete date {self.later}"
        return f"{doubt}{newest}; {week}; {self._judged}."

    @property
    def _judged(self) -> str:
        if not self.not_judged:
            return "every company is judged"
        are = "is" if self.not_judged == 1 else "are"
        companies = "company" if self.companies == 1 else "companies"
        why = "a date of the week is missing" if self.missing else "records of theirs were refused"
        judged = f"{self.not_judged:,} of {self.companies:,} {companies} ({self._share})"
        return f"{judged} {are} not judged: {why}"

    @property
    def _share(self) -> str:
        return share_text(self.not_judged, self.companies)


def share_text(part: int, whole: int) -> str:
    """A share in per cent: with a decimal where it is small, and never 0 % or 100 % of what is not none or all.

    >>> share_text(3, 412), share_text(9, 40), share_text(1, 100_000), share_text(99_999, 100_000)
    ('0.7 %', '23 %', 'under 0.1 %', 'over 99 %')
    """
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if 99 < percent < 100:
        return "over 99 %"
    if percent < 10:
        return f"{percent:.1f} %".replace(".0 %", " %")
    return f"{int(percent + 0.5)} %"


def pace_text(pace: int) -> str:
    """A fleet's pace, per mille, in per cent.

    >>> pace_text(970), pace_text(624)
    ('97 %', '62 %')
    """
    return f"{(pace + 5) // 10} %"


def median_pace(companies_by_pace: Sequence[tuple[int | None, int]]) -> int | None:
    """The pace that half of the companies are at or below; None where no pace is known.

    >>> median_pace([(600, 30), (900, 10), (None, 9)]), median_pace([(None, 3)])
    (600, None)
    """
    known = sorted((pace, count) for pace, count in companies_by_pace if pace is not None)
    half = sum(count for _, count in known) / 2
    reached = 0
    for pace, count in known:
        reached += count
        if reached >= half:
            return pace
    return None
