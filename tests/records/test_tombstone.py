"""A tombstone tells of an id whether it was erased, and of nothing else anything."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company_activity.records import tombstone
from company_activity.records.item import canonical
from company_activity.records.tombstone import NO_TOMBSTONES, SHAPE, Tombstones, key_mark, mark_in, tombstone_of

KEY = "a key of some length"


def erased(*company_ids: str) -> Tombstones:
    return Tombstones(KEY, frozenset(tombstone_of(KEY, one) for one in company_ids))


def test_it_is_the_hmac_of_the_trimmed_id_behind_the_mark_of_its_key() -> None:
    by_hand = hmac.new(KEY.encode(), "c_é".encode(), hashlib.sha256).hexdigest()
    assert tombstone_of(KEY, "\ufeff c_é\u00a0") == f"{key_mark(KEY)}-{by_hand}"
    assert SHAPE.fullmatch(tombstone_of(KEY, "\ud800"))


def test_another_key_gives_another_tombstone_and_another_mark() -> None:
    ours, others = tombstone_of(KEY, "c"), tombstone_of(KEY + "2", "c")
    assert mark_in(ours) == key_mark(KEY) != mark_in(others)
    assert ours.partition("-")[2] != others.partition("-")[2]


@pytest.mark.parametrize("company_id", ["c_1", " c_1", "c_1\u200b", "\u3000c_1", "c_1\t", "\n c_1"])
def test_an_id_is_covered_however_its_ends_are_blanked(company_id: str) -> None:
    assert erased("c_1").covers(company_id)


@pytest.mark.parametrize("value", ["C_1", "c_\t1", "c_", "", "c_11", None, 1, True, 1.0, ["c_1"], {"c_1": 1}, b"c_1"])
def test_nothing_else_is_covered(value: object) -> None:
    assert not erased("c_1", "1").covers(value)


def test_an_id_is_signed_once_however_often_a_feed_repeats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[str] = []

    def sign(key: str, text: str) -> str:
        signed.append(text)
        return "0" * 64

    known = erased("a")
    monkeypatch.setattr(tombstone, "_signed", sign)
    assert [known.covers(one) for one in ["b", "c", "b", "b", "c"]] == [False] * 5
    assert signed == ["b", "c"]


def test_without_tombstones_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tombstone, "_signed", None)
    assert NO_TOMBSTONES.are_none
    assert not NO_TOMBSTONES.covers("a")
    assert not NO_TOMBSTONES.covers_item('{"company_id":"a"}')


@pytest.mark.parametrize(
    ("item", "is_covered"),
    [
        ('{"company_id": "é\\"x", "events": 1}', True),
        ('{"events": 1, "company\\u005fid": "\\u00e9\\u0022x\\u200b"}', True),
        ('{"company_id": "é\\"x", "company_id": "b"}', True),
        ('{"company_id": "b", "company_id": "é\\"x"}', True),
        ('{"company_id": {"company_id": "é\\"x"}}', False),
        ('{"parent": {"company_id": "é\\"x"}, "company_id": "b"}', False),
        ('{"note": ",\\"company_id\\":\\"é\\\\\\"x\\"", "company_id": "b"}', False),
        ('{",\\"company_id": "é\\"x"}', False),
        ('{"company_id": "b", "name": "é\\"x"}', False),
        ('{"in": {"company_id": "é\\"x"}, "name": "é\\"x", "company_id": "b"}', False),
        ('{"company_id": ["é\\"x"]}', False),
        ('[{"company_id": "é\\"x"}]', False),
        ('"é\\"x"', False),
        ('{"company_id": "é\\"x", "events": ' + "9" * 5000 + ', "n": NaN}', True),
    ],
)
def test_an_item_is_covered_by_a_company_id_of_its_own(item: str, is_covered: bool) -> None:
    assert erased('é"x').covers_item(canonical(item)) is is_covered


IDS = st.sampled_from(["a", "b", " a\u00a0", "\\", 'a"', ',"company_id":"a"', "é", ""])
NAMES = st.sampled_from(["company_id", '"company_id', "events", ',"company_id'])
VALUES: st.SearchStrategy[Any] = st.recursive(
    IDS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=6,
)
MEMBERS = st.lists(st.tuples(NAMES, VALUES), max_size=4)


@given(members=MEMBERS, is_ascii=st.booleans())
def test_random_items_are_covered_as_a_plain_reading_says(members: list[tuple[str, Any]], is_ascii: bool) -> None:
    written = (f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=is_ascii)}" for name, value in members)
    known = erased("a", "é", "\\", 'a"', ',"company_id":"a"')
    values = [value for name, value in members if name == "company_id"]
    expected = any(
        isinstance(one, str) and one.strip() in {"a", "é", "\\", 'a"', ',"company_id":"a"'} for one in values
    )
    assert known.covers_item(canonical(f"{{{', '.join(written)}}}")) is expected


def test_a_sealed_digest_is_nobodys_tombstone() -> None:
    known = erased("a")
    assert known.sealed("a") not in (known.sealed("b"), tombstone_of(KEY, "a").partition("-")[2])
    assert known.sealed("a") == erased("b").sealed("a")
