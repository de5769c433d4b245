"""The usage API → the landing: each date once, whole, or not at all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Literal

from company_activity.dates import check_is_over
from company_activity.errors import SourceError
from company_activity.io.api.client import UsageApi
from company_activity.io.api.page import PagingBroken
from company_activity.io.landing.commit import Fetch, Landed, begin, commit
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.page_file import Session
from company_activity.io.landing.unfinished import UnfinishedDate
from company_activity.io.secrets.resolve import resolve
from company_activity.io.storage.opening import open_storage
from company_activity.records.tombstone import NO_TOMBSTONES, Tombstones
from company_activity.settings.model import Settings

log = logging.getLogger(__name__)
START_OVERS = 3
Outcome = Literal["landed", "unchanged", "held", "failed"]
OnPage = Callable[[date, int, int], None]


def fetch_dates(
    settings: Settings,
    dates: Iterable[date],
    *,
    clock: Callable[[], datetime],
    run_id: str,
    refetch: bool = True,
    known_generations: Mapping[date, int] = MappingProxyType({}),
    on_page: OnPage = lambda day, pages, rows: None,
    sleep: Callable[[float], None] = time.sleep,
    landing: Landing | None = None,
    erased: Tombstones = NO_TOMBSTONES,
) -> IngestReport:
    """Fetch every date in full and land what is new; a date that fails does not stop the others.

    With `refetch` also the `run.refetch_days` before the first date, and the dates whose newest
    generation is provisional. `known_generations` are those that staging knows: a date whose
    landing was lost counts on from its own. `clock` gives the time in UTC; `on_page` hears of each
    durable page: date, pages and rows so far. `landing` is one that is open already. What the API sends of `erased`
    companies is dropped before it is counted or digested.

    Raises:
        UsageError: if a date is not over yet, before any request.
        SettingsError: if the API's key or the storage's connection cannot be resolved or used.
    """
    asked = sorted(set(dates))
    if asked:
        check_is_over(asked[-1], clock())
    if landing is None:
        landing = Landing(open_storage(settings.landing, settings.secrets), settings.landing)
    days = landing.dates_to_fetch(asked, settings.run.refetch_days) if refetch else asked
    with closing(
        UsageApi(
            settings.api,
            lambda: resolve(settings.api.key, settings.secrets),
            sleep=sleep,
            erased=erased,
        )
    ) as api:
        fetcher = _Fetcher(
            landing, api, settings, clock, run_id, known_generations, on_page, erased
        )
        return IngestReport(tuple(fetcher.fetch(day) for day in days))


@dataclass(frozen=True)
class DateReport:
    """What became of one date; `generation`, `rows` and `pages` are those of its newest generation, if it landed.

    `held`: what was fetched is what a rollback set aside, so nothing of it landed. `is_provisional`: it was fetched
    before it had settled, and the next run fetches it again.
    """

    day: date
    outcome: Outcome
    generation: int = 0
    rows: int = 0
    pages: int = 0
    is_provisional: bool = False
    error: SourceError | None = None


@dataclass(frozen=True)
class IngestReport:
    """What became of each date, by date."""

    dates: tuple[DateReport, ...]

    def of(self, outcome: str) -> list[DateReport]:
        """The dates that ended so."""
        return [one for one in self.dates if one.outcome == outcome]

    @property
    def provisional(self) -> list[date]:
        """The dates that the next run fetches again because they had not settled."""
        return [one.day for one in self.dates if one.is_provisional]

    @property
    def error(self) -> SourceError | None:
        """One error that names every failed date; None if all have landed."""
        errors = {one.day: one.error for one in self.dates if one.error}
        if not errors:
            return None
        first = next(iter(errors.values()))
        if len(errors) == 1:
            return first
        days = ", ".join(map(str, errors))
        what = f"{len(errors)} of {len(self.dates)} dates are not fetched ({days}); the first: {first.what}"
        return type(first)(what, remedy=first.remedy)


@dataclass(frozen=True)
class _Fetcher:
    """What all dates of a run share."""

    landing: Landing
    api: UsageApi
    settings: Settings
    clock: Callable[[], datetime]
    run_id: str
    known_generations: Mapping[date, int]
    on_page: OnPage
    erased: Tombstones

    def fetch(self, day: date) -> DateReport:
        """Fetch one date and land it; a source that fails is in the report, not raised."""
        try:
            landed = self._landed(day)
        except SourceError as error:
            log.info("%s", error)
            return DateReport(day, "failed", error=error)
        newest = landed.manifest
        return DateReport(
            day,
            _outcome(landed),
            newest.generation,
            newest.rows,
            newest.pages,
            not landed.is_settled,
        )

    def _landed(self, day: date) -> Landed:
        this = Fetch(
            self.run_id, self.api.url, self._settles_at(day), self.known_generations.get(day, 0)
        )
        for _ in range(START_OVERS):
            with self.landing.lock(day):
                pages = self._pages(day)
                landed = commit(self.landing, pages, this) if pages else None
            if landed:
                return landed
        raise SourceError(
            f"{day}: other runs keep landing this date", remedy="let them end, then run again"
        )

    def _pages(self, day: date) -> UnfinishedDate | None:
        """The date with every page durable; None if resumed pages failed: start over at page 1."""
        session = Session(day, self.api.source, self.clock(), self.run_id)
        pages = begin(self.landing, session, self.settings.api.resume_max_age, self.erased)
        if pages.is_resumed:
            log.info(
                "%s: resuming after page %d of the run %s", day, pages.pages, pages.session.run_id
            )
        try:
            for page in self.api.pages(day, pages.pagination):
                pages.append(page)
                self.on_page(day, pages.pages, pages.rows)
        except PagingBroken as broken:
            pages.discard()
            if not pages.is_resumed:
                raise
            log.warning("%s: %s; starting over at page 1", day, broken.what)
            return None
        return pages

    def _settles_at(self, day: date) -> datetime:
        end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        return end + timedelta(hours=self.settings.run.settle_hours)


def _outcome(landed: Landed) -> Outcome:
    if landed.is_held:
        return "held"
    return "landed" if landed.is_new else "unchanged"
