"""Which records are accepted, which are one, and why the others are not."""

from __future__ import annotations

import json

import pytest

from .fields import parse_timestamp
from .hand import JAN_1, item, landed
from .model import Item, LandedDate
from .usage import read_date
from .world import build

GOOD = {"company_id": '"a"', "active_users": "1", "events": "2", "ts": '"2024-01-01"'}


def reasons(**literals: str) -> tuple[str, ...]:
    """Why an item with these JSON literals is refused; `_` leaves a field out."""
    fields = {name: literal for name, literal in (GOOD | literals).items() if literal != "_"}
    text = "{" + ",".join(f'"{name}":{literal}' for name, literal in fields.items()) + "}"
    quarantined = read_date(landed(JAN_1, text)).quarantined
    return quarantined[0].reasons if quarantined else ()


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("0", ()), ("-0", ()), ("1000000000", ()), ("1000000001", ("OUT_OF_RANGE",)), ("-1", ("NEGATIVE",)),
        ("9" * 5000, ("OUT_OF_RANGE",)), ("-" + "9" * 5000, ("NEGATIVE",)), ("_", ("MISSING_FIELD",)),
        ("null", ("MISSING_FIELD",)), ("1.0", ("WRONG_TYPE",)), ("1e3", ("WRONG_TYPE",)),
        ('"1"', ("WRONG_TYPE",)), ("true", ("WRONG_TYPE",)), ("NaN", ("WRONG_TYPE",)),
        ("-Infinity", ("WRONG_TYPE",)), ("[]", ("WRONG_TYPE",)),
    ],
)  # fmt: skip
def test_counts(literal: str, expected: tuple[str, ...]) -> None:
    assert reasons(events=literal) == reasons(active_users=literal) == expected


@pytest.mark.parametrize("text", ["7", '"a"', "[]", "null", "NaN", "{", ""])
def test_an_item_that_is_no_object_has_that_reason_alone(text: str) -> None:
    assert [refused.reasons for refused in read_date(landed(JAN_1, text)).quarantined] == [("NOT_AN_OBJECT",)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('"events":2', ["DUPLICATE_KEY"]),
        ('"\\u0065vents":"x"', ["DUPLICATE_KEY", "WRONG_TYPE"]),
        ('"extra":1,"extra":2', []),
        ('"extra":{"events":1,"events":2}', []),
    ],
)
def test_a_field_that_is_named_twice(more: str, expected: list[str]) -> None:
    text = "{" + ",".join(f'"{name}":{literal}' for name, literal in GOOD.items()) + f",{more}}}"
    quarantined = read_date(landed(JAN_1, text)).quarantined
    assert [list(one.reasons) for one in quarantined] == ([expected] if expected else [])


def test_company_ids_are_trimmed_of_what_is_invisible() -> None:
    long, bad = "é" * 64, ("BAD_COMPANY_ID",)
    assert reasons(company_id=json.dumps(f" \u200b{long}\u00a0 ")) == reasons(company_id='"a b"') == ()
    assert reasons(company_id='"\u00a0"') == reasons(company_id='"a\u00a0b"') == reasons(company_id='"a\u2028"') == bad
    assert reasons(company_id=f'"{long}x"') == reasons(company_id='"  "') == reasons(company_id='"a\\t"') == bad
    assert reasons(company_id='"\\ud800"') == bad
    assert reasons(company_id="7") == ("WRONG_TYPE",)


@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        ("2024-01-01 23:59:59.999999999", ()),
        ("2024-01-01T00:00+00:00", ()),
        ("2024-01-02T13:59+14:00", ()),
        ("2023-12-31T23:00-01:00", ()),
        ("2024-01-01T00:59+01:00", ("WRONG_DATE",)),
        ("2024-01-02", ("WRONG_DATE",)),
        ("2024-01-01T13:00+14:01", ("BAD_TIMESTAMP",)),
        ("2024-01-01Z", ("BAD_TIMESTAMP",)),
        ("2024-01-01T24:00", ("BAD_TIMESTAMP",)),
        ("2024-01-01T10:00:00.1234567890", ("BAD_TIMESTAMP",)),
        ("2023-02-29", ("BAD_TIMESTAMP",)),
        ("1899-12-31", ("BAD_TIMESTAMP",)),
        (" 2024-01-01", ("BAD_TIMESTAMP",)),
        ("2024-01-01 ", ("BAD_TIMESTAMP",)),
        ("2024-01-01T10:00  Z", ("BAD_TIMESTAMP",)),
        ("2024-01-01t10:00:00,5 +0000", ()),
        ("", ("BAD_TIMESTAMP",)),
    ],
)
def test_timestamps(ts: str, expected: tuple[str, ...]) -> None:
    assert reasons(ts=json.dumps(ts)) == expected


@pytest.mark.parametrize(
    ("ts", "instant"),
    [
        ("1900-01-01", "1900-01-01 00:00:00+00:00"),
        ("2999-12-31T23:59-14:00", "3000-01-01 13:59:00+00:00"),
        ("2024-02-29 12:34:56.7Z", "2024-02-29 12:34:56.700000+00:00"),
        ("2024-02-29T12:34:56.1234569+05:59", "2024-02-29 06:35:56.123456+00:00"),
        ("2024-01-01T00:00:00.0000009-00:00", "2024-01-01 00:00:00+00:00"),
        ("2024-01-01T10:00+05:60", "None"),
        ("2024-01-01T10:00+15:00", "None"),
        ("3000-01-01", "None"),
        ("2024-01-01T10:00z", "2024-01-01 10:00:00+00:00"),
        ("2024-01-01 10:00:00.5+00", "2024-01-01 10:00:00.500000+00:00"),
        ("2024-01-01T10:00:00.000+0000", "2024-01-01 10:00:00+00:00"),
        ("2024-01-01 10:00:00.1234567 +02:00", "2024-01-01 08:00:00.123456+00:00"),
        ("2024-01-01 10:00+1401", "None"),
        ("2024-01-01 10:00+2", "None"),
        ("２０２４-01-01", "None"),
    ],
)
def test_instants(ts: str, instant: str) -> None:
    assert str(parse_timestamp(ts)) == instant


def test_all_reasons_that_apply_in_order() -> None:
    expected = ("BAD_COMPANY_ID", "MISSING_FIELD", "NEGATIVE", "WRONG_TYPE")
    assert reasons(company_id='""', active_users="-1", events="_", ts="5") == expected


def test_one_instant_of_a_company_is_one_record_and_the_later_wins() -> None:
    texts = [
        item(JAN_1, 5, 50),
        item(JAN_1, 6, 60, time="00:00:00Z"),
        item(JAN_1, 6, 60),
        item(JAN_1, 1, time="09:00"),
    ]
    day = read_date(landed(JAN_1, *texts))
    assert [(r.active_users, r.events, r.item) for r in day.accepted] == [(6, 60, 2), (1, 0, 3)]
    assert (day.rows_in, day.duplicates, day.conflicting) == (4, 2, frozenset("a"))
    assert read_date(landed(JAN_1, *texts[1:])).conflicting == frozenset()


def test_pages_order_before_items_and_further_fields_keep_the_text() -> None:
    extra = item(JAN_1, 2).replace("{", '{"plan": 1.50, ')
    day = read_date(LandedDate(JAN_1, 3, (Item(2, 0, extra), Item(1, 9, item(JAN_1, 1)))))
    assert [(r.active_users, r.generation, r.raw_json) for r in day.accepted] == [(2, 3, extra)]
    assert read_date(landed(JAN_1, item(JAN_1, 1))).accepted[0].raw_json is None


def test_the_newest_generation_speaks_even_when_it_says_missing() -> None:
    first, second = landed(JAN_1, item(JAN_1, 1)), LandedDate(JAN_1, 2, None)
    third = LandedDate(JAN_1, 3, (Item(1, 0, item(JAN_1, 7)),))
    assert build([second, first], []).staged_usage == build([second, first], []).companies == []
    assert [row["active_users"] for row in build([third, first, second], []).activity] == [7]
