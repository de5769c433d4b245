"""The goal of the row is the number of points that are kept, each before and after."""

from __future__ import annotations

from reliability.harness.rows import rows_named
from support.kills.kept_points import file_of, keys
from support.kills.stories import STORIES


def test_each_point_that_is_kept_counts() -> None:
    left_out = {name: story.leaves_out for name, story in STORIES.items() if story.name != "ingest"}
    cases = [key for name in (*STORIES, "messages") for key in keys(name, left_out.get(name))]
    assert len(set(cases)) == len(cases)
    [row] = rows_named("K1")
    assert row.goal == len(cases)


def test_each_list_belongs_to_a_story() -> None:
    kept = {file.stem for file in file_of("").parent.glob("*.txt")}
    assert kept <= {*STORIES, "messages"}
