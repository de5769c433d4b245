"""EIO and ENOSPC at every call that writes: a clean failure, nothing half-visible, and the next run makes up for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from reliability.harness.cases import Cases
from reliability.storage.injection import Call, Teller, teller
from reliability.storage.judging import Written, is_clean, noted_writes, seen_files, torn_files
from reliability.storage.stories import STORIES, Given, Story
from support.api.usage_api import UsageApi, numbered, serving

pytestmark = pytest.mark.fault

ERRORS = ("EIO", "ENOSPC")
ITEMS = [[{"company_id": f"c{page}-{item}", "events": item} for item in range(3)] for page in range(2)]


@dataclass(frozen=True)
class Undisturbed:
    """A story without a fault: its calls, how it ends, and every text that it ever wrote, by file."""

    calls: list[Call]
    ends: Any
    written: Written


@pytest.fixture(scope="module")
def api() -> Iterator[UsageApi]:
    """Two pages for any date."""
    with serving(numbered(*ITEMS)) as server:
        yield server


@pytest.fixture(scope="module")
def told() -> Iterator[Teller]:
    """The process that tells stories."""
    with teller() as process:
        yield process


@pytest.mark.row("S1")
@pytest.mark.parametrize("name", STORIES)
def test_a_call_that_fails(name: str, told: Teller, api: UsageApi, tmp_path: Path, cases: Cases) -> None:
    story = STORIES[name]
    whole = undisturbed(story, told, api, tmp_path)
    calls = {f"{name}:{call.key}:{error}": (call, error) for call in whole.calls for error in ERRORS}
    for key in cases.left(calls, short=3):
        call, error = calls[key]
        with cases.one(key), TemporaryDirectory(dir=tmp_path) as folder:
            given = Given(Path(folder, "place"), api.url, "first")
            fails_and_is_made_up_for(story, told, given, whole, call, error)


def undisturbed(story: Story, told: Teller, api: UsageApi, folder: Path) -> Undisturbed:
    """The story told by a process, for its calls, and here, for what it writes."""
    traced = Given(folder / "traced", api.url, "first")
    story.before(traced)
    ended, calls = told.calls(story.name, traced)
    assert ended.code == 0, ended
    given = Given(folder / "undisturbed", api.url, "first")
    story.before(given)
    there = {str(file): given.root.joinpath(file).read_bytes() for file in seen_files(given.root)}
    with noted_writes(given.root) as written:
        assert not story.act(given)
    for file, data in there.items():
        written.setdefault(file, set()).add(data)
    return Undisturbed(calls, story.ends(given), written)


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
