"""The report from end to end: a lake, three queries, a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pyspark.sql import SparkSession

from company_activity.errors import ApiError
from company_activity.report.model import RunReport, StepReport
from company_activity.run import Run
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, QUARANTINE, Table
from company_activity.settings.loading import load_settings
from company_activity.steps.write_report import write_report
from company_activity.work import write_report as work

from support.lake.content import replace_where

MakeRun = Callable[..., Run]

DAY = date(2025, 11, 23)
NOW = datetime(2025, 11, 24, 3, 0, tzinfo=UTC)
GONE = DAY - timedelta(days=2)
DEFAULTS = {
    "bigint": 0,
    "double": 0.0,
    "string": "x",
    "boolean": False,
    "array<string>": [],
    "date": DAY,
    "timestamp": NOW,
}
DATES = [day for back in range(69, -1, -1) if (day := DAY - timedelta(days=back)) != GONE]
DONE = StepReport("build_activity", counts={"rows_written": 3})


def row(table: Table, **given: Any) -> tuple[Any, ...]:
    """A row of a table with whatever a test does not name."""
    known = {column.name: None if column.nullable else DEFAULTS[column.type] for column in table.columns}
    return tuple((known | given).values())


def activity(company: str, day: date, users: int, reasons: Iterable[str] = (), **more: Any) -> tuple[Any, ...]:
    return row(
        COMPANY_ACTIVITY_DAILY,
        company_id=company,
        activity_date=day,
        company_name=f"The {company}",
        active_users=users,
        events=users * 10,
        churn_reasons=list(reasons),
        **{"is_churn_risk": bool(reasons), **more},
    )


def rows() -> Iterator[tuple[Any, ...]]:
    """Three companies: `small` is at risk for ten days, `large` since yesterday, `steady` not, and not judged today.

    Nor was `small` judged on one of its ten days.
    """
    for day in DATES:
        ago = (DAY - day).days
        yield activity("steady", day, 2, lifecycle_state="returning", is_churn_risk=None if ago == 0 else False)
        small = (None, []) if ago == 5 else (True, ["SILENT"]) if ago < 10 else (False, [])
        yield activity("small", day, 1 if ago > 10 else 0, small[1], lifecycle_state="inactive", is_churn_risk=small[0])
        contact = datetime(2025, 9, 30, 23, 30, tzinfo=UTC)
        yield activity("large", day, 50 if ago > 1 else 0, ["SHARP_DROP"] if ago < 2 else [], country="DE",
                       industry_tag="retail", last_contact_at=contact, days_since_last_active=2, engagement_score=61.5)  # fmt: skip


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake with an activity table and a quarantine."""
    root = str(tmp_path_factory.mktemp("lake"))
    state = {"dates": {str(day): ["h", NOW.isoformat()] for day in DATES}}
    written = spark.createDataFrame(list(rows()), COMPANY_ACTIVITY_DAILY.struct)
    replace_where(written.coalesce(1), root, COMPANY_ACTIVITY_DAILY, None, state)
    bad = [
        row(QUARANTINE, feed="usage", date=DAY, reasons=["NEGATIVE", "WRONG_TYPE"], run_id="this"),
        row(QUARANTINE, feed="usage", date=GONE, reasons=["NEGATIVE"], run_id="earlier"),
        row(QUARANTINE, feed="crm", date=GONE, reasons=["BAD_ROW"], run_id="this"),
    ]
    replace_where(spark.createDataFrame(bad, QUARANTINE.struct).coalesce(1), root, QUARANTINE, None, {})
    return root


def make_run(
    lake: str, reports: Path, *steps: StepReport, dates: tuple[date, ...] = (DAY,), run_id: str = "this", **report: str
) -> Run:
    environ = {f"COMPANY_ACTIVITY__REPORT__{name.upper()}": value for name, value in report.items()}
    environ |= {"COMPANY_ACTIVITY__REPORT__DIR": str(reports), "COMPANY_ACTIVITY__LAKE__ROOT": lake}
    told = RunReport(run_id, "run", NOW, dates, [replace(one) for one in steps])
    return Run(load_settings(environ=environ), dates, told, lambda: NOW)


@pytest.fixture
def run(spark: SparkSession, lake: str, tmp_path: Path) -> MakeRun:
    """Makes runs over that lake; their reports go to a folder of the test's own."""
    del spark  # the session must be the suite's
    return lambda *steps, root=lake, **more: make_run(root, tmp_path, *steps, **more)


@pytest.fixture(scope="module")
def asked(spark: SparkSession, lake: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunReport, int]:
    """One run after a build, and how many Spark jobs it took to find out what it shows."""
    going = make_run(lake, tmp_path_factory.mktemp("reports"), DONE)
    spark.sparkContext.setJobGroup("report", "the report")
    write_report(going)
    jobs = spark.sparkContext.statusTracker().getJobIdsForGroup("report")
    spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)  # type: ignore[arg-type]  # None unsets it
    return going.report, len(jobs)


@pytest.fixture
def report(asked: tuple[RunReport, int]) -> RunReport:
    """What that run shows."""
    return asked[0]


def page_of(run: Run) -> str:
    done = write_report(run)
    assert done.outcome == "done"
    return Path(run.report.page).read_text(encoding="utf-8")


def test_it_tells_who_is_at_risk_the_largest_first_why_and_since_when(report: RunReport) -> None:
    large, small = report.churn_risks
    assert (large.company_id, large.company_name, large.reasons) == ("large", "The large", ("SHARP_DROP",))
    assert (large.since, large.last_active, large.last_contact) == (
        DAY - timedelta(days=1), DAY - timedelta(days=2), date(2025, 9, 30),
    )  # fmt: skip
    assert (large.country, large.industry, large.engagement_score) == ("DE", "retail", 61.5)
    assert small.since == DAY - timedelta(days=9)  # neither the missing date in between nor one not judged breaks it


def test_each_line_is_sixty_days_on_the_calendar_with_a_gap_for_the_missing_one(report: RunReport) -> None:
    assert report.churn_risks[0].days == (*[50] * 57, None, 0, 0)


def test_it_sums_by_date_and_counts_by_state(report: RunReport) -> None:
    assert report.figures
    days = report.figures.days
    assert [one.day for one in days] == DATES
    assert (days[0].companies, days[0].active_users, days[0].events, days[0].at_risk) == (3, 53, 530, 0)
    counts = {state: count for state, count in days[-1].lifecycle.items() if count}
    assert counts == {"returning": 1, "inactive": 1, "unknown": 1}
    assert (report.at_risk, report.risks_on) == (2, DAY)


def test_it_says_of_how_many_it_says_nothing(report: RunReport) -> None:
    assert report.figures
    assert [one.not_judged for one in report.figures.days[-5:]] == [1, 0, 0, 0, 1]
    assert report.not_judged == 1
    page = Path(report.page).read_text(encoding="utf-8")
    assert "1 new in 7 days · 1 not judged" in page
    assert "1 company is not judged: of the last 7 days a date is missing" in page


def test_the_new_are_counted_over_all_at_risk_not_over_those_shown(
    run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MOST_RISKS", 0)
    going = run(dates=(DAY - timedelta(days=3),))
    page = page_of(going)
    assert going.report.churn_risks == []
    assert "1 new in 7 days" in page  # `small`, on its seventh day
    assert "They stand in the table" in page
    assert "No company is at risk" not in page


def test_it_counts_what_was_rejected_by_reason(report: RunReport) -> None:
    assert report.figures
    assert [(one.feed, one.reason, one.records, one.new, one.newest) for one in report.figures.rejected] == [
        ("usage", "NEGATIVE", 2, 1, DAY),
        ("crm", "BAD_ROW", 1, 1, GONE),
        ("usage", "WRONG_TYPE", 1, 1, DAY),
    ]


def test_the_page_shows_it_all(report: RunReport) -> None:
    page = Path(report.page).read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Who to call: 2 companies at risk on 23 Nov" in text
    assert "1 date is missing and shaded: 2025-11-21" in text
    assert "NEGATIVE usage 2 1 2025-11-23" in text


def test_a_run_that_changed_nothing_writes_no_page(run: MakeRun, tmp_path: Path) -> None:
    done = write_report(run(StepReport("ingest_usage", "nothing")))
    assert (done.outcome, list(tmp_path.iterdir())) == ("nothing", [])


def test_a_run_that_failed_before_it_changed_anything_still_shows_whom_to_call(run: MakeRun) -> None:
    page = page_of(run(StepReport("ingest_usage", "failed", error=ApiError("2025-11-24: 503"))))
    assert page.index("2025-11-24: 503") < page.index("Who to call: 2 companies")


def test_the_page_comes_even_where_the_lake_cannot_be_asked(run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> NoReturn:
        raise ConnectionRefusedError("the JVM is gone\nwith a stack")

    monkeypatch.setattr(work, "gather", broken)
    going = run(StepReport("build_activity", "failed", error=ApiError("out of memory")))
    page = page_of(going)
    assert "out of memory" in page
    assert "This page has no figures: ConnectionRefusedError: the JVM is gone</p>" in page


def test_a_lake_where_nothing_is_built_starts_no_spark(run: MakeRun, tmp_path: Path) -> None:
    going = run(StepReport("ingest_usage", "failed", error=ApiError("x")), root=str(tmp_path / "empty"))
    assert "no date is built yet" in page_of(going)
    assert "spark" not in vars(going)


def test_on_its_own_it_shows_the_lake_as_of_a_date(run: MakeRun) -> None:
    early = DAY - timedelta(days=12)
    going = run(dates=(early,))
    assert "Who to call: 0 companies at risk on 11 Nov" in page_of(going)
    assert going.report.figures
    assert (going.report.risks_on, going.report.figures.days[-1].day) == (early, early)


def test_the_address_under_which_people_find_it_is_told(run: MakeRun, tmp_path: Path) -> None:
    going = run(DONE, url="https://reports.example/")
    assert write_report(going).notes == ["https://reports.example/this.html"]
    assert (tmp_path / "this.html").is_file()
    signed = run(DONE, root=str(tmp_path / "empty"), url="https://acme.example/reports/?sv=2024&sig=s3cret")
    assert write_report(signed).notes == [signed.report.page] == ["https://acme.example/reports/this.html?sv=2024"]


def test_a_page_that_would_be_too_large_shows_fewer(
    run: MakeRun, report: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MAX_PAGE_BYTES", Path(report.page).stat().st_size - 1)
    going = run(DONE)
    assert "1 more, with less use, stand in the table" in page_of(going)
    assert len(going.report.churn_risks) == 1


def test_few_queries_are_asked(asked: tuple[RunReport, int]) -> None:
    assert 0 < asked[1] <= 20  # three queries, and the tables' snapshots
