"""The judge of races sees a lost row, a doubled one, another content and another generation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from support.cycle.place import Place
from support.races.view import LEDGER, QUERIES, View, view

SERIAL = View({"stg.t": ("a|1", "b|2")}, {"analytics.t": ("a|1",)}, {"t 2025-11-18": "h"}, {"2025-11-18": (1, "d")})


@pytest.mark.parametrize(
    ("other", "where"),
    [
        (replace(SERIAL, lake={"stg.t": ("a|1",)}), "stg.t: 1 rows apart, ['b|2']"),
        (replace(SERIAL, lake={"stg.t": ("a|1", "a|1", "b|2")}), "stg.t: 0 rows apart, []"),
        (replace(SERIAL, served={"analytics.t": ("a|2",)}), "analytics.t: 2 rows apart, ['a|1']"),
        (replace(SERIAL, published={}), "t 2025-11-18: None h"),
        (replace(SERIAL, landed={"2025-11-18": (2, "d")}), "2025-11-18: (2, 'd') (1, 'd')"),
    ],
    ids=["lost", "doubled", "served", "ledger", "landing"],
)
def test_views_that_differ_say_where(other: View, where: str) -> None:
    assert other.differs_from(SERIAL) == [where]
    assert SERIAL.differs_from(SERIAL) == []


def test_a_content_that_was_published_twice_in_a_row_is_refused(place: Place) -> None:
    asked = {query: list[list[str]]() for query in QUERIES}
    asked[LEDGER] = [["t", "2025-11-18", "h"], ["t", "2025-11-19", "h"]]
    assert view(place, asked).published == {"t 2025-11-18": "h", "t 2025-11-19": "h"}
    asked[LEDGER] += [["t", "2025-11-19", "h"]]
    with pytest.raises(AssertionError, match="published twice"):
        view(place, asked)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place without anything in it."""
    return Place(tmp_path, "http://127.0.0.1:1/usage")
