"""EIO and ENOSPC at every call that writes: a clean failure, nothing half-visible, and the next run makes up for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from reliability.harness.cases import Cases
from reliability.storage.injection import Call, Teller, teller
from reliability.storage.judging import Undisturbed, is_clean, torn_files, undisturbed
from reliability.storage.stories import STORIES, Given, Story
from support.api.usage_api import UsageApi

pytestmark = pytest.mark.fault

ERRORS = ("EIO", "ENOSPC")


@pytest.fixture(scope="module")
def told() -> Iterator[Teller]:
    """The process that tells stories."""
    with teller() as process:
        yield process


@pytest.mark.row("S1")
@pytest.mark.parametrize("name", STORIES)
def test_a_call_that_fails(name: str, told: Teller, api: UsageApi, tmp_path: Path, cases: Cases) -> None:
    story = STORIES[name]
    whole = undisturbed(story, Given(tmp_path / "undisturbed", api.url, "first"))
    listed = calls_of(story, told, Given(tmp_path / "traced", api.url, "first"))
    calls = {f"{name}:{call.key}:{error}": (call, error) for call in listed for error in ERRORS}
    for key in cases.left(calls, short=3):
        call, error = calls[key]
        with cases.one(key), TemporaryDirectory(dir=tmp_path) as folder:
            given = Given(Path(folder, "place"), api.url, "first")
            fails_and_is_made_up_for(story, told, given, whole, call, error)


def calls_of(story: Story, told: Teller, given: Given) -> list[Call]:
    """The calls of a story that does not fail."""
    story.before(given)
    ended, calls = told.calls(story.name, given)
    assert ended.code == 0, ended
    return calls


def fails_and_is_made_up_for(
    story: Story, told: Teller, given: Given, whole: Undisturbed, call: Call, error: str
) -> None:
    story.before(given)
    ended = told.with_one_failing(story.name, given, call, error)
    is_clean(ended.code, ended.out, ended.err)
    assert torn_files(given.root, whole.written) == []
    again = replace(given, run_id="next")
    assert not story.act(again)
    assert story.ends(again) == whole.ends
