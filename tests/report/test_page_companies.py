"""Whom to call on the page: the index, contracts, trends, the table of the many, the pictures of the roll-ups."""

from __future__ import annotations

import hashlib
import random
import re
from base64 import b64decode
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from html import escape
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import pytest

from company_activity.report.model import MOST_DETAILED, Portfolio, Retention, RunReport, SegmentDay
from company_activity.report.page import render
from company_activity.report.page.choices import filter_name, fragment
from company_activity.report.page.words import printable
from company_activity.report.risks import SetAside
from company_activity.run import Run
from company_activity.work.write_report import MAX_PAGE_BYTES, fitting_page

from support.report.reports import DAY, HOSTILE, at_risk, risk, segment_days, succeeded

PIECES = (
    "</script>", "</td>", "<!--", "-->", "]]>", "\"'&<>`=", "onclick=alert(1)", "&amp;lt;", "&#x3c;", "{{ 7*7 }}", "{% raw %}",
    "\u202eevil", "\u2066", "\x00", "\x1b[2J", "\ud800", "\ufeff", "Ana & Co", "%2F#owner=x&country=", "+ +", "É\u0301", "中文",
    "עברית", "\U0001f468\u200d\U0001f469", "javascript:alert(1)", "\n\t", "=cmd|' /C calc'!A0", "</bdi></option></select>",
)  # fmt: skip


class Listed(HTMLParser):
    """The rows of a page: the texts of their `bdi`s and the names that their places stand for."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[tuple[list[str], str]] = []
        self.options: dict[str, list[str]] = {}
        self.select = ""
        self.text: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "data-f" in found:
            self.rows.append(([], found["data-f"] or ""))
        if tag == "select":
            self.select = found["name"] or ""
            self.options[self.select] = []
        if tag in ("bdi", "option"):
            self.text = []

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("bdi", "option") or self.text is None:
            return
        if tag == "option":
            self.options[self.select].append("".join(self.text))
        elif self.rows:
            self.rows[-1][0].append("".join(self.text))
        self.text = None


@cache
def forty() -> str:
    """The page about 40 companies at risk."""
    return render(at_risk(40))


def text_of(page: str) -> str:
    body = re.sub(r"<script>.*?</script>", " ", page[page.index("<body>") :], flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def one(**known: Any) -> str:
    return text_of(render(succeeded(churn_risks=[risk(**known)])))


def test_a_renewal_that_is_near_is_said_in_words_and_one_that_is_not_has_its_date() -> None:
    value = Decimal("24000.00")
    near = one(renewal_on=DAY + timedelta(days=12), contract_value=value, seats=40, seats_used=(0.3, 0.3))
    assert "renews soon" in near
    assert "Renews in 12 days, contract value 24,000 · 40 seats, 30 % of them used in 28 days" in near
    far = one(renewal_on=DAY + timedelta(days=61), contract_value=value)
    assert "renews soon" not in far
    assert "Renewal on 2026-01-23, contract value 24,000" in far
    assert "renews soon" not in one(renewal_on=DAY - timedelta(days=1))


def test_a_score_has_its_changes_and_a_dash_where_a_date_is_not_complete() -> None:
    assert "Engagement score 31.5: −12.5 in 7 days, – in 28 days" in one(scores=(None, 50.0, 50.0, 44.0, 31.5))
    assert "Engagement score" not in one(scores=(1.0, 1.0, 1.0, 1.0, None))


def test_without_any_owner_or_segment_there_is_no_index_and_no_such_filter() -> None:
    page = render(
        succeeded(
            churn_risks=[risk(), risk("c_2")],
            portfolios=[Portfolio("owner", None, 40, 2, 9), Portfolio("segment", None, 40, 2, 9)],
        )
    )
    assert 'id="index"' not in page
    assert 'id="segments"' not in page
    assert 'id="retention"' not in page
    assert '<select name="country"' in page
    assert '<select name="owner"' not in page
    assert '<select name="segment"' not in page
    assert "nobody&#39;s" not in page


def test_the_index_counts_all_companies_by_owner_and_by_segment_and_leads_to_those_that_are_listed() -> None:
    kept = [
        Portfolio("owner", "Ana", 15, 1, 54, Decimal(100), 1),
        Portfolio("owner", None, 7, 2, 60, Decimal("0.5")),
        Portfolio("segment", "small", 17, 3, 114, Decimal("100.5"), 1),
        Portfolio("segment", None, 5, 0, 0),
    ]
    page = render(succeeded(churn_risks=[risk(owner="Ana", segment="small")], portfolios=kept))
    text = text_of(page)
    assert "nobody&#39;s 7 2 60 0.50 0 Ana 15 1 54 100 1" in text
    assert "small 17 3 114 100.50 1 no segment 5 0 0 – 0" in text
    assert page.count('href="#owner=Ana"') == page.count('id="owner=Ana"') == 1
    assert 'href="#owner="' not in page  # nobody's companies at risk are not listed


def test_many_owners_do_not_fill_the_page() -> None:
    kept = [Portfolio("owner", f"Owner {n:03}", 1, 1, n) for n in range(130)]
    text = text_of(render(succeeded(portfolios=kept)))
    assert "Owner 129" in text
    assert "Owner 029" not in text
    assert "30 more owners, with fewer user-days missing, are left out." in text


def test_those_after_the_first_hundred_are_rows_of_a_table_and_the_rest_is_said_to_be_elsewhere() -> None:
    report = at_risk(MOST_DETAILED + 30)
    report.churn_risks = report.churn_risks[:-10]
    page = render(report)
    assert page.count("<svg") - page.count("<svg class=t") == 4 + 2 + MOST_DETAILED
    assert page.count("<tr data-f=") == 20
    text = text_of(page)
    assert "The 20 companies after the first 100, in short." in text
    assert "10 more stand in the table, after these in the same order" in text
    assert "sql/queries/churn_risks.sql lists them all, and company-activity export writes them to files." in text


def test_every_company_that_is_at_risk_may_be_set_aside() -> None:
    aside = risk(set_aside=SetAside(DAY + timedelta(days=3)))
    page = render(succeeded(churn_risks=[aside]))
    assert '<ol class="risks" data-group>' not in page
    assert "1 company set aside until a later date" in text_of(page)


def test_more_than_a_hundred_without_owners_and_segments_are_a_page_too() -> None:
    report = at_risk(MOST_DETAILED + 30)
    report.churn_risks = [replace(one, owner=None, segment=None) for one in report.churn_risks]
    text = text_of(render(report))
    assert "The 30 companies after the first 100, in short." in text
    assert "28 d Contract Company 100 c_1100" in text


def test_one_set_aside_among_many_leaves_no_hole() -> None:
    report = at_risk(MOST_DETAILED + 30)
    report.churn_risks[3] = replace(report.churn_risks[3], set_aside=SetAside(DAY + timedelta(days=3)))
    report.churn_risks[120] = replace(report.churn_risks[120], set_aside=SetAside(DAY + timedelta(days=3)))
    page = render(report)
    assert "The 28 companies after the first 100, in short." in text_of(page)
    assert page.count('<li id="c-') == MOST_DETAILED + 2


@pytest.mark.parametrize("name", ["$$", "$1k-$10k", "ARR $10k_$50k", "< $50% > $10"])
def test_a_segment_may_be_a_price(name: str) -> None:
    page = render(succeeded(segments=segment_days([name])))
    assert page.count(f">{escape(name, quote=False)}<") == 2


def test_a_segment_that_is_gone_is_not_told_of_as_of_today() -> None:
    rows = segment_days(["SMB"])
    renamed = [row._replace(segment="Small") if row.day == DAY else row for row in rows]
    page = render(succeeded(segments=renamed))
    assert "On the last day: Small: 40 companies" in page
    assert "; SMB: 0 companies, 0 active, 0 at risk." in page


def test_segments_are_drawn_the_smallest_together() -> None:
    names = ["a", "b", "c", "d", "e", "f", "<g>", None]
    page = render(succeeded(segments=segment_days(names)))
    description = re.search(r'id="segments-wide-desc">([^<]*)<', page)
    assert description
    panels = description[1].removeprefix("On the last day: ").split("; ")
    assert [panel.partition(":")[0] for panel in panels] == ["no segment", "&lt;g&gt;", "f", "e", "d", "other segments"]
    assert panels[-1] == "other segments: 150 companies, 27 active, 19 at risk."


def test_one_segment_on_one_day_is_a_picture_too() -> None:
    page = render(succeeded(segments=[SegmentDay(DAY, None, 3, 2, 9, 1)]))
    assert "On the last day: no segment: 3 companies, 2 active, 1 at risk." in page


def test_retention_is_a_triangle_with_a_dash_for_a_month_that_is_not_complete() -> None:
    march, may = date(2025, 3, 1), date(2025, 5, 1)
    page = render(
        succeeded(retention=[Retention(march, march, 8, 8), Retention(march, may, 8, 3), Retention(may, may, 2, 1)])
    )
    assert "First active Companies +0 +1 +2 2025-03 8 100 % – 38 % 2025-05 2 50 %" in text_of(page)


def test_the_policy_lets_this_script_run_and_no_other() -> None:
    page = forty()
    policy = re.search(r"script-src 'sha256-([^']+)'", page)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert policy
    assert script
    assert b64decode(policy[1]) == hashlib.sha256(script[1].encode()).digest()
    assert script[1] in render(at_risk(3, name=HOSTILE))  # no page's data is in it
    assert "script" not in render(succeeded(churn_risks=[]))


def test_a_hundred_hostile_names_are_read_back_from_the_page() -> None:
    dice = random.Random(23)
    names = ["".join(dice.choices(PIECES, k=3)) + str(n) for n in range(100)]
    report = at_risk(150, owners=names)
    report.churn_risks = [
        replace(risk, company_name=names[-1 - n % 100], segment=names[n * 7 % 100], country=names[n * 3 % 100])
        for n, risk in enumerate(report.churn_risks)
    ]
    page = render(report)
    read = Listed(page)
    assert len(read.rows) == 150
    by_id = {texts[1]: (texts[0], places) for texts, places in read.rows}
    for company in report.churn_risks:
        name, places = by_id[company.company_id]
        assert name == printable(company.company_name.strip())
        owner, segment, country, _ = places.split(" ")
        assert read.options["owner"][int(owner) + 1] == filter_name(company.owner)
        assert read.options["segment"][int(segment) + 1] == filter_name(company.segment)
        assert read.options["country"][int(country) + 1] == filter_name(company.country)
        assert f'id="{fragment("owner", company.owner)}"' in page
        assert unquote(fragment("owner", company.owner)).removeprefix("owner=") == filter_name(company.owner)
    page.encode("utf-8")


@pytest.mark.parametrize("name", ["Company of quite a usual name Ltd", "<&>\u00e9" * 256], ids=["usual", "hostile"])
def test_two_thousand_companies_fit_a_megabyte(name: str) -> None:
    owners = [f"{n} {name}" for n in range(60)]
    report = at_risk(2000, owners=owners, name=name)
    page = fitting_page(cast(Run, SimpleNamespace(report=report)))
    assert len(page.encode()) <= MAX_PAGE_BYTES
    listed = page.count("data-f=")
    assert listed == len(report.churn_risks) > 4 * MOST_DETAILED
    assert (f"{2000 - listed:,} more stand in the table" in page) is (listed < 2000)


def test_a_page_that_is_too_large_loses_the_table_before_the_first_hundred() -> None:
    report: RunReport = at_risk(300)
    named = report.news
    for _ in range(2):
        report.shorten_lists(0.5)
    assert (len(report.churn_risks), report.news) == (MOST_DETAILED, named)
    report.shorten_lists(0.5)
    assert len(report.churn_risks) == MOST_DETAILED // 2
