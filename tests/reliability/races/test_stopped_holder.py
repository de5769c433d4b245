"""A run that stands still: on a disk it holds the lake, and a newer one gives up with its code; in a storage account its
leases end, the newer one goes on, and what the older one has of before does not land."""

from __future__ import annotations

import signal
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage
from company_activity.settings.model import LandingSettings

from reliability.harness.cases import Cases
from support.api.usage_api import KEY, Answer, Asked, UsageApi, page, serving
from support.cycle.blob_place import SPARK_3, BlobPlace
from support.cycle.place import Place
from support.lake.aged import tree
from support.landing.azurite import emulating
from support.processes import leased_run
from support.races.at_once import Command, at_once, one, started
from support.races.world import BUILT, items

pytestmark = [pytest.mark.fault, pytest.mark.row("R3")]

TESTS = Path(__file__).resolve().parents[2]
INGEST = ("ingest", "--start", BUILT, "--end", BUILT)


def place_at(folder: Path, api: UsageApi, patience: str) -> dict[str, str]:
    """The environment of a run that waits so many seconds for the lake."""
    there = Place(folder, api.url).environ
    return {
        **there,
        "COMPANY_ACTIVITY__API__KEY": KEY,
        "COMPANY_ACTIVITY__LAKE__LOCK_TIMEOUT_SECONDS": patience,
    }


def test_a_run_beside_a_stopped_one_gives_up_and_the_next_converges(tmp_path: Path, cases: Cases) -> None:
    for seed in cases.left([0], short=1):
        with cases.one(f"stopped holder:{seed}"):
            stop_and_wake(tmp_path)


def stop_and_wake(folder: Path) -> None:
    """Stop an ingest that waits for the API, start another beside it, wake the first, start the other again."""
    is_asked, may_answer = threading.Event(), threading.Event()

    def answers_late(asked: Asked) -> Answer:
        is_asked.set()
        may_answer.wait(60)
        return page(items(BUILT))

    with serving(answers_late) as api, started(Command(INGEST), place_at(folder, api, "60")) as stopped:
        assert is_asked.wait(60), stopped.told()
        stopped.signal(signal.SIGSTOP)
        may_answer.set()
        before = tree(folder)
        newer = one(INGEST, place_at(folder, api, "0.5"))
        newer.check()
        assert newer.code == 1
        assert f"LakeBusy: another run (process {stopped.process.pid})" in newer.told
        assert "wait for it to end, or raise lake.lock_timeout_seconds" in newer.told
        assert landed(folder) == {}
        assert {path for path in tree(folder) if "/ops/" not in path} <= before.keys() | told(folder)
        stopped.signal(signal.SIGCONT)
        assert stopped.ended(60).code == 0
        assert one(INGEST, place_at(folder, api, "60")).code == 0
    assert landed(folder) == {BUILT: 1}


@pytest.mark.long
@pytest.mark.full
@pytest.mark.integration
def test_what_a_fetch_was_sent_before_it_slept_past_its_lease_does_not_land(tmp_path: Path, cases: Cases) -> None:
    for seed in cases.left([0], short=1):
        with cases.one(f"fetch past its lease:{seed}"):
            sleep_over_an_answer(tmp_path)


def sleep_over_an_answer(folder: Path) -> None:
    """A fetch is stopped before it reads its answer; the API then has other items, which a newer fetch lands."""
    is_asked, may_answer = threading.Event(), threading.Event()

    def answers_the_first_late(asked: Asked) -> Answer:
        if is_asked.is_set():
            return page(items(BUILT))
        is_asked.set()
        may_answer.wait(60)
        return page(items(BUILT, 3))

    (folder / "azurite").mkdir()
    with emulating(folder / "azurite") as emulator, serving(answers_the_first_late) as api:
        place = BlobPlace(folder, api.url, emulator, SPARK_3, "activity")
        environ = {**place.environ, "COMPANY_ACTIVITY__API__KEY": KEY}
        with started(leased(folder), environ) as older:
            assert is_asked.wait(60), older.told()
            older.signal(signal.SIGSTOP)
            may_answer.set()
            newer = at_once([leased(folder)], environ)[0]
            assert newer.code == 0, newer.told
            older.signal(signal.SIGCONT)
            assert older.ended(120).code == 0, older.told()
        landing = Landing(place.landing, place.settings.landing)
        newest = landing.newest(date.fromisoformat(BUILT))
    assert newest is not None
    assert (newest.generation, newest.rows) == (1, len(items(BUILT)))


def leased(folder: Path) -> Command:
    """An ingest under the shortest leases there are."""
    program = (sys.executable, str(leased_run.__file__), leased_run.ITS_OWN, str(folder), "none")
    return Command(INGEST, environ={"PYTHONPATH": str(TESTS)}, program=program)


def told(folder: Path) -> set[str]:
    """What a run may leave that could not begin: its message and its page."""
    return {path for path in tree(folder) if path.split("/")[0] in ("outbox", "reports")}


def landed(folder: Path) -> dict[str, int]:
    """The newest generation of each date."""
    landing = Landing(LocalStorage(folder / "landing"), LandingSettings(""))
    return {str(day): generation for day, generation in landing.generations().items()}
