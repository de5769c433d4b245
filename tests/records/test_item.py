"""Canonical JSON: what says the same is the same text, and nothing that differs is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company_activity.records.item import ContentDigest, canonical, content_digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (' { "b" : 1 , "a" : [ ] } ', '{"a":[],"b":1}'),
        ("1.50", "1.50"),
        ("-0", "-0"),
        ("1E5", "1E5"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ('"é"', '"\\u00e9"'),
        ('"\\u00e9"', '"\\u00e9"'),
        ('"\\/"', '"/"'),
        ('"\\ud83d\\ude00"', '"\\ud83d\\ude00"'),
        ('"😀"', '"\\ud83d\\ude00"'),
        ('"\\ud83d"', '"\\ud83d"'),
        ('{"b":1,"a":2,"b":0}', '{"a":2,"b":1,"b":0}'),
        ("[true, false, null]", "[true,false,null]"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_canonical_json(text: str, expected: str) -> None:
    assert canonical(text) == expected


@settings(deadline=None)
@given(JSON)
def test_how_it_is_written_does_not_matter(value: object) -> None:
    plain = json.dumps(value)
    assert canonical(plain) == canonical(json.dumps(value, indent=2, ensure_ascii=False))
    assert canonical(plain) == json.dumps(value, sort_keys=True, separators=(",", ":"))
    assert canonical(canonical(plain)) == canonical(plain)


@pytest.mark.parametrize(
    "text", ["", " ", "{", "[1,]", "1 2", '{"a"}', "'a'", "nan", "01", "+1", '"\n"', "[" * 100_000]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        canonical(text)


@pytest.mark.parametrize(
    "other",
    [['{"a":1}'], ['{"a":2}', '{"a":1}'], ['{"a":1}', '{"a":2.0}'], ['{"a":1}', '{"a":2}', "{}"], ['{"a":1}{"a":2}']],
)
def test_another_item_order_or_number_is_another_digest(other: list[str]) -> None:
    assert content_digest(other) != content_digest(['{"a":1}', '{"a":2}'])


@settings(deadline=None)
@given(st.lists(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\n")))))
def test_the_digest_of_pages_is_that_of_their_items(pages: list[list[str]]) -> None:
    digest = ContentDigest()
    for items in pages:
        digest.add(items)
    assert digest.hexdigest() == content_digest(item for items in pages for item in items)
