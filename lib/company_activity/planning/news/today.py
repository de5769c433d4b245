"""The date that news are told of: what is too old by then, and which companies are set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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

    def remembering(self, until: Mapping[str, date]) -> Today:
        """The same with the companies that were set aside `until` then, and of which `snoozed.csv` says so no more.

        They were set aside up to today at most: whoever takes a row out of the file wants to hear of the company.

        >>> def march(day): return date(2025, 3, day)
        >>> found = Today(march(31)).remembering({"a": march(30), "b": date(2025, 4, 9), "c": march(16)}).snoozed
        >>> [(one.company_id, one.until.day) for one in found.values()]
        [('a', 30), ('b', 31)]
        """
        ended = {
            company_id: Snooze(company_id, min(day, self.newest))
            for company_id, day in until.items()
            if self.is_recent(day)
        }
        later = {
            company_id: one
            for company_id, one in self.snoozed.items()
            if company_id not in ended or one.until > ended[company_id].until
        }
        return replace(self, snoozed=ended | later)

    def dates_of_news(self, company_id: str, day: date, is_late: bool = False) -> list[date]:
        """The dates that news of what happened on `day` may have, the best one first: none if it is too old.

        It is dated by that day if that is recent, and by the newest complete date if the same was told of that day
        before, and taken back since. What is too old has the newest date if it is late; it is late as well if the
        company was set aside until lately.

        >>> today = Today(date(2025, 3, 31))
        >>> [[one.day for one in today.dates_of_news("a", date(2025, 3, 1), is_late)] for is_late in (False, True)]
        [[], [31]]
        >>> [one.day for one in today.dates_of_news("a", date(2025, 3, 20))]
        [20, 31]
        """
        if self.is_recent(day):
            return [day, self.newest]
        return [self.newest] if is_late or self.was_snoozed(company_id, day) else []
