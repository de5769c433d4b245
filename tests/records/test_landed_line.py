"""A landed line: the item's own characters, our place last, and the way back without loss."""

from __future__ import annotations

import json
from datetime import date

import pytest

from company_activity.errors import LandingCorrupt
from company_activity.records.item import Item, canonical
from company_activity.records.landed_line import item_of, landed_line, place_of, split_line
from company_activity.records.usage import parse_line

DAY = date(2025, 3, 31)
PLACE = '"_date":"2025-03-31","_page":2,"_item":7}'


def line(text: str) -> str:
    return landed_line(Item(text, canonical(text)), place_of(DAY, page=2), number=7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1}', '{"a":1,' + PLACE),
        ('{ "b" : 1.50,\r\n\t"a" : "\\n" }', '{ "b" : 1.50,  \t"a" : "\\n" ,' + PLACE),
        ("{}", "{" + PLACE),
        ("{ \n }", "{   " + PLACE),
        ("7", '{"_raw":7,' + PLACE),
        ("null", '{"_raw":null,' + PLACE),
        ('["a",\n{}]', '{"_raw":["a", {}],' + PLACE),
        ("NaN", '{"_raw":NaN,' + PLACE),
        ('{"a":"\u2028\x85"}', '{"a":"\u2028\x85",' + PLACE),
    ],
)
def test_an_item_keeps_its_characters(text: str, expected: str) -> None:
    assert line(text) == expected
    assert "\n" not in expected


@pytest.mark.parametrize(
    "text",
    ['{"_date":"1999-01-01","_page":99,"_item":99}', '{"a":1,"_item":{}}', '{"_\\u0070age":"x"}', '{"_raw":1,"a":2}'],
)
def test_an_item_cannot_spoil_its_place(text: str) -> None:
    """Readers of JSON take the last of repeated keys."""
    read = json.loads(line(text))
    assert (read["_date"], read["_page"], read["_item"]) == ("2025-03-31", 2, 7)


ITEMS = ['{"a":1}', "{}", " { } ".strip(), "7", "null", '"_date"', "[1, 2]", '{"a":"\\"_date\\":\\"2025-03-31\\",}"}']
SPOILERS = [
    '{"_raw":5}',
    '{ "_raw":5}',
    '{"_raw":{"_raw":1}}',
    '{"_raw":1,"_raw":2}',
    '{"_raw":1,"a":2}',
    '{"_raw":9e9}',
]
SPOILERS += ['{"_date":"2025-03-31","_page":2,"_item":7}', '{"\\u005fraw":1}', '{"_raw":%s}' % ("9" * 5000)]


@pytest.mark.parametrize("text", ITEMS + SPOILERS)
def test_the_item_can_be_had_back(text: str) -> None:
    assert item_of(line(text)) == Item(text, canonical(text))


def test_items_that_differ_have_lines_that_differ() -> None:
    assert len({line(text) for text in ITEMS + SPOILERS}) == len(set(ITEMS + SPOILERS))


@pytest.mark.parametrize(
    "place",
    [
        '"_date":"20250331","_page":2,"_item":7}',
        '"_date":"","_page":2,"_item":7}',
        f'"_date":"2025-03-31","_page":{10**18},"_item":7}}',
        f'"_date":"2025-03-31","_page":2,"_item":{"9" * 5000}}}',
        '"_date":"2025-03-31","_page":2,"_item":7}\n',
    ],
)
def test_a_place_that_we_never_write_is_none(place: str) -> None:
    with pytest.raises(LandingCorrupt, match="no place"):
        split_line('{"a":1,' + place)


def test_a_line_of_no_day_is_corrupt() -> None:
    with pytest.raises(LandingCorrupt, match="2025-02-30, which is no day"):
        parse_line('{"ts":"2025-02-28",' + PLACE.replace("03-31", "02-30"))


def test_a_line_without_a_place_is_corrupt() -> None:
    with pytest.raises(LandingCorrupt, match="no place"):
        item_of('{"a":1}')
