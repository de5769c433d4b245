"""The report as text: what stands in it, and what must not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest

from company_activity.errors import ApiError, GateRefused
from company_activity.gates.verdict import Verdict
from company_activity.report.model import MOST_DETAILED, Figures, RunReport, StepReport
from company_activity.report.page import render
from company_activity.report.page.charts import lifecycle_chart, sparkline
from company_activity.report.risks import Listing, RiskNews, SetAside, Status

from support.report.reports import BEGAN, DAY, HOSTILE, at_risk, days, failed, news, risk, succeeded

HOSTILE_LIST = Listing(1, (risk(HOSTILE, HOSTILE, left_on=DAY),))


class Elements(HTMLParser):
    """All tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, attribute: str) -> list[str]:
        return [found[attribute] or "" for _, found in self.found if attribute in found]

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.found}


@cache
def good() -> str:
    """The page of a run that went well; pictures take a moment to draw."""
    return render(succeeded())


def text_of(page: str) -> str:
    body = page[page.index("<body>") :]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_it_says_whom_to_call_why_and_since_when() -> None:
    text = text_of(good())
    assert "Who to call: 8 companies at risk on 23 Nov" in text
    assert "7 more stand in the table, after these in the same order" in text  # one is shown
    assert "Sudden Stop new c_126 · ES · transport 54 user-days missing" in text
    assert "Declining : 0 user-days this week; 56 are usual, and others are at 97 %" in text
    assert (
        "Unusual silence : no active user for 7 days At risk since 20 Nov (3 days) · last contact 48 days ago" in text
    )


def test_it_leads_with_how_far_to_trust_it_who_entered_risk_who_is_at_risk_and_who_left_it() -> None:
    text = text_of(good())
    lead = [
        "Newest complete date 2025-11-23; no date of its week is missing; every company is judged.",
        "Entered risk: 1 company since the report of 2025-11-19",
        "54 user-days missing · at risk since 20 Nov",
        "Who to call: 8 companies at risk",
        "Recovered: 1 company since the report of 2025-11-19",
        "Came Back c_500 · recovered on 23 Nov · was at risk from 1 Nov · 40 user-days this week",
        "Gone: 2 companies",
        "Left Us c_700 · last active 26 Oct (28 days ago) · was at risk",
        "Left Us c_701 · not active for 60 days or more",
        "Contact due: 1 company",
        "Unspoken To c_900 · 2 user-days this week · no contact on record",
        "companies at risk as the week before",
    ]
    places = [text.index(one, text.index("</nav>") if "</nav>" in text else 0) for one in lead]
    assert places == sorted(places)


def test_a_list_that_cannot_be_trusted_says_so_before_it_names_anybody() -> None:
    gap = DAY - timedelta(days=2)
    dated = Figures(tuple(replace(one, at_risk=0, not_judged=40) for one in days(missing=[gap])))
    status = Status(DAY, (gap,), 40, 40, DAY + timedelta(days=1))
    text = text_of(render(succeeded(churn_risks=[], figures=dated, status=status)))
    told = "The lists cannot be trusted today. Newest complete date 2025-11-23, not 2025-11-24, which was asked for;"
    told += (
        " 2025-11-21 of its week is missing; 40 of 40 companies (100 %) are not judged: a date of the week is missing."
    )
    assert text.index(told) < text.index("Sudden Stop")
    assert "Who to call: not known on 23 Nov No company could be judged." in text


def test_many_refused_records_make_a_list_doubtful_and_a_few_do_not() -> None:
    few, many = Status(DAY, (), 412, 3, DAY), Status(DAY, (), 400, 100, DAY)
    told = "3 of 412 companies (0.7 %) are not judged: records of theirs were refused."
    assert f"Newest complete date 2025-11-23; no date of its week is missing; {told}" in text_of(
        render(succeeded(status=few))
    )
    assert "The lists cannot be trusted today." in text_of(render(succeeded(status=many)))


def test_companies_that_are_set_aside_are_folded_with_their_date_and_why() -> None:
    aside = risk("c_9", "Not Yet", set_aside=SetAside(DAY + timedelta(days=9), "renews <now>"))
    page = render(succeeded(churn_risks=[aside, risk()]))
    folded = page[page.index('<details id="set-aside"') :]
    assert text_of("<body>" + folded).startswith("1 company set aside until a later date Not Yet")
    assert "Set aside until 2 December 2025: <bdi>renews &lt;now&gt;</bdi>" in folded
    assert page.index("Sudden Stop</bdi> <span") < page.index('<details id="set-aside"')


@pytest.mark.parametrize(("pace", "is_slow"), [(None, False), (700, False), (699, True)])
def test_a_week_that_was_slow_for_all_is_called_so(pace: int | None, is_slow: bool) -> None:
    text = text_of(render(succeeded(fleet_pace=pace)))
    assert ("It was a slow week for all: companies are at 70 % of their usual week." in text) is is_slow


def test_without_a_usual_week_the_reason_says_so() -> None:
    new = risk(reasons=("SILENT",), usual_user_days_7d=None, fleet_pace=None, missing_user_days_7d=None)
    text = text_of(render(succeeded(churn_risks=[new])))
    assert "user-days missing: not known Silent : no active user for 7 days" in text


def test_many_that_entered_risk_are_folded_and_none_is_lost() -> None:
    text = text_of(render(succeeded(news=news(entered=130))))
    assert "90 more that entered risk" in text
    assert text.count("Sudden Stop c_") == 100
    assert "30 more stand in the tables." in text


def test_who_entered_risk_and_is_not_at_risk_today_is_marked() -> None:
    some = (risk("c_1", "Calm", is_at_risk=False), risk("c_2", "Unknown", is_at_risk=None))
    text = text_of(render(succeeded(news=replace(news(), entered=Listing(2, some)))))
    assert "Calm c_1 · 54 user-days missing · at risk since 20 Nov · not at risk on 23 Nov" in text
    assert "Unknown c_2 · 54 user-days missing · at risk since 20 Nov · not judged on 23 Nov" in text


def test_without_episodes_nobody_is_new() -> None:
    text = text_of(render(succeeded(news=None)))
    assert "Who entered risk and who recovered is not known" in text
    assert "Sudden Stop new" not in text
    assert "Entered risk" not in text


def test_who_entered_risk_and_is_set_aside_says_so() -> None:
    aside = risk("c_9", "On Leave", set_aside=SetAside(date(2025, 12, 24)))
    entered = RiskNews(DAY - timedelta(days=4), True, Listing(1, (aside,)))
    assert "set aside until 24 Dec</li>" in render(succeeded(news=entered))


def test_it_shows_the_path_the_gates_the_quarantine_and_the_steps() -> None:
    text = text_of(good())
    assert "Landing → staging 1 dates 3,356 landed 3,300 accepted 20 duplicates 36 quarantined" in text
    assert "Every gate passed. Passed: unique keys 1 time." in text
    assert "WRONG_TYPE usage 9 1 2025-11-23" in text
    assert "stage usage done 2.2" in text
    assert "publish through H2 JDBC Driver 2.3.232 done 1.0" in text


def test_a_failed_run_says_first_what_failed_and_the_remedy() -> None:
    text = text_of(render(failed(ApiError("2025-11-23: page 1: 500", remedy="run ingest again"))))
    alarm, call = text.index("Stage usage failed 2025-11-23: page 1: 500"), text.index("Who to call:")
    assert alarm < text.index("What to do: run ingest again") < text.index("exit code 3") < call
    assert "The figures below are those of 23 November 2025, the newest built date." in text


def test_a_gate_that_refused_stands_with_what_it_found_and_wanted() -> None:
    refused = Verdict("volume", f"{DAY}, generation 2", False, "812", "at least 1,640")
    warned = Verdict("unknown share", str(DAY), False, "4 %", "at most 2 %", "warn")
    text = text_of(render(failed(GateRefused(f"gate {refused}"), warned, refused)))
    assert (
        "volume 2025-11-23, generation 2 812 at least 1,640 refused unknown share 2025-11-23 4 % at most 2 % warned"
        in text
    )


@pytest.mark.parametrize(
    "report",
    [
        succeeded(churn_risks=[risk(HOSTILE, HOSTILE, country=HOSTILE, industry=HOSTILE)]),
        at_risk(MOST_DETAILED + 8, owners=(HOSTILE, None), name=HOSTILE),
        succeeded(news=RiskNews(DAY, True, HOSTILE_LIST, HOSTILE_LIST), gone=HOSTILE_LIST, contact_due=HOSTILE_LIST),
        failed(ApiError(HOSTILE, remedy=HOSTILE), Verdict(HOSTILE, HOSTILE, False, HOSTILE, HOSTILE)),
        succeeded(steps=[StepReport("stage_crm", notes=[HOSTILE], warnings=[HOSTILE])]),
    ],
    ids=["names", "owners", "lists", "errors", "notes"],
)
def test_hostile_text_stays_text(report: RunReport) -> None:
    page = render(report)
    elements = Elements(page)
    assert not elements.tags & {"img", "iframe", "object", "form", "base"}
    assert page.count("<script>") == 1  # ours, which holds no data: the policy names its digest
    assert not [found for _, found in elements.found if any(name.startswith("on") for name in found)]
    assert "{{ 7*7 }}" in page
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e\ud800-\udfff]", page)
    page.encode("utf-8")


def test_a_name_of_any_length_is_cut() -> None:
    page = render(succeeded(churn_risks=[risk(name="x" * 5000)]))
    assert "x" * 160 + "…" in page
    assert "x" * 161 not in page


def test_nothing_is_fetched_from_anywhere() -> None:
    page = good()
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    elements = Elements(page)
    assert not [link for link in elements.all("href") if not link.startswith(("#", "data:"))]
    assert not elements.all("src")
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("report", [None, failed(ApiError("x")), succeeded(steps=[]), at_risk(130)])
def test_every_link_has_its_target_and_every_id_is_one(report: RunReport | None) -> None:
    elements = Elements(render(report) if report else good())
    ids = elements.all("id")
    assert len(ids) == len(set(ids))
    referred = {link[1:] for link in elements.all("href") if link.startswith("#")}
    named = {name for names in elements.all("aria-labelledby") for name in names.split()}
    assert referred | named <= set(ids)


def test_the_same_run_gives_the_same_bytes() -> None:
    script = (
        "import sys; from company_activity.report.page import render; from support.report.reports import succeeded;"
    )
    script += "sys.stdout.buffer.write(render(succeeded()).encode())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "1"}
    told = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    assert told.stdout.decode() == good()


def test_each_picture_says_what_it_shows() -> None:
    page = good()
    pictures = re.findall(r"<svg .*?</title>", page)
    assert len(pictures) == 5  # two charts for two widths, and one company
    assert all('role="img" aria-labelledby=' in picture for picture in pictures)
    assert "Active users per day in 60 days: most on 16 Nov, 8; on the last day 0" in page


def test_a_missing_date_is_a_gap_and_is_named() -> None:
    gone = DAY - timedelta(days=3)
    shown = (*[8] * 56, None, *[8] * 3)
    report = succeeded(figures=Figures(days(missing=[gone])), churn_risks=[risk(days=shown)])
    page = render(report)
    assert "1 date is missing and shaded: 2025-11-20" in text_of(page)
    line = sparkline(report.churn_risks[0], DAY)
    assert line is not None
    assert line.count("M") == 2 + 1  # the line in two pieces, and the zero below it


def test_one_date_alone_is_a_picture_too() -> None:
    chart = lifecycle_chart(days(1))
    assert "23 November 2025 to 23 November 2025" in chart.wide
    assert chart.wide.count("<path") > 2


def test_a_run_without_figures_says_why() -> None:
    nothing: dict[str, Any] = {"risks_on": None, "figures": None, "status": None, "news": None, "churn_risks": []}
    report = failed(ApiError("x"), **nothing, no_figures="no date is built yet")
    text = text_of(render(report))
    assert "This page has no figures: no date is built yet" in text
    assert "Who to call" not in text


def test_a_lake_without_companies_has_a_page_too() -> None:
    assert "No company is at risk." in text_of(render(succeeded(churn_risks=[], figures=Figures(()))))


def test_nobody_at_risk_is_said() -> None:
    quiet = Figures(tuple(type(one)(one.day, 3, 1, 1, 0, {"returning": 3}) for one in days(5)))
    assert "Who to call: 0 companies at risk on 23 Nov No company is at risk." in text_of(
        render(succeeded(churn_risks=[], figures=quiet))
    )


def test_a_hundred_companies_with_long_hostile_names_fit_a_megabyte() -> None:
    risks = [risk(f"{n}" + "<" * 63, "<&>\u00e9" * 256, days=tuple(range(n, n + 60))) for n in range(100)]
    all_of_them = Listing(100_000, tuple(replace(one, left_on=DAY) for one in risks))
    told = {"news": RiskNews(DAY, True, all_of_them, all_of_them), "gone": all_of_them, "contact_due": all_of_them}
    assert len(render(succeeded(churn_risks=risks, **told)).encode()) < 1_000_000


def test_the_lake_as_it_stands_needs_no_steps() -> None:
    report = RunReport("r", "report 2025-11-23", BEGAN, (date(2025, 11, 23),), figures=Figures(days()), risks_on=DAY)
    text = text_of(render(report))
    assert "run succeeded" in text
    assert "Seconds per step" not in text
