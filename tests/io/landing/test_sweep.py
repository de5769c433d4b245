"""The sweep removes what no one will ask for again, and nothing else."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from company_activity.io.landing.landing import Landing
from company_activity.io.landing.retention import Limits, SpareFile, remove_spare_files, spare_files
from company_activity.io.storage.opening import LocalStorage
from company_activity.settings.model import LandingSettings

from support.landing.pages import DAY, fetch, land, newest, pages, session

GENERATION_1, GENERATION_2 = "date=2025-03-31/gen=000001", "date=2025-03-31/gen=000002"
NOW = datetime.now(UTC)
ORPHANS = [
    f"{GENERATION_1}/usage_2025-03-31_part-00000-killed.ndjson",
    f"{GENERATION_2}/usage_2025-03-31_part-00000-killed.ndjson.gz",
    f"{GENERATION_2}/provisional.json",
    f"{GENERATION_2}/released.json",
    f"{GENERATION_2}/refused_volume.json",
    f"{GENERATION_1}/.manifest.json.0123.tmp",
    "_unfinished/date=2025-03-31/20250401T120000Z-killed/page-000001",
    "_unfinished/date=2025-03-30/20250401T120000Z-killed/page-000001",
]
KEPT = [
    f"{GENERATION_1}/provisional.json",
    f"{GENERATION_1}/accepted_volume.json",
    "_locks/date=2025-03-31",
    "readme.txt",
]


@pytest.fixture
def landing(local: LocalStorage) -> Landing:
    """A landed date, with orphans and others about it, all two days old."""
    landing = Landing(local, LandingSettings(""))
    land(landing, ['{"a": 1}'])
    for path in (*ORPHANS, *KEPT):
        local.create(landing.at(path), (b"{}\n",))
    for entry in local.list(landing.at("")):
        old = (NOW - timedelta(days=2)).timestamp()
        os.utime(local.uri(entry.path).removeprefix("file:"), (old, old))
    return landing


def sweep(landing: Landing, now: datetime) -> list[str]:
    """The orphans that are removed: those of more than a day before `now`."""
    limits = Limits(orphans_before=now - timedelta(days=1))
    removed = []
    for found in list(spare_files(landing, limits)):
        for done in remove_spare_files(landing, found.day, limits, "orphan"):
            if isinstance(done, SpareFile):
                removed.append(done.path)
    return removed


def everything(landing: Landing) -> set[str]:
    return {entry.path.removeprefix(landing.at("")) for entry in landing.storage.list(landing.at(""))}


def test_orphans_are_removed_and_all_else_stays(landing: Landing) -> None:
    before = everything(landing)
    assert sorted(sweep(landing, NOW)) == sorted(ORPHANS)
    assert everything(landing) - {"_locks/date=2025-03-30"} == before - set(ORPHANS)
    landing.check(newest(landing))


def test_swept_twice_is_swept_once(landing: Landing) -> None:
    sweep(landing, NOW)
    assert sweep(landing, NOW) == []


def test_young_orphans_stay(landing: Landing) -> None:
    assert sweep(landing, NOW - timedelta(days=1, hours=1)) == []


def test_a_date_that_a_run_holds_is_left_alone(landing: Landing) -> None:
    with landing.lock(DAY):
        assert sweep(landing, NOW) == [ORPHANS[-1]]


def test_parts_that_a_later_manifest_names_again_stay(landing: Landing) -> None:
    """As after a rollback: generation 2 names the parts of generation 1."""
    from dataclasses import replace

    first = newest(landing)
    landing.create_manifest(replace(first, generation=2, restored_generation=1))
    landing.storage.delete(landing.at(f"{GENERATION_1}/manifest.json"))
    sweep(landing, NOW)
    landing.check(newest(landing))


def test_a_date_whose_manifest_cannot_be_read_is_left_alone(landing: Landing) -> None:
    landing.storage.create(landing.at(f"{GENERATION_2}/manifest.json"), (b"{",))
    assert sweep(landing, NOW) == [ORPHANS[-1]]
    left = {one.day: one.why_left for one in spare_files(landing, Limits(NOW)) if one.why_left}
    assert list(left) == [DAY]
    assert "gen=000002/manifest.json is no manifest" in left[DAY]


def test_an_unfinished_date_of_today_can_be_gone_on_with(landing: Landing) -> None:
    fetch(landing, pages(["1"], ["2"])[:1], session())
    sweep(landing, NOW)
    assert any(path.startswith("_unfinished/date=2025-03-31/") for path in everything(landing))
