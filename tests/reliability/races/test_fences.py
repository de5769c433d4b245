"""What keeps two runs apart, one guard at a time: with it the end is the serial one, without it it is not.

Each guard is taken away from outside, in the process of a run (`support/processes/unguarded_run.py`). So the tests of races
are known to see a lost commit, and the guard is known to be what prevents it.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from company_activity.io.storage.folder import lake_folder
from company_activity.schemas import PRODUCT_USAGE

from reliability.harness.cases import Cases
from support.cycle.place import Place
from support.lake.content import lake_at, newest_version
from support.processes import unguarded_run
from support.processes.leased_run import GOES
from support.processes.unguarded_run import NOTHING, NOWHERE, TRANSACTION
from support.races.at_once import Command, one, started
from support.races.begun import done
from support.races.held_rename import held_at, library
from support.races.scenarios import STAGE
from support.races.standing import wait_until_it_stands
from support.races.view import Rows, names, rows
from support.races.world import BUILT, SET_BACK, WAITING, World, items, world, write_day
from support.warehouse.postgres import Cluster

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.spark, pytest.mark.full, pytest.mark.row("R3")]

TESTS = Path(__file__).resolve().parents[2]
PUBLISH = ("--steps", "ingest_usage,stage_usage,build_companies,build_activity,publish")
FIRST, SECOND = WAITING[:2]
SERVED = "SELECT activity_date, company_id, active_users FROM analytics.company_activity_daily ORDER BY 1, 2"
LEDGER = "SELECT table_name, scope, content_hash, lake_version, seq FROM etl.publish_ledger ORDER BY 1, 2, 5"


def unguarded(without: str, stands: str, marks: Path, *words: str, **environ: str) -> Command:
    """A command without a guard, which may stand somewhere."""
    marks.mkdir(exist_ok=True)
    program = (sys.executable, str(unguarded_run.__file__), without, stands, str(marks))
    return Command(words, environ={"PYTHONPATH": str(TESTS), **environ}, program=program)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A lake with one date in staging."""
    with world(tmp_path_factory.mktemp("staged")) as here:
        done(one(("run", "--date", SET_BACK, *STAGE), here.place.environ))
        here.keep()
        yield here


@pytest.fixture(scope="module")
def serial(staged: World) -> list[Rows]:
    """What two runs leave in staging, one after the other."""
    staged.restore()
    for day in (FIRST, SECOND):
        done(one(("run", "--date", day, *STAGE), staged.place.environ))
    return in_staging(staged.place)


def in_staging(place: Place) -> list[Rows]:
    """The staged rows, and the dates that the table says it has."""
    marks = lake_at(place.settings.lake.root).staging.marks
    found = rows(lake_folder(place.settings), PRODUCT_USAGE, names(PRODUCT_USAGE))
    return [found, tuple(f"{day} {mark.generation} {mark.digest}" for day, mark in sorted(marks.items()))]


@pytest.mark.parametrize("guard", ["lock", NOTHING])
def test_without_the_lock_a_commit_is_lost(
    staged: World, serial: list[Rows], tmp_path: Path, cases: Cases, guard: str
) -> None:
    """Two runs come to the rename of one commit, having looked that there is none; the later one replaces the earlier."""
    for seed in cases.left([0], short=1):
        with cases.one(f"without {guard} at a commit:{seed}") as notes:
            staged.restore()
            is_same = at_one_rename(staged.place, tmp_path, guard) == serial
            assert is_same == (guard == NOTHING)
            notes.append("as serial" if is_same else "a commit is lost, as it must be")
            done(one(("run", "--from", FIRST, "--to", SECOND, *STAGE), staged.place.environ))
            assert in_staging(staged.place) == serial


def at_one_rename(place: Place, folder: Path, guard: str) -> list[Rows]:
    """Let two runs come to the rename of the same commit, and go on one after the other; what they leave.

    With the lock the second waits for the first, and comes to a later commit.
    """
    lake = place.settings.lake.root
    commit = Path(lake, PRODUCT_USAGE.path, "_delta_log", f"{newest_version(lake, PRODUCT_USAGE.path) + 1:020d}.json")
    shim = library(folder)
    marks = (folder / "first", folder / "second")
    with ExitStack() as held:
        both = []
        for day, mark in zip((FIRST, SECOND), marks, strict=True):
            words = ("run", "--date", day, *STAGE)
            command = unguarded(guard, NOWHERE, mark, *words, **held_at(shim, commit, mark))
            both.append(held.enter_context(started(command, place.environ)))
            if guard == NOTHING:
                (mark / GOES).touch()
            else:
                wait_until_it_stands(mark, both[-1])
        for run, mark in zip(both, marks, strict=True):
            (mark / GOES).touch()
            done(run.ended())
    return in_staging(place)


@pytest.mark.parametrize("guard", ["lock,check", "lock"])
def test_without_the_check_of_a_commit_a_date_is_forgotten(
    staged: World, serial: list[Rows], tmp_path: Path, cases: Cases, guard: str
) -> None:
    """A run is stopped before its commit, another one ends, the first wakes: it is refused, and takes its step again."""
    for seed in cases.left([0], short=1):
        with cases.one(f"without {guard}, woken:{seed}") as notes:
            staged.restore()
            told = woken_before_its_commit(staged.place, tmp_path / "marks", guard)
            has_check = "check" not in guard
            assert (in_staging(staged.place) == serial) == has_check
            assert (f"another run has committed to {PRODUCT_USAGE.name}" in told) == has_check
            notes.append("as serial" if has_check else "a date is forgotten, as it must be")
            done(one(("run", "--from", FIRST, "--to", SECOND, *STAGE), staged.place.environ))
            assert in_staging(staged.place) == serial


def woken_before_its_commit(place: Place, marks: Path, guard: str) -> str:
    """What a run says that slept before its commit while another one came and went."""
    sleeps = unguarded(guard, PRODUCT_USAGE.path, marks, "run", "--date", SECOND, *STAGE)
    passes = unguarded(guard, NOWHERE, marks, "run", "--date", FIRST, *STAGE)
    with started(sleeps, place.environ) as sleeper:
        wait_until_it_stands(marks, sleeper)
        sleeper.signal(signal.SIGSTOP)
        with started(passes, place.environ) as newer:
            done(newer.ended())
        (marks / GOES).touch()
        sleeper.signal(signal.SIGCONT)
        return done(sleeper.ended()).told


@pytest.mark.parametrize("guard", ["lock", "lock,fence"])
def test_a_publish_that_wakes_after_a_newer_one_changes_nothing(
    postgres: Cluster, tmp_path: Path, cases: Cases, guard: str
) -> None:
    """It stood between staging and the transaction; a newer run has published another content of the date meanwhile."""
    for seed in cases.left([0], short=1):
        with cases.one(f"without {guard}, woken in its publish:{seed}") as notes:
            with world(tmp_path) as here:
                url = postgres.new_database()
                database = url.rsplit("/", 1)[-1]
                before, told = woken_before_its_transaction(here, url, postgres, guard)
                after = (postgres.sql(SERVED, database), postgres.sql(LEDGER, database))
            has_fence = "fence" not in guard
            assert (before == after) == has_fence
            assert ("newer than" in told and "publish is taken again" in told) == has_fence
            notes.append("nothing changed" if has_fence else "older rows came back, as they must")


def woken_before_its_transaction(here: World, url: str, postgres: Cluster, guard: str) -> tuple[tuple[str, str], str]:
    """What the newer run had published, rows and ledger; and what the older one says that wakes behind it."""
    environ = {
        **here.place.environ,
        "COMPANY_ACTIVITY__SQL__URL": url,
        "COMPANY_ACTIVITY__SQL__USER": "postgres",
    }
    words = ("run", "--date", BUILT, *PUBLISH)
    marks = here.kept.parent / "marks"
    database = url.rsplit("/", 1)[-1]
    with started(unguarded(guard, TRANSACTION, marks, *words), environ) as older:
        wait_until_it_stands(marks, older)
        older.signal(signal.SIGSTOP)
        write_day(here.usage, BUILT, items(BUILT, 3))
        with started(unguarded("lock", NOWHERE, marks, *words), environ) as newer:
            done(newer.ended())
        published = (postgres.sql(SERVED, database), postgres.sql(LEDGER, database))
        (marks / GOES).touch()
        older.signal(signal.SIGCONT)
        return published, done(older.ended()).told
