"""The date that news are told of: what is too old by then, and which companies are set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from company_activity.records.crm.snoozed import Snooze

NEWS_DAYS = 14


@dataclass(frozen=True)
class Today:
    """The newest complete date, how many days before it something is still news, and the snoozes of companies."""

    newest: date
    news_days: int = NEWS_DAYS
    snoozed: Mapping[str, Snooze] = field(default_factory=dict)

    @property
    def oldest(self) -> date:
        """The first date that is still news."""
        return self.newest - timedelta(days=self.news_days)

    def is_recent(self, day: date) -> bool:
        """Whether what happened on a date is still news.

        >>> today = Today(date(2025, 3, 31), news_days=14)
        >>> today.is_recent(date(2025, 3, 17)), today.is_recent(date(2025, 3, 16))
        (True, False)
        """
        return day >= self.oldest

    def is_snoozed(self, company_id: str) -> bool:
        """Whether a company is set aside: `until` is the first date that is told again.

        >>> snoozed = {"a": Snooze("a", date(2025, 3, 31), "on holiday")}
        >>> [Today(date(2025, 3, day), 14, snoozed).is_snoozed("a") for day in (30, 31)]
        [True, False]
        """
        snooze = self.snoozed.get(company_id)
        return snooze is not None and self.newest < snooze.until

    def was_snoozed(self, company_id: str, day: date) -> bool:
        """Whether a company that is no longer set aside was so on a date, and until lately."""
        snooze = self.snoozed.get(company_id)
        return snooze is not None and day < snooze.until and self.is_recent(snooze.until)

    def dates_of_news(self, company_id: str, day: date, is_late: bool = False) -> list[date]:
        """The dates that news of what happened on `day` may have, the best one first: none if it is too old.

        It is dated by that day if that is recent, and else, if it is late, by the newest complete date. It is late as
        well if the company was set aside until lately.

        >>> today = Today(date(2025, 3, 31))
        >>> [[one.day for one in today.dates_of_news("a", date(2025, 3, 1), is_late)] for is_late in (False, True)]
        [[], [31]]
        """
        days = [day] if self.is_recent(day) else []
        if is_late or self.was_snoozed(company_id, day):
            days.append(self.newest)
        return days
