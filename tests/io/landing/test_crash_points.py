"""Killed before or after any single write of a fetch, the next run lands the same, once, and nothing is half there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest

from company_activity.io.api.page import Page
from company_activity.io.landing.commit import Fetch, Landed, begin, commit
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage, Storage
from company_activity.settings.model import LandingSettings

from support.landing.mortal import Killed, Mortal
from support.landing.pages import DAY, NOON, newest, pages, session

pytestmark = pytest.mark.fault

GIVEN = pages(['{"a": 1}', "7"], [], ['{"a": 2}'], ['{"a": 3}', '{"a": 4}'])
OLDER = pages(['{"a": 0}'])


def over(storage: Storage) -> Landing:
    return Landing(storage, LandingSettings("", part_bytes=100))


def run(landing: Landing, run_id: str, given: Sequence[Page], asked: list[int], settles_at: datetime) -> Landed | None:
    """Fetch and commit; `asked` gets the pages that the API was asked for."""
    with landing.lock(DAY):
        unfinished = begin(landing, session(run_id), 3600)
        for page in given[unfinished.pages :]:
            asked.append(page.number)
            unfinished.pagination.step(page)
            unfinished.append(page)
        return commit(landing, unfinished, Fetch(run_id, "", settles_at))


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("settles_at", [NOON, NOON.replace(hour=13)], ids=["settled", "provisional"])
@pytest.mark.parametrize("has_older", [False, True])
def test_a_kill_at_any_write_loses_and_doubles_nothing(settles_at: Any, has_older: bool, is_after: bool) -> None:
    with mock.patch.object(os, "fsync", os.fstat):
        writes = next(n for n in range(1, 100) if not killed_at(n, settles_at, has_older, is_after))
    assert writes > 12


def killed_at(nth: int, settles_at: datetime, has_older: bool, is_after: bool) -> bool:
    """Whether the run came to its nth write, and was killed there; what the next run made of it is as it must be."""
    with TemporaryDirectory() as folder:
        whole = over(LocalStorage(Path(folder)))
        if has_older:
            run(whole, "run-0", OLDER, [], NOON)
        asked: list[int] = []
        is_killed = False
        try:
            run(over(Mortal(Path(folder), nth, is_after)), "run-1", GIVEN, asked, settles_at)
        except Killed:
            is_killed = True
        seen = whole.newest(DAY)
        assert seen is None or seen.rows in (1, 5)  # the older generation or the whole new one
        is_committed = seen is not None and seen.rows == 5
        run(whole, "run-2", GIVEN, asked, settles_at)
        assert is_committed or len(asked) - len(set(asked)) <= 1
        landed = newest(whole)
        whole.check(landed)
        assert (landed.rows, landed.generation) == (5, 2 if has_older else 1)
        assert whole.provisional_dates() == ([] if settles_at == NOON else [DAY])
        assert [entry.path for entry in whole.storage.list(whole.at("_unfinished/"))] == []
        return is_killed
