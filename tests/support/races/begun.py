"""The worlds in which races begin, each made by real runs, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support.cycle.older_rules import OlderLibrary, refused
from support.lake.aged import age
from support.races.at_once import Ended, one
from support.races.scenarios import Scenario
from support.races.view import View, asked_of_h2, view
from support.races.world import BUILT, SET_BACK, World, items, world, write_day

FIRST_RUN = ("run", "--from", SET_BACK, "--to", BUILT)
AGED_DAYS = 100


class Worlds:
    """The worlds by name, and what a scenario's commands leave in theirs, one after the other."""

    def __init__(self, folder: Path, held: ExitStack) -> None:
        self._folder = folder
        self._held = held
        self._worlds: dict[str, World] = {}
        self._serial: dict[str, View] = {}

    def of(self, scenario: Scenario) -> World:
        """The scenario's world, as it was at its beginning."""
        name = scenario.begins
        if name not in self._worlds:
            folder = self._folder / name.replace(" ", "-")
            folder.mkdir()
            made = self._held.enter_context(world(folder))
            {"begun": begin, "aged": begin_long_ago, "older rules": begin_by_older_rules}[name](made)
            made.keep()
            self._worlds[name] = made
        self._worlds[name].restore()
        return self._worlds[name]

    def serial(self, scenario: Scenario) -> View:
        """What one command after the other leaves."""
        key = str((scenario.begins, scenario.serial))
        if key not in self._serial:
            here = self.of(scenario)
            for words in scenario.serial:
                done(one(words, {**here.place.environ, **scenario.environ}))
            self._serial[key] = seen(here, scenario)
        return self._serial[key]


@contextmanager
def worlds(folder: Path) -> Iterator[Worlds]:
    """Worlds that are made when they are asked for."""
    with ExitStack() as held:
        yield Worlds(folder, held)


def seen(here: World, scenario: Scenario) -> View:
    """The view of a world on H2, as the scenario looks at it."""
    return view(here.place, asked_of_h2(here.place.settings.sql.url), scenario.without)


def done(ended: Ended) -> Ended:
    """A command that must have gone well."""
    assert ended.code == 0, ended.told
    return ended


def begin(here: World) -> None:
    """Two dates, the first of two generations."""
    write_day(here.usage, SET_BACK, items(SET_BACK, 3))
    done(one(FIRST_RUN, here.place.environ))
    write_day(here.usage, SET_BACK, items(SET_BACK))
    done(one(("run", "--date", SET_BACK), here.place.environ))


def begin_long_ago(here: World) -> None:
    """The same, so long ago that `maintain` finds something to remove."""
    begin(here)
    age(here.place.folder, AGED_DAYS)


def begin_by_older_rules(here: World) -> None:
    """Two dates, staged by rules that refused what today's let in."""
    sent = items(BUILT, 4)
    odd = refused("c_5", BUILT)
    write_day(here.usage, BUILT, [*sent, odd])
    OlderLibrary(here.kept.parent / "library").run(here.place, *FIRST_RUN)
