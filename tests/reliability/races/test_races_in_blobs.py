"""Runs at once on a lake in blob storage, where a lease and the check of each commit keep them apart, and no file lock.

Landing, lake and reports lie in Azurite, which Spark 3.5 reaches by `wasb://`. The place begins as the one on a disk does
(`test_races_on_a_disk.py`) and must end as that one ends after one command after the other.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from reliability.harness.cases import Cases
from support.cycle.blob_place import SPARK_3, BlobPlace
from support.landing.azurite import emulating, wasb_alone
from support.processes import leased_run
from support.processes.leased_run import GOES, ITS_OWN
from support.races.at_once import Command, Ended, at_once, one, started
from support.races.begun import Worlds, done, worlds
from support.races.scenarios import EACH, SCENARIOS, Scenario
from support.races.standing import wait_until_it_stands
from support.races.view import asked_of_h2, view
from support.races.world import WAITING, World, copy

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.spark, pytest.mark.full, pytest.mark.integration]
pytestmark += [pytest.mark.row("R2")]

TESTS = Path(__file__).resolve().parents[2]
PAIR = WAITING[:2]
ONE_DATE, _, BESIDE_A_ROLLBACK = SCENARIOS[:3]
NEIGHBOURS = Scenario("neighbouring dates", EACH[:2], 4, (("run", "--from", PAIR[0], "--to", PAIR[1]),))
ON_BLOBS = {one.name: one for one in (replace(ONE_DATE, count=4), NEIGHBOURS, BESIDE_A_ROLLBACK)}
SLEEPER = "a run that sleeps past its lease"
KEYS = [f"{name}:{seed}" for seed in range(2) for name in (SLEEPER, *ON_BLOBS)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    with worlds(tmp_path_factory.mktemp("races")) as made:
        yield made


@contextmanager
def in_blobs(here: World) -> Iterator[BlobPlace]:
    """The place as it stands, with landing and lake in an emulator that is new to the first of them, and kept for others."""
    kept = here.kept.parent / "azurite"
    folder = here.place.folder / "azurite"
    with wasb_alone("races are NOT tested in blob storage") as port:
        if not kept.is_dir():
            folder.mkdir()
            with emulating(folder, port) as emulator:
                blobs = BlobPlace(here.place.folder, here.place.api_url, emulator, SPARK_3, "activity")
                blobs.upload(here.place.folder)
            copy(folder, kept)
        copy(kept, folder)
        with emulating(folder, port) as emulator:
            yield BlobPlace(here.place.folder, here.place.api_url, emulator, SPARK_3, "activity")


def test_commands_at_once_in_blob_storage_end_as_one_after_the_other(made: Worlds, cases: Cases) -> None:
    for key in cases.left(KEYS, short=1):
        name, seed = key.split(":")
        with cases.one(key) as notes:
            if name == SLEEPER:
                notes.append(sleep(made, int(seed)))
            else:
                notes.append(f"{len(race(made, ON_BLOBS[name], int(seed)))} at once")


def race(made: Worlds, scenario: Scenario, seed: int) -> list[Ended]:
    """Let the commands meet in blob storage, and compare the end with that on a disk."""
    serial = made.serial(scenario)
    here = made.of(scenario)
    with in_blobs(here) as blobs:
        ended = at_once(scenario.commands(seed), blobs.environ)
        for command in ended:
            done(command).check()
        for words in scenario.runs:
            done(one(words, blobs.environ))
        assert view(blobs, asked_of_h2(blobs.settings.sql.url)).differs_from(serial) == []
    return ended


def sleep(made: Worlds, seed: int) -> str:
    """A run is stopped past its lease before a commit, a newer one of a date beside it ends, the first wakes.

    What it was about to commit is refused: all that the newer one has published stays served, and the end is serial.
    """
    days = PAIR if seed % 2 else PAIR[::-1]
    serial = made.serial(NEIGHBOURS)
    here = made.of(NEIGHBOURS)
    marks = here.place.folder / "marks"
    marks.mkdir()
    with in_blobs(here) as blobs:
        environ = blobs.environ
        with started(leased(COMPANY_ACTIVITY_DAILY.path, marks, days[0]), environ) as older:
            wait_until_it_stands(marks, older)
            older.signal(signal.SIGSTOP)
            with started(leased("none", marks, days[1]), environ) as newer:
                assert "waiting for the run of process" in done(newer.ended()).told
            (marks / GOES).touch()
            older.signal(signal.SIGCONT)
            told = done(older.ended()).told
        assert f"another run has committed to {COMPANY_ACTIVITY_DAILY.name}" in told
        assert "lost its lock on the lake" in told
        for day in days:
            done(one(("run", "--date", day), environ))
        assert view(blobs, asked_of_h2(blobs.settings.sql.url)).differs_from(serial) == []
    return "its commit was refused, its step taken again"


def leased(table: str, marks: Path, day: str) -> Command:
    """A run under the shortest lease there is, which may stand before its commit to a table."""
    program = (sys.executable, str(leased_run.__file__), ITS_OWN, str(marks), table)
    return Command(("run", "--date", day), environ={"PYTHONPATH": str(TESTS)}, program=program)
