"""The report from end to end: a lake, a few queries, a page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pyspark.sql import SparkSession

from company_activity.errors import ApiError
from company_activity.io.lake.delta import Lake
from company_activity.io.lake.run_records import write_record
from company_activity.planning.episodes import EpisodesState
from company_activity.report.model import Portfolio, RunReport, StepReport
from company_activity.report.risks import Listing, Status
from company_activity.run import Run
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, QUARANTINE, RISK_EPISODES, Table
from company_activity.settings.loading import load_settings
from company_activity.steps.write_report import write_report
from company_activity.work import whom_to_call
from company_activity.work import write_report as work
from company_activity.work.whom_to_call import news_since

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
    """`small` is at risk for ten days, `large` since yesterday, `unknown` since today; `steady` is not judged today.

    Nor was `small` judged on one of its ten days. `early` had a reason, `lost` is gone, `stranger` was never active.
    """
    for day in DATES:
        ago = (DAY - day).days
        yield activity("steady", day, 2, lifecycle_state="returning", is_churn_risk=None if ago == 0 else False,
                       is_contact_due=True, rolling_7d_active_users=2)  # fmt: skip
        small = (None, []) if ago == 5 else (True, ["UNUSUAL_SILENCE"]) if ago < 10 else (False, [])
        yield activity("small", day, 1 if ago > 10 else 0, small[1], lifecycle_state="inactive", is_churn_risk=small[0],
                       missing_user_days_7d=7)  # fmt: skip
        contact = datetime(2025, 9, 30, 23, 30, tzinfo=UTC)
        contract = {"owner": "Ana", "segment": "enterprise", "seats": 20, "seat_utilisation_lower": 0.1,
                    "seat_utilisation_upper": 0.3, "contract_value": Decimal("24000.00"),
                    "renewal_on": DAY + timedelta(days=60)}  # fmt: skip
        yield activity("large", day, 50 if ago > 1 else 0, ["DECLINING"] if ago < 2 else [], country="DE",
                       industry_tag="retail", last_contact_at=contact, days_since_last_active=2,
                       rolling_7d_active_users=200, usual_user_days_7d=350.0, fleet_pace=600, missing_user_days_7d=10,
                       engagement_score=float(ago), **contract)  # fmt: skip
        yield activity("unknown", day, 0, ["SILENT"] if ago == 0 else [])
        yield activity("early", day, 1, lifecycle_state="returning", rolling_7d_active_users=7)
        yield activity("lost", day, 0, days_since_last_active=40)
        yield activity("stranger", day, 0)


EPISODES = [
    {"company_id": "small", "started_on": DAY - timedelta(days=9), "last_flagged_on": DAY},
    {"company_id": "large", "started_on": DAY - timedelta(days=1), "last_flagged_on": DAY},
    {"company_id": "unknown", "started_on": DAY, "last_flagged_on": DAY},
    {"company_id": "early", "started_on": DAY - timedelta(days=40), "last_flagged_on": DAY - timedelta(days=10),
     "ended_on": DAY - timedelta(days=3), "ended_as": "recovered"},
    {"company_id": "lost", "started_on": DAY - timedelta(days=60), "last_flagged_on": DAY - timedelta(days=50),
     "ended_on": DAY - timedelta(days=43), "ended_as": "gone"},
]  # fmt: skip


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
    episodes = [row(RISK_EPISODES, **one) for one in EPISODES]
    replace_where(
        spark.createDataFrame(episodes, RISK_EPISODES.struct).coalesce(1), root, RISK_EPISODES, None, built_of(DATES)
    )
    return root


def built_of(dates: Iterable[date]) -> dict[str, Any]:
    """The state of episodes that were built of these dates."""
    return EpisodesState.of(dict.fromkeys(dates, "h"), len(EPISODES)).as_json()


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


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_it_tells_who_is_at_risk_why_and_since_when_those_that_miss_most_first(report: RunReport) -> None:
    large, small, unknown = report.churn_risks
    assert (large.company_id, large.company_name, large.reasons) == ("large", "The large", ("DECLINING",))
    assert (large.at_risk_since, large.last_active, large.last_contact) == (
        DAY - timedelta(days=1), DAY - timedelta(days=2), date(2025, 9, 30),
    )  # fmt: skip
    assert (large.country, large.industry) == ("DE", "retail")
    assert (large.user_days_7d, large.usual_user_days_7d, large.fleet_pace) == (200, 350.0, 600)
    assert (small.at_risk_since, small.missing_user_days_7d) == (DAY - timedelta(days=9), 7)
    assert (unknown.company_id, unknown.missing_user_days_7d) == ("unknown", None)


def test_it_tells_what_a_company_at_risk_is_worth_whose_it_is_and_how_its_score_moved(report: RunReport) -> None:
    large, small, _ = report.churn_risks
    assert (large.owner, large.segment, large.seats, large.seats_used) == ("Ana", "enterprise", 20, (0.1, 0.3))
    assert (large.contract_value, large.renewal_on) == (Decimal(24_000), DAY + timedelta(days=60))
    assert large.scores == (28.0, 21.0, 14.0, 7.0, 0.0)
    assert (small.owner, small.contract_value, small.renewal_on, small.seats_used) == (None,) * 4


def test_it_counts_all_companies_by_owner_and_segment(report: RunReport) -> None:
    assert set(report.portfolios) == {
        Portfolio("owner", "Ana", 1, 1, 10, Decimal(24_000), 1),
        Portfolio("owner", None, 6, 2, 7),
        Portfolio("segment", "enterprise", 1, 1, 10, Decimal(24_000), 1),
        Portfolio("segment", None, 6, 2, 7),
    }
    page = Path(report.page).read_text(encoding="utf-8")
    assert 'href="#owner=Ana"' in page


def test_without_a_report_before_news_are_those_of_the_last_week(report: RunReport) -> None:
    assert report.news
    assert (report.news.since, report.news.is_since_report) == (DAY - timedelta(days=7), False)
    assert ids_of(report.news.entered) == ["large", "unknown"]
    assert ids_of(report.news.recovered) == ["early"]
    assert report.news.recovered.companies[0].left_on == DAY - timedelta(days=3)


def test_the_gone_and_those_whose_contact_is_due_are_listed(report: RunReport) -> None:
    assert ids_of(report.gone) == ["lost"]  # not `stranger`: nobody knows that it was ever active
    assert report.gone.companies[0].left_on == DAY - timedelta(days=43)
    assert ids_of(report.contact_due) == ["steady"]


def ids_of(listing: Listing) -> list[str]:
    assert listing.count == len(listing.companies)
    return [one.company_id for one in listing.companies]


def recorded(lake: str, run_id: str, risks_on: date, **more: Any) -> None:
    """Leave the record of an earlier run that wrote a page."""
    told = RunReport(run_id, "run", NOW, risks_on=risks_on, page="/reports/x.html", **more)
    write_record(Lake(lake, lambda: pytest.fail("Spark is asked")), told, None)


def test_news_are_those_since_the_newest_report_about_an_earlier_date(run: MakeRun, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    failed = [StepReport("publish", "failed", error=ApiError("x"))]
    recorded(lake, "20251118T03", DAY - timedelta(days=6))
    recorded(lake, "20251120T03", DAY - timedelta(days=4))
    recorded(lake, "20251121T03", DAY - timedelta(days=30))  # somebody looked back
    recorded(lake, "20251122T03", DAY - timedelta(days=2), steps=failed)
    recorded(lake, "20251123T03", DAY)
    for hour in range(30):  # nothing to do, and no page
        write_record(Lake(lake, lambda: pytest.fail("x")), RunReport(f"20251123T04-{hour:02}", "run", NOW), None)
    assert news_since(run(root=lake), DAY) == (DAY - timedelta(days=4), True)
    assert news_since(run(root=lake), DAY - timedelta(days=30)) == (DAY - timedelta(days=37), False)


def test_a_lake_without_episodes_has_a_page_that_says_so(run: MakeRun, lake: str, tmp_path: Path) -> None:
    younger = tmp_path / "lake"
    shutil.copytree(lake, younger, ignore=shutil.ignore_patterns("risk_episodes"))
    going = run(DONE, root=str(younger))
    assert "analytics.risk_episodes is not of these rows" in text_of(page_of(going))
    assert (going.report.news, len(going.report.churn_risks)) == (None, 3)


def test_episodes_that_are_older_than_the_rows_tell_no_news(
    run: MakeRun, lake: str, spark: SparkSession, tmp_path: Path
) -> None:
    older = tmp_path / "lake"
    shutil.copytree(lake, older)
    Lake(str(older), lambda: spark).note(RISK_EPISODES, built_of(DATES[:-1]))
    going = run(DONE, root=str(older))
    assert "Entered risk:" not in text_of(page_of(going))
    assert (going.report.news, [one.at_risk_since for one in going.report.churn_risks]) == (None, [None] * 3)


def test_each_line_is_sixty_days_on_the_calendar_with_a_gap_for_the_missing_one(report: RunReport) -> None:
    assert report.churn_risks[0].days == (*[50] * 57, None, 0, 0)


def test_it_sums_by_date_and_counts_by_state(report: RunReport) -> None:
    assert report.figures
    days = report.figures.days
    assert [one.day for one in days] == DATES
    assert (days[0].companies, days[0].active_users, days[0].events, days[0].at_risk) == (7, 54, 540, 0)
    counts = {state: count for state, count in days[-1].lifecycle.items() if count}
    assert counts == {"returning": 2, "inactive": 1, "unknown": 4}
    assert (report.at_risk, report.risks_on) == (3, DAY)


def test_it_says_how_far_its_lists_can_be_trusted(report: RunReport) -> None:
    assert report.figures
    assert [one.not_judged for one in report.figures.days[-5:]] == [1, 0, 0, 0, 1]
    assert report.status == Status(DAY, (GONE,), companies=7, not_judged=1, asked=DAY)
    text = text_of(Path(report.page).read_text(encoding="utf-8"))
    told = "The lists cannot be trusted today. Newest complete date 2025-11-23; 2025-11-21 of its week is missing;"
    assert text.index(told) < text.index("Entered risk: 2 companies in the last 7 days") < text.index("The large")


def test_those_that_are_not_shown_are_counted(run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whom_to_call, "MOST_AT_RISK", 1)
    going = run(DONE)
    text = text_of(page_of(going))
    assert [one.company_id for one in going.report.churn_risks] == ["large"]
    assert "Entered risk: 2 companies" in text
    assert "2 more stand in the table, after these in the same order" in text


def test_it_counts_what_was_rejected_by_reason(report: RunReport) -> None:
    assert report.figures
    assert [(one.feed, one.reason, one.records, one.new, one.newest) for one in report.figures.rejected] == [
        ("usage", "NEGATIVE", 2, 1, DAY),
        ("crm", "BAD_ROW", 1, 1, GONE),
        ("usage", "WRONG_TYPE", 1, 1, DAY),
    ]


def test_the_page_shows_it_all(report: RunReport) -> None:
    page = Path(report.page).read_text(encoding="utf-8")
    text = text_of(page)
    assert "Who to call: 3 companies at risk on 23 Nov" in text
    assert "1 date is missing and shaded: 2025-11-21" in text
    assert "NEGATIVE usage 2 1 2025-11-23" in text


def test_a_run_that_changed_nothing_writes_no_page(run: MakeRun, tmp_path: Path) -> None:
    done = write_report(run(StepReport("ingest_usage", "nothing")))
    assert (done.outcome, list(tmp_path.iterdir())) == ("nothing", [])


def test_a_run_that_failed_before_it_changed_anything_still_shows_whom_to_call(run: MakeRun) -> None:
    page = page_of(run(StepReport("ingest_usage", "failed", error=ApiError("2025-11-24: 503"))))
    assert page.index("2025-11-24: 503") < page.index("Who to call: 3 companies")


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
    assert "2 more stand in the table" in page_of(going)
    assert len(going.report.churn_risks) == 1


def test_few_queries_are_asked(asked: tuple[RunReport, int]) -> None:
    print(asked[1])
    assert 0 < asked[1] <= 20  # four queries, and the tables' snapshots
