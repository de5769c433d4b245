"""Runs at once on a lake on a disk, beside each other and beside operations: the end is that of one after the other.

Each command is a process of its own, with its own JVM where it has something to do. What is compared is every row of the
lake and of SQL, the ledger, and what has landed (`support.races.view`), once all have ended and one more run has looked.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.folder import lake_folder
from company_activity.io.storage.opening import open_storage
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE

from reliability.harness.cases import Cases
from support.cycle.place import Place
from support.races.at_once import Command, Ended, at_once, one
from support.races.begun import Worlds, done, seen, worlds
from support.races.scenarios import EXPORT, MAINTAIN, SCENARIOS, STAGE, Scenario
from support.races.view import Rows, rows
from support.races.world import BUILT, SET_BACK, World, items, world

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.spark, pytest.mark.row("R1")]

SEEDS = 3
KEYS = [f"{scenario.name}:{seed}" for seed in range(SEEDS) for scenario in SCENARIOS]
CELLS = ["activity_date", "company_id", "active_users"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    with worlds(tmp_path_factory.mktemp("races")) as made:
        yield made


def test_three_runs_of_one_date_stage_it_once(tmp_path: Path, cases: Cases) -> None:
    """The part of the row that CI has time for: one of the three starts Spark, two find nothing to do."""
    for key in cases.left(["three runs of one date:0"], short=1):
        with cases.one(key), world(tmp_path) as here:
            stage_at_once(here, number=3)


def stage_at_once(here: World, number: int) -> None:
    """Let so many runs land and stage a date."""
    ended = at_once([Command(("run", "--date", BUILT, *STAGE))] * number, here.place.environ)
    for command in ended:
        done(command).check()
    assert sum("starting Spark" in command.told for command in ended) == 1
    staged = rows(lake_folder(here.place.settings), PRODUCT_USAGE, ["company_id", "active_users", "generation"])
    assert staged == tuple(f"{one['company_id']}|{one['active_users']}|1" for one in items(BUILT)[:-1])
    landing = Landing(open_storage(here.place.settings.landing), here.place.settings.landing)
    assert [str(day) for day in landing.generations()] == [BUILT]


@pytest.mark.full
def test_commands_at_once_end_as_one_after_the_other(made: Worlds, cases: Cases) -> None:
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    for key in cases.left(KEYS, short=1):
        name, seed = key.split(":")
        with cases.one(key) as notes:
            ended = race(made, by_name[name], int(seed))
            notes.append(f"{len(ended)} at once, {sum(one.is_busy for one in ended)} gave up")


def race(made: Worlds, scenario: Scenario, seed: int) -> list[Ended]:
    """Let the commands meet, and see how each ended, and what all of them leave."""
    serial = made.serial(scenario)
    here = made.of(scenario)
    environ = {**here.place.environ, **scenario.environ}
    before = cells(here.place)
    commands = scenario.commands(seed)
    ended = at_once(commands, environ)
    impatient = sum(bool(command.environ) for command in commands)
    for command in ended:
        command.check()
        assert command.code == 0 or command.is_busy, command.told
    assert sum(command.is_busy for command in ended) <= impatient
    beside(here, ended, before)
    for words in scenario.runs:
        done(one(words, environ))
    assert seen(here, scenario).differs_from(serial) == []
    return ended


def beside(here: World, ended: list[Ended], before: Rows) -> None:
    """What an operation promises besides: `maintain` removed what is old, an export holds one state that was served."""
    words = {command.words for command in ended}
    if MAINTAIN in words:
        landing = Landing(open_storage(here.place.settings.landing), here.place.settings.landing)
        (day,) = [day for day in landing.files() if str(day) == SET_BACK]
        assert set(landing.files_of(day)) == {2}
    for command in ended:
        if command.words == EXPORT:
            assert exported(command) in (before, cells(here.place))


def cells(place: Place) -> Rows:
    """A figure of each row of the activity table."""
    return rows(lake_folder(place.settings), COMPANY_ACTIVITY_DAILY, CELLS)


def exported(command: Ended) -> Rows:
    """The same of what an export wrote, by its manifest."""
    written = re.search(r"^Written: (.*)$", command.told, re.MULTILINE)
    assert written, command.told
    folder = Path(written[1].removeprefix("file:"))
    (table,) = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tables"]
    found = []
    for file in table["files"]:
        with (folder / file["path"]).open(encoding="utf-8", newline="") as text:
            found += ["|".join(row[name] for name in CELLS) for row in csv.DictReader(text)]
    return tuple(sorted(found))
