"""Tombstones in the landing, and what is landed of a date while they lie there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import SettingsError
from company_activity.io.api.page import Page, PagingBroken, read_page
from company_activity.io.landing.commit import Fetch, begin, commit
from company_activity.io.landing.crm_files import listed
from company_activity.io.landing.fetch_dates import DateReport, fetch_dates
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.retention import Limits, spare_files
from company_activity.io.landing.tombstones import erase_key, erased_companies, laid, lay
from company_activity.io.landing.unfinished import UnfinishedDate
from company_activity.io.storage.local import LocalStorage
from company_activity.records.tombstone import NO_TOMBSTONES, Tombstones, tombstone_of
from company_activity.settings.model import EraseSettings, LandingSettings, Secret, Settings

from support.api.usage_api import Answer, Script, ok, serving
from support.landing.ingest import clock_at, settings_for
from support.landing.pages import DAY, NOON, land, newest, pages, session

KEY = "the key of tombstones"
ERASED = Tombstones(KEY, frozenset({tombstone_of(KEY, "gone")}))
LATER = NOON + timedelta(minutes=30)


def item(company_id: str, events: int = 1) -> str:
    return f'{{"company_id": "{company_id}", "events": {events}}}'


PLAIN = [[item("a"), item("gone"), item("b")], [item("gone", 2), item("gone", 3)], [item("gone", 4), item("c")]]


@pytest.fixture
def landing(local: LocalStorage) -> Landing:
    return Landing(local, LandingSettings(""))


def keyed(settings: Settings, key: str | None = KEY) -> Settings:
    return replace(settings, erase=EraseSettings(None if key is None else Secret(key)))


def in_order(*listed: Sequence[str]) -> list[Page]:
    """The pages of these items without those that are covered."""
    return [page.without(ERASED) for page in pages(*listed)]


def appended(
    landing: Landing, given: Sequence[Page], run_id: str = "run-1", erased: Tombstones = ERASED
) -> UnfinishedDate:
    """A fetch of these pages, gone on with where one stopped."""
    unfinished = begin(landing, session(run_id, NOON if run_id == "run-1" else LATER), 3600, erased)
    for page in given[unfinished.pages :]:
        unfinished.pagination.step(page)
        unfinished.append(page)
    return unfinished


def landed_lines(landing: Landing) -> list[str]:
    parts = newest(landing).parts
    return [line for part in parts for line in landing.storage.read(landing.at(part.path)).decode().splitlines()]


def everything_under(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(f"{path.relative_to(folder)}\n{path.read_text(encoding='utf-8')}" for path in files)


def test_a_tombstone_is_laid_once_and_names_nobody(landing: Landing, tmp_path: Path) -> None:
    stone = tombstone_of(KEY, "gone")
    assert (lay(landing, stone, "run-1", NOON), lay(landing, stone, "run-2", LATER)) == (True, False)
    assert laid(landing) == {stone}
    told = json.loads(landing.storage.read(landing.at(f"_erased/{stone}.json")))
    assert told == {"laid_at": "2025-04-01T12:00:00+00:00", "run_id": "run-1"}


def test_what_is_no_tombstone_is_not_one(landing: Landing) -> None:
    for name in (
        "readme.md",
        "key.json",
        f"{tombstone_of(KEY, 'a')}.json.tmp",
        f"deeper/{tombstone_of(KEY, 'a')}.json",
    ):
        landing.storage.create(landing.at(f"_erased/{name}"), (b"{}",))
    assert laid(landing) == frozenset()


def test_nothing_that_lists_dates_or_files_of_the_crm_sees_one(landing: Landing) -> None:
    lay(landing, tombstone_of(KEY, "gone"), "run-1", NOON)
    assert (landing.generations(), landing.files(), landing.provisional_dates()) == ({}, {}, [])
    assert list(spare_files(landing, Limits(NOON + timedelta(days=900)))) == []
    assert laid(landing)
    assert listed(landing.storage, landing.settings.crm_path) == listed(landing.storage, "product-api-raw/") == []


def test_without_tombstones_no_key_is_looked_for(landing: Landing) -> None:
    assert erased_companies(landing, keyed(settings_for("", ""), "secret://nobody-has-it")) is NO_TOMBSTONES


def test_with_the_key_the_company_is_known(landing: Landing) -> None:
    lay(landing, tombstone_of(KEY, "gone"), "run-1", NOON)
    known = erased_companies(landing, keyed(settings_for("", "")))
    assert (known.covers("gone"), known.covers("a")) == (True, False)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "erase.key is not set"),
        ("", "erase.key is not set"),
        ("secret://nobody-has-it", "erase.key cannot be had: no secret 'nobody-has-it'"),
        ("0ther-key", "erase.key is another one than 1 of 1 tombstones"),
    ],
)
def test_a_key_that_does_not_tell_is_exit_2_with_a_remedy(landing: Landing, key: str | None, said: str) -> None:
    lay(landing, tombstone_of(KEY, "gone"), "run-1", NOON)
    with pytest.raises(SettingsError) as raised:
        erased_companies(landing, keyed(settings_for("", ""), key))
    assert raised.value.what.startswith(said)
    assert raised.value.exit_code == 2
    assert raised.value.remedy
    assert "0ther-key" not in str(raised.value)


def test_the_key_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERASE_KEY", KEY)
    assert erase_key(keyed(settings_for("", ""), "secret://erase-key")) == KEY


@pytest.mark.parametrize(
    "listed",
    [
        [item("a"), item("gone"), item("b"), item("gone"), item("c")],  # of one form, after the first
        [item("gone"), item("a"), item("b")],  # the one that the form is read off
        [item("a"), '{"events":1,\n"company_id":"\\u0067one\\u00a0"}', item("b")],  # written otherwise
        [item("a"), '{"company_id": "gone", "in": {"x": [1]}}', "7", "[]"],  # not of a kind that a pattern proves
        [item("gone"), item("gone")],
    ],
)
def test_a_pages_items_are_dropped_on_either_way_of_reading_them(listed: list[str]) -> None:
    whole = read_page(f'{{"next_page": null, "items": [{", ".join(listed)}]}}', 1)
    left = whole.without(ERASED)
    kept = [(number, text) for number, text in enumerate(listed, 1) if "one" not in text]
    assert [(number, one.text) for number, one in zip(left.numbers, left.items, strict=True)] == kept
    assert (left.items_sent, left.without(ERASED)) == (len(listed), left)
    assert left.digest != whole.digest


def test_a_page_without_the_company_is_the_page_itself() -> None:
    [page] = pages([item("a"), item("b")])
    assert page.without(ERASED) is page
    assert page.without(NO_TOMBSTONES) is page


def test_what_lands_is_what_a_world_without_the_company_lands_in_the_places_that_the_api_gave(
    landing: Landing, tmp_path: Path
) -> None:
    with landing.lock(DAY):
        landed = commit(landing, appended(landing, in_order(*PLAIN)), Fetch("run-1", "", NOON))
    assert landed
    elsewhere = Landing(landing.storage, LandingSettings("", usage_container="whole"))
    land(elsewhere, *PLAIN)
    assert landed_lines(landing) == [line for line in landed_lines(elsewhere) if "gone" not in line]
    bare = Landing(landing.storage, LandingSettings("", usage_container="bare"))
    land(bare, *[[one for one in items if "gone" not in one] for items in PLAIN])
    ours = landed.manifest
    assert (ours.rows, ours.content_digest) == (3, newest(bare).content_digest)
    assert (ours.pages, [part.rows for part in ours.parts]) == (3, [3])
    assert "gone" not in everything_under(tmp_path / "product-api-raw")


def test_a_killed_run_is_gone_on_with(landing: Landing, tmp_path: Path) -> None:
    given = in_order(*PLAIN)
    appended(landing, given[:2])
    assert "gone" not in everything_under(tmp_path)
    resumed = appended(landing, given, "run-2")
    assert (resumed.is_resumed, resumed.pages, resumed.rows) == (True, 3, 3)
    assert (
        resumed.content_digest == appended(Landing(landing.storage, LandingSettings("", "other")), given).content_digest
    )


def test_a_resumed_date_still_knows_a_page_that_repeats_items_which_were_dropped(landing: Landing) -> None:
    given = in_order(*PLAIN)
    appended(landing, given[:2])
    resumed = begin(landing, session("run-2", LATER), 3600, ERASED)
    with pytest.raises(PagingBroken, match="repeats the items"):
        resumed.pagination.step(replace(given[1], number=3))


def test_two_pages_of_the_company_alone_do_not_repeat_each_other(landing: Landing) -> None:
    given = in_order([item("gone", 1), item("gone", 2)], [item("gone", 3), item("gone", 4)])
    assert appended(landing, given).rows == 0


def test_pages_that_hold_a_company_erased_since_are_fetched_again(landing: Landing) -> None:
    appended(landing, pages(*PLAIN)[:2], erased=NO_TOMBSTONES)
    fresh = begin(landing, session("run-2", LATER), 3600, ERASED)
    assert (fresh.is_resumed, fresh.pages) == (False, 0)
    assert list(landing.storage.list(landing.at("_unfinished/"))) == []


def test_pages_without_the_company_are_of_use_to_a_run_after_the_erasure(landing: Landing) -> None:
    appended(landing, pages(*PLAIN)[:1], erased=NO_TOMBSTONES)
    assert (
        begin(landing, session("run-2", LATER), 3600, Tombstones(KEY, frozenset({tombstone_of(KEY, "z")}))).pages == 1
    )


def test_without_tombstones_a_durable_page_says_nothing_new(landing: Landing) -> None:
    appended(landing, pages(*PLAIN)[:1], erased=NO_TOMBSTONES)
    [entry] = landing.storage.list(landing.at("_unfinished/"))
    assert "sent" not in json.loads(landing.storage.read(entry.path).partition(b"\n")[0])


def totalled(total: int, *listed: Sequence[str]) -> Script:
    """A server of these pages, each of which names the total."""

    def answer(asked: Any) -> Answer:
        number = int(asked.query["page"])
        next_page = json.dumps(number + 1 if number < len(listed) else None)
        items = ", ".join(listed[number - 1])
        return ok(f'{{"next_page": {next_page}, "total": {total}, "items": [{items}]}}')

    return answer


def fetched(root: Path, script: Script, erased: Tombstones = ERASED) -> DateReport:
    with serving(script) as server:
        settings = settings_for(server.url, root)
        report = fetch_dates(
            settings,
            [DAY],
            clock=clock_at("2025-04-01T12:00"),
            run_id="run-1",
            sleep=lambda seconds: None,
            erased=erased,
        )
    return report.dates[0]


def test_a_total_is_compared_with_what_the_api_sent(tmp_path: Path) -> None:
    whole = fetched(tmp_path / "whole", totalled(7, *PLAIN))
    assert (whole.outcome, whole.rows, whole.pages) == ("landed", 3, 3)
    short = fetched(tmp_path / "short", totalled(8, *PLAIN))
    assert (short.outcome, short.rows) == ("failed", 0)
    assert "with 7 items in all; total says 8" in str(short.error)


def test_a_total_is_compared_so_after_a_crash_too(landing: Landing) -> None:
    given = [replace(page, total=None) for page in in_order(*PLAIN)]
    appended(landing, given[:2])
    resumed = begin(landing, session("run-2", LATER), 3600, ERASED)
    [_, _, last] = [page.without(ERASED) for page in totals(7)]
    resumed.pagination.step(last)
    assert resumed.pagination.next_page is None


def totals(total: int) -> list[Page]:
    """The plain pages as a server gives them that names a total."""
    script = totalled(total, *PLAIN)
    asked = [type("Asked", (), {"query": {"page": str(number)}}) for number in (1, 2, 3)]
    return [read_page(script(one).body.decode(), number) for number, one in enumerate(asked, 1)]  # type: ignore[arg-type]


def test_what_the_api_sends_of_an_erased_company_changes_nothing(tmp_path: Path) -> None:
    first = fetched(tmp_path, totalled(7, *PLAIN))
    more = [[*PLAIN[0], item("gone", 5)], *PLAIN[1:]]
    again = fetched(tmp_path, totalled(8, *more))
    assert (first.outcome, again.outcome, again.generation) == ("landed", "unchanged", 1)
    assert "gone" not in everything_under(tmp_path)
