"""The landing: a manifest commits, nothing else does, and nothing that was committed changes."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity.errors import LandingCorrupt, LandingMissing
from company_activity.io.landing.commit import Fetch, Landed, begin, commit
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.manifest import Manifest
from company_activity.io.landing.unfinished import UnfinishedDate
from company_activity.io.storage.opening import LocalStorage, Storage
from company_activity.records.item import content_digest
from company_activity.settings.model import LandingSettings

from support.landing.pages import DAY, MIDNIGHT, NOON, fetch, land, newest, pages, session
from support.storage.calls import first_arguments

A, B, C = '{"a": 1}', '{"b": 2}', '{"c": 3}'


@pytest.fixture
def landing(local: LocalStorage) -> Landing:
    return with_settings(local)


def with_settings(storage: Storage, **settings: Any) -> Landing:
    return Landing(storage, LandingSettings("", **settings))


def files(landing: Landing) -> list[str]:
    return [entry.path.removeprefix(landing.at("")) for entry in landing.storage.list(landing.at("date="))]


def stored(landing: Landing, manifest: Manifest) -> bytes:
    return b"".join(landing.storage.read(landing.at(part.path)) for part in manifest.parts)


def test_a_date_lands_as_lines_and_a_manifest_that_names_them(landing: Landing) -> None:
    manifest = land(landing, [A, B], [C]).manifest
    assert files(landing) == [
        "date=2025-03-31/gen=000001/manifest.json",
        "date=2025-03-31/gen=000001/usage_2025-03-31_part-00000-run-1.ndjson",
    ]
    assert stored(landing, manifest).decode().splitlines() == [
        '{"a": 1,"_date":"2025-03-31","_page":1,"_item":1}',
        '{"b": 2,"_date":"2025-03-31","_page":1,"_item":2}',
        '{"c": 3,"_date":"2025-03-31","_page":2,"_item":1}',
    ]
    assert (manifest.generation, manifest.state, manifest.pages, manifest.rows) == (1, "complete", 2, 3)
    assert manifest.content_digest == content_digest(['{"a":1}', '{"b":2}', '{"c":3}'])
    assert (manifest.fetched_at, manifest.run_id, manifest.api_url) == (NOON, "run-1", "https://api.test/usage")
    assert landing.newest(DAY) == landing.manifest(DAY, 1) == manifest


def test_nothing_unfinished_is_left(landing: Landing) -> None:
    land(landing, [A])
    assert [entry.path for entry in landing.storage.list(landing.at("_unfinished"))] == []


def test_a_date_without_items_is_complete_and_has_no_parts(landing: Landing) -> None:
    manifest = land(landing, []).manifest
    assert (manifest.state, manifest.parts, manifest.rows, manifest.pages) == ("complete", (), 0, 1)
    assert landing.generations() == {DAY: 1}


def test_the_same_content_again_is_no_new_generation(landing: Landing) -> None:
    land(landing, [A, B], [C])
    again = land(landing, ['{ "a":1}'], [B, C], run_id="run-2")
    assert not again.is_new
    assert again.manifest.run_id == "run-1"
    assert landing.generations() == {DAY: 1}


@pytest.mark.parametrize("other", [[A], [B, A], ['{"a": 1.0}', B], [A, B, B]])
def test_other_content_is_a_new_generation_beside_the_older(landing: Landing, other: Any) -> None:
    first = land(landing, [A, B]).manifest
    second = land(landing, other, run_id="run-2")
    assert (second.is_new, second.manifest.generation, landing.generations()) == (True, 2, {DAY: 2})
    landing.check(first)


def test_a_return_to_earlier_content_is_a_new_generation(landing: Landing) -> None:
    for number, items in enumerate(([A], [B], [A]), 1):
        assert land(landing, items, run_id=f"run-{number}").manifest.generation == number


def test_the_newest_generation_of_each_date_comes_from_one_listing(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = date(2024, 2, 29)
    land(landing, [A])
    land(landing, [B])
    land(landing, [A], day=other)
    listed = first_arguments(monkeypatch, LocalStorage, "list")
    monkeypatch.delattr(LocalStorage, "open")
    assert landing.generations() == {other: 1, DAY: 2}
    assert listed == ["product-api-raw/date="]


def test_parts_without_a_manifest_are_not_seen(landing: Landing) -> None:
    landing.storage.create(landing.at("date=2025-03-31/gen=000001/usage_2025-03-31_part-00000-x.ndjson"), (b"{}\n",))
    fetch(landing, pages([A], [B])[:1], session(day=date(2025, 3, 30)))
    assert landing.generations() == {}
    assert landing.newest(DAY) is None


def test_what_lies_about_is_no_generation(landing: Landing) -> None:
    land(landing, [A])
    for folder in (
        "date=2025-03-31/gen=2",
        "date=2025-03-31/gen=0000003",
        "date=2025-03-31/gen=000004/x",
        "date=x",
        "x",
    ):
        landing.storage.create(landing.at(f"{folder}/manifest.json"), (b"",))
    landing.storage.create(landing.at("date=2025-02-30/gen=000001/manifest.json"), (b"",))
    assert landing.generations() == {DAY: 1}


def test_a_part_is_closed_by_the_page_that_fills_it(local: LocalStorage) -> None:
    landing = with_settings(local, part_bytes=100)
    manifest = land(landing, [A], [B], [], [C]).manifest
    assert [part.rows for part in manifest.parts] == [2, 1]
    assert [part.path[-23:] for part in manifest.parts] == ["part-00000-run-1.ndjson", "part-00001-run-1.ndjson"]
    assert all(part.bytes == len(landing.storage.read(landing.at(part.path))) for part in manifest.parts)


def test_gzip_parts_hold_the_same_lines(local: LocalStorage) -> None:
    plain = land(with_settings(local), [A, B], [C])
    landing = with_settings(local, usage_container="packed", compression="gzip")
    packed = land(landing, [A, B], [C])
    [part] = packed.manifest.parts
    assert part.path.endswith("-run-1.ndjson.gz")
    assert gzip.decompress(stored(landing, packed.manifest)) == stored(with_settings(local), plain.manifest)
    assert packed.manifest.content_digest == plain.manifest.content_digest


def test_another_compression_is_no_other_content(local: LocalStorage) -> None:
    land(with_settings(local), [A])
    assert not land(with_settings(local, compression="gzip"), [A]).is_new


def test_what_has_landed_is_checked_to_the_byte(landing: Landing) -> None:
    manifest = land(landing, [A, B]).manifest
    landing.check(manifest)
    [uri] = [landing.storage.uri(landing.at(part.path)).removeprefix("file:") for part in manifest.parts]
    Path(uri).write_text(Path(uri).read_text().replace("1", "7", 1))
    with pytest.raises(LandingCorrupt, match="part-00000-run-1.ndjson has 100 bytes"):
        landing.check(manifest)
    landing.storage.delete(landing.at(manifest.parts[0].path))
    with pytest.raises(LandingMissing, match="is gone — run .company-activity ingest --start 2025-03-31"):
        landing.check(manifest)


def test_a_part_that_is_gone_lands_again_with_the_next_fetch(landing: Landing) -> None:
    """Else the remedy that the error names would do nothing."""
    manifest = land(landing, [A]).manifest
    landing.storage.delete(landing.at(manifest.parts[0].path))
    healed = land(landing, [A], run_id="run-2")
    assert (healed.is_new, healed.manifest.generation) == (True, 2)
    landing.check(healed.manifest)


def test_a_manifest_that_is_not_there_or_not_whole_is_named(landing: Landing) -> None:
    land(landing, [A])
    with pytest.raises(LandingMissing, match=r"gen=000002/manifest\.json"):
        landing.manifest(DAY, 2)
    landing.storage.create(landing.at("date=2025-03-31/gen=000002/manifest.json"), (b"{",))
    with pytest.raises(LandingCorrupt, match=r"gen=000002/manifest\.json is no manifest"):
        landing.newest(DAY)


def test_a_manifest_in_another_dates_place_is_refused(landing: Landing) -> None:
    land(landing, [A])
    text = landing.storage.read(landing.at("date=2025-03-31/gen=000001/manifest.json"))
    landing.storage.create(landing.at("date=2025-03-30/gen=000001/manifest.json"), (text,))
    with pytest.raises(LandingCorrupt, match="is that of 2025-03-31, generation 1"):
        landing.newest(date(2025, 3, 30))


def test_a_generation_is_committed_once(landing: Landing) -> None:
    manifest = land(landing, [A]).manifest
    assert not landing.create_manifest(manifest)


def test_a_date_fetched_before_it_settled_is_provisional(landing: Landing) -> None:
    land(landing, [A], at=MIDNIGHT + timedelta(hours=1))
    assert landing.provisional_dates() == [DAY]


def test_a_later_fetch_that_agrees_settles_it(landing: Landing) -> None:
    land(landing, [A], at=MIDNIGHT + timedelta(minutes=10))
    land(landing, [A], at=MIDNIGHT + timedelta(minutes=20), run_id="run-2")
    assert landing.provisional_dates() == [DAY]
    land(landing, [A], at=NOON, run_id="run-3")
    assert landing.provisional_dates() == []
    assert landing.generations() == {DAY: 1}


def test_a_later_fetch_that_differs_settles_it_too(landing: Landing) -> None:
    land(landing, [A], at=MIDNIGHT)
    land(landing, [B], at=NOON, run_id="run-2")
    assert (landing.provisional_dates(), landing.generations()) == ([], {DAY: 2})


def fetched(landing: Landing, run_id: str, items: Sequence[str]) -> UnfinishedDate:
    """A run with all its pages durable, whose lock was lost: it knows nothing of the other."""
    unfinished = UnfinishedDate(landing.storage, landing.at("_unfinished/date=2025-03-31"), session(run_id))
    for page in pages(items):
        unfinished.append(page)
    return unfinished


def race(landing: Landing, first_items: Sequence[str], second_items: Sequence[str]) -> Any:
    """Both write parts of generation 1; the second one's manifest is created just before the first one's."""
    first, second = fetched(landing, "run-1", first_items), fetched(landing, "run-2", second_items)
    create = landing.create_manifest
    outcomes: list[Landed | None] = []
    with pytest.MonkeyPatch.context() as patch:

        def overtaken(manifest: Manifest) -> bool:
            patch.undo()
            outcomes.append(commit(landing, second, Fetch("run-2", "", MIDNIGHT)))
            return create(manifest)

        patch.setattr(landing, "create_manifest", overtaken)
        return commit(landing, first, Fetch("run-1", "", MIDNIGHT)), outcomes[0]


def test_the_loser_of_a_manifest_with_the_same_content_is_content(landing: Landing) -> None:
    lost, won = race(landing, [A, B], [A, B])
    assert (won.is_new, lost.is_new, lost.manifest.run_id) == (True, False, "run-2")
    landing.check(lost.manifest)


def test_the_loser_of_a_manifest_with_other_content_starts_over(landing: Landing) -> None:
    lost, won = race(landing, [A, B], [A])
    assert (won.is_new, lost) == (True, None)
    assert landing.generations() == {DAY: 1}


def test_a_fetch_that_another_one_overtook_starts_over(landing: Landing) -> None:
    """It stood still past its lease: what it was sent may be older than what has landed since it began."""
    late = begin(landing, session("run-1"), 0)
    land(landing, [B], run_id="run-2")
    late.append(pages([A])[0])
    assert commit(landing, late, Fetch("run-1", "", MIDNIGHT)) is None
    assert (landing.generations(), newest(landing).run_id) == ({DAY: 1}, "run-2")


def test_a_fetch_that_was_overtaken_by_the_same_content_is_content(landing: Landing) -> None:
    late = begin(landing, session("run-1"), 0)
    land(landing, [A], run_id="run-2")
    late.append(pages([A])[0])
    landed = commit(landing, late, Fetch("run-1", "", MIDNIGHT))
    assert landed is not None
    assert (landed.is_new, landed.manifest.run_id) == (False, "run-2")
