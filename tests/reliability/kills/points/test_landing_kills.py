"""SIGKILL at each commit point of an ingest: the next one lands the same, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage

from reliability.harness.cases import Cases
from support.cycle.place import Place
from support.kills.children import kill_at, recorded
from support.kills.command import PLAIN
from support.kills.kept_points import check, keys, parsed
from support.kills.stories import STORIES, Grounds, grounds_at

pytestmark = [pytest.mark.fault, pytest.mark.row("K1")]
STORY = STORIES["ingest"]


def landed(place: Place) -> dict[str, tuple[int, str, int, int]]:
    """By date: the newest generation, its content, its rows, and how many files no manifest knows."""
    landing = Landing(LocalStorage(place.folder / "landing"), place.settings.landing)
    found = {}
    for day, generation in landing.generations().items():
        newest = landing.newest(day)
        assert newest is not None
        landing.check(newest)
        unfinished = list(landing.storage.list(landing.at(f"_unfinished/date={day}")))
        found[str(day)] = (generation, newest.content_digest, newest.rows, len(unfinished))
    return found


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    with grounds_at(tmp_path_factory.mktemp("ingest")) as grounds:
        yield grounds


def test_the_ingest_after_a_kill_lands_the_same_once(grounds: Grounds, tmp_path: Path, cases: Cases) -> None:
    place = grounds.ground.place
    environ = place.environ | STORY.environ
    grounds.prepare(STORY.base)
    check(STORY.name, recorded(PLAIN, STORY.command, environ, tmp_path / "names"))
    undisturbed = landed(place)
    assert {generation for generation, *_ in undisturbed.values()} == {1, 2}
    for key in cases.left(keys(STORY.name), short=3):
        with cases.one(key):
            grounds.prepare(STORY.base)
            kill_at(*parsed(key), PLAIN, STORY.command, environ)
            assert place.run(*STORY.command, **STORY.environ) == 0
            assert landed(place) == undisturbed
