"""The page of a run: what it did, what the lake says now, in one file of bounded size."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.dates import WEEK_DAYS
from company_activity.errors import CompanyActivityError
from company_activity.io.lake.delta import dates_predicate
from company_activity.io.secrets.in_urls import without_secrets, without_secrets_in
from company_activity.io.storage.folder import root_folder
from company_activity.planning.state import LIFECYCLE, TOTALED_DAYS, ActivityState
from company_activity.records.crm.snoozed import FILE_NAME, Snoozed
from company_activity.report.model import DayFigures, Figures, Rejected, StepReport
from company_activity.report.page import render
from company_activity.report.risks import Status
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, QUARANTINE
from company_activity.transforms.figures import figures_by_date, rejected_by_reason
from company_activity.work.rollup_pictures import rollup_pictures
from company_activity.work.whom_to_call import look_up_lists

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.run import Run

SHOWN_DAYS = TOTALED_DAYS
MAX_PAGE_BYTES = 1_000_000


def write_page(run: Run) -> StepReport:
    """Write the page of a run, with what the lake says now."""
    warnings = look_up_figures(run)
    settings = run.settings
    folder = root_folder(settings.report.dir, settings.landing, settings.secrets)
    name = f"{run.run_id}.html"
    folder.create(name, fitting_page(run))
    base = settings.report.url
    run.report.page = page_address(base, name) if base else folder.uri(name)
    return StepReport("write_report", notes=[run.report.page], warnings=warnings)


def look_up_figures(run: Run) -> list[str]:
    """Ask the lake, unless the run failed before its first step: a page about that starts no Spark.

    Whatever ails lake or Spark is a warning: the page of a run that failed must come.
    """
    report = run.report
    if report.failed_at_start:
        report.no_figures = "the run failed before its first step, and asked the lake nothing"
        return []
    try:
        until = None if report.steps else max(run.dates, default=None)
        if day := shown_day(run.lake.activity.dates, until):
            snoozed = set_aside(run)
            gather(run, day, snoozed)
            return snoozed.warnings
        report.no_figures = "no date is built yet"
    except Exception as error:
        said = without_secrets_in((str(error).splitlines() or [""])[0])
        report.no_figures = f"{type(error).__name__}: {said[:200]}"
        return [f"the report has no figures: {report.no_figures}"]
    return []


def set_aside(run: Run) -> Snoozed:
    """Whom a lead has set aside; where the landing does not tell, nobody, with a warning."""
    try:
        return run.snoozed
    except CompanyActivityError as error:
        return Snoozed(warnings=[f"{FILE_NAME} cannot be read: {error.what}"])


def page_address(base: str, name: str) -> str:
    """The address of a page in the folder that people find under `base`; it is shown, so it holds no secret.

    >>> page_address("https://acme.blob.core.windows.net/reports/?sv=2024&sig=x", "r.html")
    'https://acme.blob.core.windows.net/reports/r.html?sv=2024'
    """
    folder, mark, query = without_secrets(base).partition("?")
    return f"{folder.rstrip('/')}/{name}{mark}{query}"


def shown_day(built: Iterable[date], until: date | None) -> date | None:
    """The newest built date, or the newest up to `until`."""
    return max((day for day in built if until is None or day <= until), default=None)


def gather(run: Run, day: date, snoozed: Snoozed) -> None:
    """Ask the lake what the page shows of `day` and the days before it, as far as no state tells: four queries."""
    report = run.report
    rows = run.lake.read(COMPANY_ACTIVITY_DAILY)
    days = tuple(figures_of_days(run.lake.activity, rows, day))
    told = told_of_quarantine(min([first_shown(day), *run.dates]), run.lake.quarantined)
    quarantined = run.lake.read(QUARANTINE).where(told)
    rejected = rejected_by_reason(quarantined, run.run_id).collect()
    look_up_lists(run, rows, day, snoozed)
    if (
        not run.lake.moved_since_rollups
    ):  # older ones would show other figures than the rest of the page
        pictures = rollup_pictures(run, day)
        report.segments, report.retention = list(pictures.segments), list(pictures.retention)
    report.figures = Figures(days, tuple(Rejected(*row) for row in rejected))
    report.status = status_on(day, run.lake.activity.dates, days, max(run.dates, default=None))
    report.risks_on = day


def status_on(
    day: date, built: Collection[date], days: Sequence[DayFigures], asked: date | None
) -> Status:
    """How far the lists of `day` can be trusted, from the dates that are built and the figures of each.

    >>> monday = date(2025, 3, 3)
    >>> status_on(monday, {monday}, [], None).missing[-1]
    datetime.date(2025, 3, 2)
    """
    week = [day - timedelta(days=back) for back in reversed(range(WEEK_DAYS))]
    missing = tuple(at for at in week if at not in built)
    last = max(built, default=day)
    later = last if last > day else None
    newest = next((one for one in days if one.day == day), None)
    if newest is None:
        return Status(day, missing, asked=asked, later=later)
    return Status(day, missing, newest.companies, newest.not_judged, asked, later)


def told_of_quarantine(since: date, of_run: Iterable[date]) -> str:
    """Which records set aside the page counts: those of the dates since `since`, and of others that this run wrote.

    A CRM file may come late, and what older rules staged is staged again: what the run set aside of that is told too.

    >>> told_of_quarantine(date(2025, 3, 1), [date(2024, 12, 31), date(2025, 3, 9)])
    "date >= DATE'2025-03-01' OR date IN (DATE'2024-12-31')"
    >>> told_of_quarantine(date(2025, 3, 1), [])
    "date >= DATE'2025-03-01'"
    """
    told = f"date >= DATE'{since}'"
    older = sorted(day for day in of_run if day < since)
    return f"{told} OR {dates_predicate('date', older)}" if older else told


def first_shown(day: date) -> date:
    """The first of the days that a page about `day` shows."""
    return day - timedelta(days=SHOWN_DAYS - 1)


def figures_of_days(activity: ActivityState, rows: DataFrame, day: date) -> Iterator[DayFigures]:
    """The figures of the built dates that the page shows, as their state has them; of others the rows are asked."""
    first = first_shown(day)
    totals = {at: built.total for at, built in activity.dates.items() if first <= at <= day}
    untold = [at for at, total in totals.items() if not total]
    if untold:
        asked = figures_by_date(rows.where(F.col("activity_date").isin(untold))).collect()
        totals |= {row["activity_date"]: row.asDict() for row in asked}
    for at in sorted(totals):
        if totals[at].get("rows"):
            yield as_day(at, totals[at])


def as_day(day: date, total: Mapping[str, int]) -> DayFigures:
    return DayFigures(
        day,
        total["rows"],
        total["active_users"],
        total["events"],
        total["at_risk"],
        {state: total[state] for state in LIFECYCLE},
        total["not_judged"],
    )


def fitting_page(run: Run) -> str:
    """The page, with fewer companies in each list where it would be over 1 MB."""
    report = run.report
    page = render(report)
    while (size := _bytes_of(page)) > MAX_PAGE_BYTES and report.names_anybody:
        report.shorten_lists(0.9 * MAX_PAGE_BYTES / size)
        page = render(report)
    return page


def _bytes_of(page: str) -> int:
    return len(page.encode("utf-8", "backslashreplace"))
