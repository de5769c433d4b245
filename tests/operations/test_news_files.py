"""What `erase` and `maintain` do to digests under way and to what was told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from company_activity.errors import CompanyActivityError
from company_activity.io.notify.digest.digest import Digest
from company_activity.io.notify.digest.items import sections_of
from company_activity.io.notify.digest.kept import Kept, KeptNews
from company_activity.io.notify.digest.recipients import Reader
from company_activity.io.storage.folder import open_folder
from company_activity.operations.erase.news import forget_in_news
from company_activity.operations.erase.spelling import Spelling
from company_activity.operations.maintain.told_news import told_news
from company_activity.planning.news import News
from company_activity.settings.model import MaintainSettings, NotifySettings

ANN = Reader("Ann", "mail")
NOW = datetime(2025, 11, 24, tzinfo=UTC)
DAY = date(2025, 11, 23)


@pytest.fixture
def lake(tmp_path: Path) -> str:
    return str(tmp_path)


def run_on(lake: str) -> Any:
    settings = SimpleNamespace(maintain=MaintainSettings(), notify=NotifySettings())
    activity = SimpleNamespace(dates={DAY: None})
    return SimpleNamespace(lake=SimpleNamespace(files=open_folder(lake), activity=activity), now=NOW, settings=settings)


def forget(lake: str, company: str) -> int:
    return forget_in_news(run_on(lake), company, Spelling.of(company, [f"Name of {company}"]))


def entered(company: str, on: date = DAY) -> News:
    return News(company, "entered", on, on, company_name=f"Name of {company}")


def ended(company: str, since: date, on: date) -> News:
    return News(company, "recovered", on, since, on, follows=(("entered", since),))


def keep(lake: str, *news: News, day: date = DAY) -> Kept:
    """A digest under way."""
    kept = KeptNews(lake)
    kept.put(ANN, Digest("Ann", day, "test", sections=sections_of(news, {}, day), written_at=NOW.isoformat()), news)
    *_, newest = kept.under_way()
    return newest


def tell(lake: str, *news: News, day: date = DAY) -> None:
    KeptNews(lake).close(keep(lake, *news, day=day), NOW, "sent", is_told=True)


def texts(lake: str) -> Iterator[str]:
    return (file.read_text("utf-8") for file in sorted((Path(lake) / "ops/news").iterdir()))


def test_an_erased_company_is_in_no_digest_under_way_and_not_in_the_ledger(lake: str) -> None:
    tell(lake, entered("a"), entered("b"))
    tell(lake, entered("a"))
    keep(lake, entered("a"), entered("c"))
    assert forget(lake, "a") == 3
    assert [text for text in texts(lake) if '"a"' in text or "Name of a" in text] == []
    (left,) = KeptNews(lake).under_way()
    assert ([one.company_id for one in left.news], left.digest.counts["entered"]) == (["c"], 1)
    assert [one.company_id for one in KeptNews(lake).ledger().delivered["mail Ann"]] == ["b"]
    assert forget(lake, "a") == 0


def test_an_erased_company_is_in_no_file_that_cannot_be_read_and_not_among_those_set_aside(lake: str) -> None:
    keep(lake, entered("a"))
    (file,) = (Path(lake) / "ops/news").iterdir()
    torn = file.read_text("utf-8")[:-20]
    file.write_text(torn, "utf-8")
    KeptNews(lake).note_snoozes({"a": DAY, "b": DAY})
    assert forget(lake, "a") == 2
    assert list(texts(lake)) == ['{\n "b": "2025-11-23"\n}\n']


def test_a_file_that_does_not_say_what_was_told_stops_whoever_would_tell_it_again(lake: str) -> None:
    tell(lake, entered("a"))
    (file,) = (Path(lake) / "ops/news").glob("*.told.json")
    file.write_text("{}", "utf-8")
    with pytest.raises(CompanyActivityError, match=r"told\.json does not say what was told"):
        KeptNews(lake).ledger()


def test_a_digest_of_that_company_alone_is_not_sent(lake: str) -> None:
    keep(lake, entered("a"))
    assert forget(lake, "a") == 1
    assert list(KeptNews(lake).under_way()) == []
    assert KeptNews(lake).ledger().delivered == {}


def test_one_of_which_a_part_was_accepted_ends_as_told(lake: str) -> None:
    """Its other parts would be cut otherwise, and a company come twice or never."""
    with KeptNews(lake).sending(keep(lake, entered("a"), entered("c")), "0001", NOW):
        """Taken."""
    assert forget(lake, "a") == 1
    assert list(KeptNews(lake).under_way()) == []
    assert [one.company_id for one in KeptNews(lake).ledger().delivered["mail Ann"]] == ["c"]


def test_what_no_news_depends_on_goes_and_the_ledger_says_the_same(lake: str) -> None:
    old, older = DAY - timedelta(days=150), DAY - timedelta(days=170)
    tell(lake, entered("a", older), entered("b", older), day=older)
    tell(lake, ended("a", older, old), day=old)
    tell(lake, day=old + timedelta(days=1))  # a quiet day
    tell(lake, entered("c"))
    before = KeptNews(lake).ledger()
    heap = told_news(run_on(lake))
    assert heap.files == 3
    list(heap.remove())
    ledger = KeptNews(lake).ledger()
    assert ledger == before.without_older(DAY - timedelta(days=90))
    assert [one.company_id for one in ledger.delivered["mail Ann"]] == ["b", "c"]  # b is at risk for all that Ann knows
    assert told_news(run_on(lake)).files == 0
    assert len(list(texts(lake))) == 2


def test_the_newest_file_of_a_reader_stays_for_its_number(lake: str) -> None:
    old = DAY - timedelta(days=150)
    tell(lake, entered("a", old), day=old)
    tell(lake, ended("a", old, old + timedelta(days=8)), day=old + timedelta(days=8))
    list(told_news(run_on(lake)).remove())
    assert KeptNews(lake).ledger().delivered == {}
    assert told_news(run_on(lake)).files == 0
    assert keep(lake, entered("a")).digest.number == 3


def test_whoever_is_killed_on_the_way_has_lost_no_end_of_what_is_left(lake: str) -> None:
    old = DAY - timedelta(days=150)
    tell(lake, entered("a", old), day=old)
    tell(lake, ended("a", old, old + timedelta(days=8)), day=old + timedelta(days=8))
    next(told_news(run_on(lake)).remove())
    (left,) = KeptNews(lake).ledger().delivered["mail Ann"]
    assert left.kind == "recovered"
