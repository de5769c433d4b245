"""Blob containers and a directory hold the same landing, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from company_activity.io.landing.commit import begin
from company_activity.io.landing.fetch_dates import fetch_dates
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.blob import BlobStorage
from company_activity.io.storage.opening import open_storage
from company_activity.settings.model import LandingSettings, Secret

from support.api.usage_api import Answer, Asked, Script, numbered, serving
from support.landing.ingest import clock_at, settings_for
from support.landing.pages import DAY, fetch, land, newest, pages, session

pytestmark = pytest.mark.integration

DAYS = [date(2025, 3, 30), DAY]
MANY = [[{"company_id": f"c{page}-{item}", "note": "x" * 50} for item in range(40)] for page in range(6)]


def no_sleep(seconds: float) -> None:
    """No test waits."""


def everything(landing: Landing) -> dict[str, bytes]:
    return {
        entry.path.removeprefix(landing.at("")): landing.storage.read(entry.path)
        for entry in landing.storage.list(landing.at(""))
    }


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_the_same_runs_leave_the_same_bytes(tmp_path: Path, azurite: str, container: str, compression: str) -> None:
    """A provisional run, one that fails on a date, one that finds other content, one that finds the same."""
    local = LandingSettings(str(tmp_path), usage_container=container, compression=compression, part_bytes=5000)
    blobs = replace(local, root="", connection=Secret(azurite))
    whole, other = numbered(*MANY), numbered(*MANY[:2], [])

    def failing(asked: Asked) -> Answer:
        return Answer(500) if (asked.query["date"], asked.query["page"]) == ("2025-03-31", "3") else whole(asked)

    runs = [("2025-04-01T00:30", other), ("2025-04-01T03:00", failing), ("2025-04-01T03:10", whole)]
    scripts: list[Script] = []
    with serving(lambda asked: scripts[-1](asked)) as server:
        for number, (clock, script) in enumerate([*runs, ("2025-04-02T00:00", whole)], 1):
            scripts.append(script)
            left = []
            for landing in (local, blobs):
                settings = settings_for(server.url, "", landing=vars(landing))
                report = fetch_dates(settings, DAYS, clock=clock_at(clock), run_id=f"run-{number}", sleep=no_sleep)
                store = Landing(open_storage(settings.landing), settings.landing)
                left.append(([one.outcome for one in report.dates], everything(store)))
            assert left[0] == left[1]
    outcomes, files = left[1]
    assert outcomes == ["unchanged", "unchanged"]
    assert sum("part-" in path for path in files) >= 4
    assert store.generations() == dict.fromkeys(DAYS, 2)
    store.check(newest(store))


def test_a_killed_run_is_gone_on_with_in_blobs_too(blobs: BlobStorage, container: str) -> None:
    landing = Landing(blobs, LandingSettings("", usage_container=container))
    given = pages(["1", "2"], ["3"], ["4"])
    fetch(landing, given[:2], session())
    assert begin(landing, session("run-2"), 3600).pages == 2
    assert fetch(landing, given, session("run-3")).pages == 3


def test_a_page_of_many_megabytes_lands(blobs: BlobStorage, container: str) -> None:
    landing = Landing(blobs, LandingSettings("", usage_container=container, part_bytes=20_000_000))
    manifest = land(landing, *([f'"{"x" * 900_000}{n}-{m}"' for m in range(6)] for n in range(6))).manifest
    assert [part.rows for part in manifest.parts] == [24, 12]
    landing.check(manifest)
