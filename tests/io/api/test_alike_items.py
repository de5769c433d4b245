"""A page read by the form of its items: the same items, or the same refusal, as the parser alone gives."""

from __future__ import annotations

from random import Random
from unittest import mock

import pytest

from company_activity.io.api import members
from company_activity.io.api.members import members_of
from company_activity.records.item import decode_at
from company_activity.records.item_form import MAX_MEMBERS, form_of

from support.landing.malformed import malformed_items

USUAL = '{"company_id": "c_1", "active_users": %d, "events": 20, "ts": "2025-03-31T10:00:00Z"}'
VALUES = ["0", "-0", "7", "-7", "01", "-", "+1", "1.", ".5", "1.50", "1E5", "1e-05", "1e", "1.e5", "9" * 5000, "1_000"]
VALUES += ["NaN", "-Infinity", "nan", "true", "false", "null", "True", "tru", "", "\u0661", "\uff11", "'a'", "[]", "{}"]
VALUES += ['""', '"a"', '"a', 'a"', '"%s"', '"{}"', '"a" "b"', '"a\\"b"', '"\\u00e9"', '"\\/"', '"\\ud83d"', '"\\x"']
VALUES += [
    '"é"',
    '"😀"',
    '"\ud83d"',
    '"\x7f"',
    '"\x00"',
    '"\t"',
    '"\n"',
    '"\ufeff"',
    '"}, {"',
    '"],"',
    "1, 2",
    '1, "b": 2',
]
FORMS = ['{"a": %s}', '{"a":%s,"b":%s}', '{ "b" :\t%s ,\r\n"a"\n: %s\n}', '{"b": %s, "a": %s, "b": 0}']
FORMS += ['{"_raw": %s}', '{"": %s}', '{"%%s{0}": %s}', '{"a.*(": %s}', '{"\\u0061": %s}', '{"é": %s}']
BORDERS = [",", ", ", " ,\n", "\t,", ",\u00a0", "", ",,", ";"]
CHARACTERS = '{}[]",:\\ \n\x00\x1f\x7f\x850123456789-+.eEntf/aé\u2028\ufeff\ud800😀'


def by_parser(text: str) -> object:
    with mock.patch.object(members, "form_of", return_value=None):
        return read(text)


def read(text: str) -> object:
    """What is found, or why nothing is."""
    try:
        return members_of(text)
    except ValueError as refused:
        return str(refused)


def listed(items: list[str], border: str = ", ") -> str:
    return f'{{"items": [{border.join(items)}], "next_page": null}}'


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("border", BORDERS)
def test_any_value_in_any_form_is_read_as_by_the_parser(form: str, border: str) -> None:
    places = form.replace("%%", "").count("%s")
    first, *others = [form % ((value,) * places) for value in ("1", *VALUES)]
    for other in others:
        text = listed([first, other, first], border)
        assert read(text) == by_parser(text)


@pytest.mark.parametrize("seed", range(8))
def test_a_page_that_is_damaged_anywhere_is_read_as_by_the_parser(seed: int) -> None:
    rng = Random(seed)
    for _ in range(250):
        items = [USUAL % rng.randrange(10**6) for _ in range(rng.randrange(1, 6))]
        items += rng.choices(list(malformed_items(20, seed)), k=rng.randrange(2))
        rng.shuffle(items)
        text = listed(items, rng.choice(BORDERS[:4]))
        for _ in range(rng.randrange(3)):
            at = rng.randrange(len(text))
            text = text[:at] + rng.choice(["", rng.choice(CHARACTERS)]) + text[at + rng.randrange(3) :]
        assert read(text) == by_parser(text)


def test_what_is_like_the_first_item_is_not_parsed() -> None:
    items = [USUAL % number for number in range(100)]
    items[50] = '{"company_id": "é", "active_users": 1, "events": 20, "ts": "2025-03-31T10:00:00Z"}'
    with mock.patch.object(members, "decode_at", wraps=decode_at) as parser:
        found = members_of(listed(items))
    begins = [call.args[1] for call in parser.call_args_list]
    assert len(dict(found)["items"]) == 100
    assert len(begins) == 6  # three of the envelope; the first item, the odd one, and the last one, before no comma


def test_a_form_is_found_behind_an_odd_item() -> None:
    items = ["{}", *(USUAL % number for number in range(100))]
    with mock.patch.object(members, "decode_at", wraps=decode_at) as parser:
        members_of(listed(items))
    assert parser.call_count == 6


@pytest.mark.parametrize(
    "text", ["1", '"a"', "[1]", "{}", '{"a": {}}', '{"a": [], "b": 1}', '{"é": 1}', '{"a": "\\n"}']
)
def test_what_a_pattern_cannot_prove_has_no_form(text: str) -> None:
    assert form_of(text) is None


@pytest.mark.parametrize("item", ['{"a": [%s]}', '{"a":%s1}', '{"a": 1%s}', '{"%s": 1}', '{"a": 1%s, "b": []}'])
def test_a_very_long_item_is_read_at_once(item: str) -> None:
    long = item % (" " * 10**6)
    assert form_of(long) is None
    assert read(listed([long, long])) == by_parser(listed([long, long]))


def test_an_item_of_very_many_members_has_no_form() -> None:
    members = [f'"{number}": 1' for number in range(MAX_MEMBERS + 1)]
    assert form_of(f"{{{', '.join(members[:-1])}}}")
    assert not form_of(f"{{{', '.join(members)}}}")
