"""A body taken apart: the same items as any JSON reader finds, each in the characters that were sent."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company_activity.io.api import members
from company_activity.io.api.members import LONGEST, members_of
from company_activity.io.api.page import NotAPage, read_page

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
OURS = ("items", "next_page", "error", "total")
FIELDS = st.text(max_size=5).filter(lambda name: name not in OURS)


@settings(deadline=None)
@given(st.lists(VALUES), st.none() | st.integers(1, 10**17), st.dictionaries(FIELDS, VALUES, max_size=3), st.randoms())
def test_every_item_is_found_as_it_was_written(items: list[Any], next_page: Any, more: Any, random: Random) -> None:
    members = [*more.items(), ("items", items), ("next_page", next_page)]
    random.shuffle(members)
    page = read_page(json.dumps(dict(members), indent=random.choice([None, 1]), ensure_ascii=random.random() < 0.5), 1)
    assert [json.loads(item.text) for item in page.items] == items
    assert [item.canonical for item in page.items] == [
        json.dumps(item, sort_keys=True, separators=(",", ":")) for item in items
    ]
    assert page.next_page == next_page


WHOLE = '{"items": [{"a": "}"}, [1, "é"]], "more": {"items": 1}, "next_page": null}'


@pytest.mark.parametrize("end", range(len(WHOLE)))
def test_no_beginning_of_a_page_is_a_page(end: int) -> None:
    with pytest.raises(NotAPage):
        read_page(WHOLE[:end], 1)


@pytest.mark.parametrize(
    "text",
    ["[]", "1", "null", f"{WHOLE}{WHOLE}", f"{WHOLE},", "{1: 2}", '{"items": [1 2], "next_page": null}', "[" * 100_000]
    + ['{"items": [,], "next_page": null}', '{"items": [1,], "next_page": null}', '{"items" [], "next_page": null}']
    + ['{"items": [' + "[" * 100_000 + "], next_page: null}", '{"items": [], "next_page": null,}'],
)
def test_what_is_no_page_is_refused(text: Any) -> None:
    with pytest.raises(NotAPage):
        read_page(text, 1)


def test_no_value_longer_than_a_megabyte_is_parsed() -> None:
    longest = '{"a":"' + "x" * (LONGEST - 8) + '"}'
    assert len(longest) == LONGEST
    items = read_page(f'{{"items":[{longest},7,{longest} ,[1.5e3]],"next_page":null}}', 1).items
    assert [item.text for item in items] == [longest, "7", longest, "[1.5e3]"]
    with pytest.raises(NotAPage, match="the value at character 10 is longer than 1,048,576, or broken"):
        read_page(f'{{"items":[{longest[:-2]}x"}}],"next_page":null}}', 1)


SHORT = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | st.text(max_size=9)


@settings(deadline=None)
@given(st.lists(SHORT | st.lists(SHORT, max_size=2)))
def test_pieces_of_any_length_give_the_same_items(values: list[object]) -> None:
    text = json.dumps({"items": values, "next_page": None, "total": 3})
    whole = members_of(text)
    for longest in (120, 130, 140):
        with patch.object(members, "LONGEST", longest):
            assert members_of(text) == whole
