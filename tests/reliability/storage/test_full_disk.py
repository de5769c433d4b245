"""A disk that is full: a clean failure, nothing half-visible, and once there is room the next run makes up for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from company_activity.errors import CompanyActivityError

from reliability.harness.cases import Cases
from reliability.storage.judging import is_clean, torn_files, undisturbed
from reliability.storage.small_disk import small_disk
from reliability.storage.stories import STORIES, Given, Story
from support.api.usage_api import UsageApi

pytestmark = pytest.mark.fault

FREE = (0, 1, 2, 3, 5, 8, 12, 17, 23, 30)


@pytest.mark.row("S2")
@pytest.mark.parametrize("name", STORIES)
def test_a_disk_that_is_full(
    name: str, api: UsageApi, tmp_path: Path, cases: Cases, capsys: pytest.CaptureFixture[str]
) -> None:
    story = STORIES[name]
    whole = undisturbed(story, Given(tmp_path / "undisturbed", api.url, "first"))
    room = {f"{name}:{free}:{what}": {what: free} for free in FREE for what in ("pages", "files")}
    for number, key in enumerate(cases.left(room, short=2)):
        with cases.one(key) as notes, small_disk(tmp_path / f"disk-{number}") as disk:
            given = Given(disk.folder / "place", api.url, "first")
            story.before(given)
            disk.leave_free(**room[key])
            notes.append("full" if is_full(story, given, capsys) else "enough")
            assert torn_files(given.root, whole.written) == []
            disk.grow()
            again = replace(given, run_id="next")
            assert not story.act(again)
            assert story.ends(again) == whole.ends


def is_full(story: Story, given: Given, capsys: pytest.CaptureFixture[str]) -> bool:
    """Whether a story met the end of the disk, and said so as the command line would; anything else is raised."""
    capsys.readouterr()
    try:
        code = story.act(given) or 0
    except CompanyActivityError as error:
        code = error.exit_code
        print(error)
    said = capsys.readouterr().out
    is_clean(code, said, "")
    assert not code or "No space left on device" in said
    return code != 0
