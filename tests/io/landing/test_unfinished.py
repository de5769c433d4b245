"""A killed run's pages: gone on with by the next run, if they are young, whole and an answer to the same question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from company_activity.errors import SourceError
from company_activity.io.api.page import FIRST_PAGE, Page, PagingBroken
from company_activity.io.landing.commit import Fetch, begin, commit
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.page_file import Session
from company_activity.io.landing.unfinished import UnfinishedDate
from company_activity.io.storage.opening import LocalStorage
from company_activity.settings.model import LandingSettings

from support.landing.pages import DAY, NOON, fetch, land, pages, session

GIVEN = pages(['{"a": 1}', "7"], ['{"a": 2}', "8"], ['{"a": 3}'])
LATER = NOON + timedelta(minutes=30)


@pytest.fixture
def landing(local: LocalStorage) -> Landing:
    return Landing(local, LandingSettings(""))


@pytest.fixture
def killed(landing: Landing) -> UnfinishedDate:
    """A run that was killed after two of three pages."""
    return fetch(landing, GIVEN[:2], session())


def pages_left(landing: Landing) -> list[str]:
    return [entry.path.split("/")[-1] for entry in landing.storage.list(landing.at("_unfinished/"))]


def is_from_page_1(landing: Landing, run: Session, max_age: float = 3600) -> bool:
    unfinished = begin(landing, run, max_age)
    assert unfinished.pagination.next_page == unfinished.pages + 1
    return unfinished.pagination.next_page == FIRST_PAGE and not unfinished.is_resumed and pages_left(landing) == []


def test_the_next_run_goes_on_after_the_last_durable_page(landing: Landing, killed: UnfinishedDate) -> None:
    resumed = begin(landing, session("run-2", LATER), 3600)
    assert (resumed.is_resumed, resumed.pages, resumed.rows, resumed.pagination.next_page) == (True, 2, 4, 3)
    assert resumed.content_digest == killed.content_digest
    assert resumed.session.run_id == "run-1"


def test_what_it_lands_is_what_an_undisturbed_run_lands(landing: Landing, killed: UnfinishedDate) -> None:
    fetched = fetch(landing, GIVEN, session("run-2", LATER))
    committed = commit(landing, fetched, Fetch("run-2", "", NOON))
    assert committed
    landed = committed.manifest
    whole = land(Landing(landing.storage, LandingSettings("", usage_container="other")), *texts(GIVEN)).manifest
    assert (landed.content_digest, landed.rows, landed.pages) == (whole.content_digest, whole.rows, whole.pages)
    assert landed.parts[0].sha256 == whole.parts[0].sha256
    assert (landed.run_id, landed.fetched_at) == ("run-2", NOON)  # fetched_at: when its first page was asked for
    assert pages_left(landing) == []


def texts(given: Sequence[Page]) -> list[list[str]]:
    return [[item.text for item in page.items] for page in given]


def test_the_trail_is_remembered(landing: Landing, killed: UnfinishedDate) -> None:
    resumed = begin(landing, session("run-2", LATER), 3600)
    with pytest.raises(PagingBroken, match="repeats the items"):
        resumed.pagination.step(pages([], [], ['{"a": 1}', "7"])[2])


def test_pages_older_than_the_bound_are_fetched_again(landing: Landing, killed: UnfinishedDate) -> None:
    assert is_from_page_1(landing, session("run-2", NOON + timedelta(hours=1, seconds=1)))


def test_pages_from_a_clock_far_ahead_are_fetched_again(landing: Landing, killed: UnfinishedDate) -> None:
    assert is_from_page_1(landing, session("run-2", NOON - timedelta(days=1)))


def test_pages_of_another_source_or_page_size_are_fetched_again(landing: Landing, killed: UnfinishedDate) -> None:
    assert is_from_page_1(landing, session("run-2", LATER, source="other"))


def test_pages_of_another_date_are_left_alone(landing: Landing, killed: UnfinishedDate) -> None:
    begin(landing, session("run-2", LATER, day=DAY + timedelta(days=1)), 3600)
    assert pages_left(landing) == ["page-000001", "page-000002"]


def test_of_several_sessions_the_youngest_is_gone_on_with_and_the_others_removed(
    landing: Landing, killed: UnfinishedDate
) -> None:
    fetch(landing, GIVEN[:1], session("run-2", LATER, source="other"))
    fetch(landing, GIVEN[:1], session("run-3", LATER))
    assert begin(landing, session("run-4", LATER), 3600).session.run_id == "run-3"
    assert pages_left(landing) == ["page-000001"]


def path_of(landing: Landing, page: str) -> str:
    return next(entry.path for entry in landing.storage.list(landing.at("_unfinished/")) if entry.path.endswith(page))


def replace_page(landing: Landing, page: str, change: Callable[[bytes], bytes]) -> None:
    path = path_of(landing, page)
    text = landing.storage.read(path)
    landing.storage.delete(path)
    landing.storage.create(path, (change(text),))


@pytest.mark.parametrize("page", ["page-000001", "page-000002"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'"a": ', b'"b": '),
        lambda text: text[:-5],
        lambda text: b"",
        lambda text: text.replace(b'"format": 1', b'"format": 2'),
        lambda text: b"\x00" * len(text),
    ],
)
def test_pages_that_are_not_what_was_written_are_fetched_again(
    landing: Landing, killed: UnfinishedDate, page: str, change: Any
) -> None:
    replace_page(landing, page, change)
    assert is_from_page_1(landing, session("run-2", LATER))


def test_only_pages_without_a_gap_count(landing: Landing, killed: UnfinishedDate) -> None:
    landing.storage.delete(path_of(landing, "page-000001"))
    assert is_from_page_1(landing, session("run-2", LATER))


def test_pages_that_are_committed_are_not_taken_for_a_new_fetch(landing: Landing) -> None:
    """A run that was killed between its manifest and its cleaning up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landing.storage, "delete", lambda path: None)
        land(landing, ['{"a": 1}'])
    assert pages_left(landing) == ["page-000001"]
    assert is_from_page_1(landing, session("run-2", LATER))


def test_two_runs_cannot_mix_their_pages(landing: Landing, killed: UnfinishedDate) -> None:
    """Both believe that they hold the date: the first to make page 3 durable goes on, the other stops."""
    other = begin(landing, session("run-2", LATER), 3600)
    other.append(GIVEN[2])
    with pytest.raises(SourceError, match="another run lands this date too"):
        killed.append(GIVEN[2])


def test_a_run_whose_pages_another_removed_stops(landing: Landing, killed: UnfinishedDate) -> None:
    begin(landing, session("run-2", LATER, source="other"), 3600)
    with pytest.raises(SourceError, match="another run lands this date too"):
        list(killed.lines())


def test_a_finished_run_killed_before_its_manifest_asks_for_no_page(landing: Landing) -> None:
    fetch(landing, GIVEN, session())
    assert begin(landing, session("run-2", LATER), 3600).pagination.next_page is None


@pytest.mark.parametrize("run_id", ["", "a/b", "../a", "a b", "x" * 101])
def test_a_run_id_that_cannot_stand_in_a_file_name_is_refused(run_id: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a file's name"):
        session(run_id)
