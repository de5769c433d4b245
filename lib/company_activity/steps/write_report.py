"""What the run did, and what the lake says now → one page that anyone can open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.io.lake.delta import read_table
from company_activity.io.secrets.in_urls import without_secrets, without_secrets_in
from company_activity.io.storage.folder import lake_folder, root_folder
from company_activity.report.model import (
    SPARK_DAYS,
    ChurnRisk,
    DayFigures,
    Figures,
    Rejected,
    StepReport,
)
from company_activity.report.page import render
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, QUARANTINE
from company_activity.transforms.figures import (
    STATES,
    figures_by_date,
    new_risks,
    rejected_by_reason,
    risks_with_days,
)

if TYPE_CHECKING:
    from pyspark.sql import Row

    from company_activity.run import Run

SHOWN_DAYS = 90
MOST_RISKS = 100  # a list that one team can call; the table has the others
MAX_PAGE_BYTES = 1_000_000


def write_report(run: Run) -> StepReport:
    """Write the page of a run that changed anything or failed, or of the lake as it stands where nothing else ran."""
    report = run.report
    if report.steps and not report.has_changed_something and not report.first_failure:
        return StepReport(
            "write_report", "nothing", notes=["nothing new to show; the last report is up to date"]
        )
    warnings = look_up_figures(run)
    settings = run.settings
    folder = root_folder(settings.report.dir, settings.landing, settings.secrets)
    name = f"{run.run_id}.html"
    folder.create(name, fitting_page(run))
    base = settings.report.url
    report.page = page_address(base, name) if base else folder.uri(name)
    return StepReport("write_report", notes=[report.page], warnings=warnings)


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
            gather(run, day)
        else:
            report.no_figures = "no date is built yet"
    except Exception as error:
        said = without_secrets_in((str(error).splitlines() or [""])[0])
        report.no_figures = f"{type(error).__name__}: {said[:200]}"
        return [f"the report has no figures: {report.no_figures}"]
    return []


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


def gather(run: Run, day: date) -> None:
    """Ask the lake what the page shows of `day` and the days before it: four queries."""
    lake = lake_folder(run.settings)
    rows = read_table(run.spark, lake, COMPANY_ACTIVITY_DAILY)
    shown = F.col("activity_date").between(F.lit(day - timedelta(days=SHOWN_DAYS - 1)), F.lit(day))
    days = figures_by_date(rows.where(shown)).collect()
    rejected = rejected_by_reason(read_table(run.spark, lake, QUARANTINE), run.run_id).collect()
    run.report.churn_risks = [
        as_risk(row, day) for row in risks_with_days(rows, day, MOST_RISKS).collect()
    ]
    ((run.report.new_risks,),) = new_risks(rows, day).collect()
    run.report.figures = Figures(
        tuple(map(as_day, days)), tuple(Rejected(*row) for row in rejected)
    )
    run.report.risks_on = day


def as_day(row: Row) -> DayFigures:
    return DayFigures(
        row["activity_date"],
        row["companies"],
        row["active_users"],
        row["events"],
        row["at_risk"],
        {state: row[state] for state in STATES},
        row["not_judged"],
    )


def as_risk(row: Row, day: date) -> ChurnRisk:
    """One company with its last 60 days on the calendar; a date without a row is None."""
    by_day = {at: (users, is_risk) for at, users, is_risk in row["days"]}
    calendar = [day - timedelta(days=back) for back in range(SPARK_DAYS - 1, -1, -1)]
    judged = [at for at in calendar if at in by_day and by_day[at][1] is not None]
    silent = row["days_since_last_active"]
    return ChurnRisk(
        row["company_id"],
        row["company_name"],
        tuple(row["churn_reasons"]),
        row["active_users"],
        row["engagement_score"],
        country=row["country"],
        industry=row["industry_tag"],
        since=at_risk_since(judged, [at for at in judged if by_day[at][1]]),
        last_active=None if silent is None else day - timedelta(days=silent),
        last_contact=row["last_contact"],
        days=tuple(by_day[at][0] if at in by_day else None for at in calendar),
    )


def at_risk_since(days: Sequence[date], at_risk: Iterable[date]) -> date | None:
    """The first of the unbroken stretch of risky days that ends with the last of `days`, those that were judged.

    A missing date, or one that was not judged, does not break it.

    >>> one, two, four = date(2025, 1, 1), date(2025, 1, 2), date(2025, 1, 4)
    >>> print(at_risk_since([one, two, four], at_risk=[two, four]))
    2025-01-02
    """
    risky, since = set(at_risk), None
    for day in reversed(days):
        if day not in risky:
            break
        since = day
    return since


def fitting_page(run: Run) -> str:
    """The page, with fewer companies where it would be over 1 MB."""
    page = render(run.report)
    while len(page.encode("utf-8", "backslashreplace")) > MAX_PAGE_BYTES and run.report.churn_risks:
        run.report.churn_risks = run.report.churn_risks[: len(run.report.churn_risks) // 2]
        page = render(run.report)
    return page
