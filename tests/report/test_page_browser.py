"""The report in a real browser: what a reader sees, on a desk and on a phone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from company_activity.errors import GateRefused
from company_activity.gates.verdict import Verdict
from company_activity.report.page import render
from company_activity.report.risks import Status

from support.report.browser import consoles, look_at
from support.report.reports import DAY, HOSTILE, failed, gone, news, risk, succeeded

pytestmark = pytest.mark.integration

DESK, PHONE = 1280, 390
REFUSED = Verdict("volume", f"{DAY}, generation 2", False, "812 accepted records", "at least 1,640")
DOUBT = Status(DAY, (DAY - timedelta(days=2),), 40, 40, DAY)
INACCESSIBLE = "<body><p style='color:#eee;background:#fff'>pale</p><img src='data:,'></body>"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    doubtful = render(succeeded(news=news(12, 3), gone=gone(30), fleet_pace=613, status=DOUBT))
    return {
        "succeeded": render(succeeded(churn_risks=[risk(), risk("c_111", HOSTILE, country=HOSTILE)])),
        "doubtful": doubtful,
        "unfolded": doubtful.replace("<details>", "<details open>"),
        "failed": render(failed(GateRefused(f"gate {REFUSED}", remedy="fetch the date again"), REFUSED)),
    }


@pytest.fixture(scope="module")
def seen(pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], dict[str, Any]]:
    """Every page at both widths, as a reader and as axe-core see it."""
    shown = {(name, width): page for name, page in pages.items() for width in (DESK, PHONE)}
    return look_at({**shown, ("inaccessible", DESK): INACCESSIBLE}, tmp_path_factory.mktemp("browser"))


EACH = pytest.mark.parametrize("name", ["succeeded", "doubtful", "unfolded", "failed"])
WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])


def test_it_opens_without_a_word_on_the_console(
    pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    loud = "<script>console.error('oh no')</script>"
    told = consoles(pages | {"loud": loud}, tmp_path_factory.mktemp("browser"))
    assert "oh no" in str(told.pop("loud"))
    assert told == {"succeeded": [], "doubtful": [], "unfolded": [], "failed": []}


@WIDTHS
def test_a_reader_finds_whom_to_call_and_nothing_is_in_the_way(seen: Any, width: int) -> None:
    page = seen["succeeded", width]
    assert "Sudden Stop" in page["text"]
    assert "<script>alert(1)</script>" in page["text"]  # as text: the two scripts are axe and ours
    assert (page["scripts"], page["charts"]) == (2, 4)  # of each chart the one that fits, and a line per company
    assert "What failed" not in page["text"]


@WIDTHS
def test_a_doubtful_page_says_so_first_and_folds_what_can_wait(seen: Any, width: int) -> None:
    text = seen["doubtful", width]["text"]
    told = [
        "The lists cannot be trusted today.",
        "It was a slow week for all",
        "Entered risk: 12 companies",
        "Who to call:",
    ]
    assert [text.index(one) for one in told] == sorted(text.index(one) for one in told)
    assert "2 more that entered risk" in text
    assert "Gone: 30 companies" in text
    assert "Left Us" not in text  # folded until somebody asks


@WIDTHS
def test_a_failed_run_s_page_begins_with_what_to_do(seen: Any, width: int) -> None:
    page = seen["failed", width]
    assert page["text"].index("What to do: fetch the date again") < page["text"].index("Who to call:")
    assert page["title"] == "Company Activity · 2025-11-23 · failed"


@EACH
@WIDTHS
def test_nothing_has_to_be_scrolled_sideways(seen: Any, name: str, width: int) -> None:
    assert seen[name, width]["sideways"] <= 0


@EACH
@WIDTHS
def test_no_table_is_cut_at_the_edge(seen: Any, name: str, width: int) -> None:
    assert seen[name, width]["cut"] == []


@EACH
@WIDTHS
def test_axe_finds_nothing(seen: Any, name: str, width: int) -> None:
    assert seen[name, width]["passes"] > 20
    assert seen[name, width]["violations"] == []


def test_axe_would_find_something(seen: Any) -> None:
    rules = {one["rule"] for one in seen["inaccessible", DESK]["violations"]}
    assert {"color-contrast", "image-alt", "document-title"} <= rules
