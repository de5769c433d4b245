"""Lists of points that are checked in: a commit that the product gets anew is in none, and its test says so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from support.kills.points import SIDES, Point, Side, listed, points_in

FOLDER = Path(__file__).resolve().parents[2] / "reliability/kills/points/recorded"
UPDATE = "UPDATE_POINTS"  # 1: write what was recorded


def file_of(story: str) -> Path:
    return FOLDER / f"{story}.txt"


def kept(story: str) -> list[Point]:
    """The points of a story: the first and the last time of each name; none before it was recorded."""
    file = file_of(story)
    return points_in(file.read_text(encoding="utf-8")) if file.exists() else []


def check(story: str, names: Iterable[str]) -> None:
    """See that a fresh recording is the one that is kept."""
    fresh = listed(names)
    if os.environ.get(UPDATE) == "1":
        file_of(story).write_text(fresh, encoding="utf-8")
    known = file_of(story).read_text(encoding="utf-8") if file_of(story).exists() else ""
    assert fresh == known, f"commit points have changed; look at them, then: {UPDATE}=1 pytest …"


def keys(story: str, leaves_out: re.Pattern[str] | None = None) -> Iterator[str]:
    """A case for each point and side, but for the points whose name begins as what is left out."""
    for point in kept(story):
        if leaves_out is None or not leaves_out.match(point.name):
            for side in SIDES:
                yield f"{story}:{point}:{side}"


def parsed(key: str) -> tuple[Point, Side]:
    """The point and the side of a case.

    >>> parsed("first:sql: COMMIT #2:after")
    (Point(name='sql: COMMIT', nth=2), 'after')
    """
    text, _, said = key.rpartition(":")
    name, _, nth = text.partition(":")[2].rpartition(" #")
    side: Side = "before" if said == "before" else "after"
    return Point(name, int(nth)), side
