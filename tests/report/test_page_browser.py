"""The report in a real browser: what a reader sees, on a desk and on a phone."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import GateRefused
from company_activity.gates.verdict import Verdict
from company_activity.report.model import MOST_DETAILED
from company_activity.report.page import render
from company_activity.report.page.choices import fragment
from company_activity.report.risks import Status

from support.report.browser import consoles, look_at, printed_pages, with_fragments
from support.report.reports import DAY, HOSTILE, at_risk, failed, gone, news, risk, succeeded

pytestmark = [pytest.mark.integration, pytest.mark.long]

DESK, PHONE = 1280, 390
NAMES = ["succeeded", "doubtful", "unfolded", "failed", "nobody", "one", "forty", "many", "hostile"]
# Axe takes half a minute for 2,000 rows: those on a phone are looked at at night.
SEEN = [(name, width) for name in NAMES for width in (DESK, PHONE) if (name, width) != ("many", PHONE)]
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
        "nobody": render(succeeded(churn_risks=[])),
        "one": render(at_risk(1)),
        "forty": render(at_risk(40)),
        "many": render(at_risk(2000)),
        "hostile": render(at_risk(MOST_DETAILED + 20, owners=(HOSTILE, None), name=HOSTILE)),
    }


@pytest.fixture(scope="module")
def seen(pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], dict[str, Any]]:
    """Every page at both widths, as a reader and as axe-core see it."""
    shown = {(name, width): pages[name] for name, width in SEEN}
    return look_at({**shown, ("inaccessible", DESK): INACCESSIBLE}, tmp_path_factory.mktemp("browser"))


EACH = pytest.mark.parametrize(("name", "width"), SEEN)
WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])


def test_it_opens_without_a_word_on_the_console(
    pages: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    loud = "<script>console.error('oh no')</script>"
    told = consoles(pages | {"loud": loud}, tmp_path_factory.mktemp("browser"))
    assert "oh no" in str(told.pop("loud"))
    assert told == {name: [] for name in NAMES}  # the policy lets the page's own script run


@WIDTHS
def test_a_reader_finds_whom_to_call_and_nothing_is_in_the_way(seen: Any, width: int) -> None:
    page = seen["succeeded", width]
    assert "Sudden Stop" in page["text"]
    assert "<script>alert(1)</script>" in page["text"]  # as text: the scripts are the page's, axe and ours
    assert (page["scripts"], page["charts"]) == (3, 4)  # of each chart the one that fits, and a line per company
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
def test_nothing_has_to_be_scrolled_sideways(seen: Any, name: str, width: int) -> None:
    assert seen[name, width]["sideways"] <= 0


@EACH
def test_no_table_is_cut_at_the_edge(seen: Any, name: str, width: int) -> None:
    assert seen[name, width]["cut"] == []


@EACH
def test_axe_finds_nothing(seen: Any, name: str, width: int) -> None:
    assert seen[name, width]["passes"] > 20
    assert seen[name, width]["violations"] == []


@pytest.mark.nightly
def test_two_thousand_are_found_on_a_phone(pages: dict[str, str], tmp_path: Path) -> None:
    (page,) = look_at({("many", PHONE): pages["many"]}, tmp_path).values()
    assert page["sideways"] <= 0
    assert (page["cut"], page["violations"]) == ([], [])


def test_axe_would_find_something(seen: Any) -> None:
    rules = {one["rule"] for one in seen["inaccessible", DESK]["violations"]}
    assert {"color-contrast", "image-alt", "document-title"} <= rules


# Of the 2,000, by place: the owner n % 4, the segment and the reasons n % 3, the country n % 4.
FRAGMENTS = {
    "": (2000, "2,000 of 2,000 listed companies are shown."),
    "risks": (2000, "2,000 of 2,000 listed companies are shown."),
    fragment("owner", "Bruno O'Neill"): (500, "500 of 2,000 listed companies are shown: owner Bruno O'Neill."),
    fragment("owner", None): (500, "500 of 2,000 listed companies are shown: owner nobody's."),
    "owner=Ana+Lima&segment=enterprise": (
        167,
        "167 of 2,000 listed companies are shown: owner Ana Lima, segment enterprise.",
    ),
    "reason=Silent&country=": (166, "166 of 2,000 listed companies are shown: country no country, reason Silent."),
    "search=C_1007": (1, '1 of 2,000 listed companies are shown: name or id with "C_1007".'),
    "search=%3Cscript%3E": (0, '0 of 2,000 listed companies are shown: name or id with "<script>".'),
    "owner=Nobody+Else": (
        2000,
        "No listed company has the owner that the address names. 2,000 of 2,000 listed companies are shown.",
    ),
    "owner=%E0%A4": (
        2000,
        "No listed company has the owner that the address names. 2,000 of 2,000 listed companies are shown.",
    ),
}


def test_the_address_says_which_companies_are_shown(pages: dict[str, str], tmp_path: Path) -> None:
    told = with_fragments(pages["many"], FRAGMENTS, tmp_path)
    assert {at: (one["shown"], one["said"]) for at, one in told.items()} == FRAGMENTS


def test_a_hostile_owner_s_link_finds_the_own_companies(pages: dict[str, str], tmp_path: Path) -> None:
    at = fragment("owner", HOSTILE)
    told = with_fragments(pages["hostile"], [at], tmp_path)[at]
    assert told["shown"] == (MOST_DETAILED + 20) // 2
    assert told["said"].startswith("60 of 120 listed companies are shown: owner <script>alert(1)</script>")


def test_a_choice_is_kept_in_the_address_and_can_be_taken_back(pages: dict[str, str], tmp_path: Path) -> None:
    act = """
      const owner = document.querySelector("select[name=owner]");
      owner.selectedIndex = 2;
      owner.dispatchEvent(new Event("input", {bubbles: true}));
      told.kept = location.hash;
      told.chosen = said();
      document.querySelector("#filters button").click();
      told.cleared = [location.hash, said(), document.activeElement.name];
      location.hash = "#segment=";
    """
    told = with_fragments(pages["forty"], ["search=company"], tmp_path, act)["search=company"]
    assert told["kept"] == "#owner=Ana+Lima&search=company"
    assert told["chosen"] == '10 of 40 listed companies are shown: owner Ana Lima, name or id with "company".'
    assert told["cleared"] == ["", "40 of 40 listed companies are shown.", "search"]
    assert told["said"] == "13 of 40 listed companies are shown: segment no segment."


def test_without_a_script_everything_is_shown_and_no_control(pages: dict[str, str], tmp_path: Path) -> None:
    still = re.sub(r"<script>.*?</script>", "", pages["many"], flags=re.DOTALL)
    told = with_fragments(still, [fragment("owner", None)], tmp_path)[fragment("owner", None)]
    assert (told["shown"], told["said"], told["controls"]) == (2000, "", 0)


def test_what_is_printed_is_what_is_shown(pages: dict[str, str], tmp_path: Path) -> None:
    on_paper = pages["many"].replace("@media print", "@media all")
    told = with_fragments(on_paper, ["", "search=c_11"], tmp_path)
    assert {at: (one["shown"], one["controls"]) for at, one in told.items()} == {"": (2000, 0), "search=c_11": (100, 0)}
    all_of_them = printed_pages(pages["many"], "", tmp_path)
    assert 0 < 3 * printed_pages(pages["many"], "search=c_11", tmp_path) < all_of_them
