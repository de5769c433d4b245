"""Landed usage lines, seeded: plain ones, plain ones at the limits of a rule, and both of them spoiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random

LINES_PER_BATCH = 500
NAMES = ("company_id", "active_users", "events", "ts")
DAYS = (
    *("2025-01-01", "2024-02-29", "2024-03-01", "2025-02-28", "2025-03-01", "2000-02-29", "2100-02-28", "2100-03-01"),
    *("1900-01-01", "1900-03-01", "1969-12-31", "1970-01-01", "2400-02-29", "2999-12-31", "3000-01-01", "1899-12-31"),
    *("2025-04-30", "2025-12-31"),
)
NO_DAYS = (
    *("2025-02-29", "2025-02-30", "2100-02-29", "1900-02-29", "2025-04-31", "2025-13-01", "2025-00-10", "2025-01-00"),
    *("2025-01-32", "0000-01-01", "9999-12-31", "2025-1-1", "20250101", "٢٠٢٥-01-01", ""),
)
COUNTS = (
    *(
        "0",
        "1",
        "9",
        "10",
        "999999999",
        "1000000000",
        "1000000001",
        "9999999999",
        "100000000",
        "1999999999",
        "00",
        "01",
    ),
    *("-0", "-1", "+1", "1.0", "1e2", "1E2", ".5", "1.", "true", "null", '"7"', "NaN", "Infinity", "[]", "{}", ""),
    *("9223372036854775807", "9223372036854775808", "9" * 25, "٣", "0x1", "1_0", "1 0"),
)
PLACES = ("1", "0", "999999999999999999", "1000000000000000000", "9223372036854775807", "9223372036854775808", "01", "")
AROUND = ("\u00a0", "\u200b", "\ufeff", "\u3000", "\t", "\u0085", "\x7f", "\u2028", "\u00ad", "\x00", "  ", "\u2060")
LETTERS = (
    "é",
    "ß",
    "e\u0301",
    "公司",
    "😀",
    "\U0010ffff",
    "\ufffd",
    "\ue000",
    "İ",
    "a b",
    "-",
    "'",
    "/",
    "}",
    "{,:",
    "0",
)
ESCAPES = ("\\u0041", "\\n", '\\"', "\\\\", "\\ud800", "\\u200b", "\\/", "\\x", "\\")
ODD = (
    *('"', "\\", ",", ":", "{", "}", "[", "]", "0", "1", "9", "-", "+", ".", "e", "T", "t", "Z", "z", " ", "\t", "\r"),
    *("\x0b", "\x0c", "\x00", "\x1f", "_", "a", "é", "😀", *AROUND),
)
BLANKS = ("", "", "", "", " ", "\t", "  ", " \t ")


def usage_lines(count: int, seed: int) -> Iterator[list[str]]:
    """`count` lines in batches; those of a batch mostly have their members in one order."""
    for first in range(0, count, LINES_PER_BATCH):
        rng = Random(f"{seed}/{first}")
        order = tuple(rng.sample(NAMES, len(NAMES)))
        yield [_line(rng, order) for _ in range(min(LINES_PER_BATCH, count - first))]


def _line(rng: Random, order: tuple[str, ...]) -> str:
    text = _written(rng, order)
    spoil = rng.choice(SPOILERS)
    return spoil(rng, text)


def _written(rng: Random, order: tuple[str, ...]) -> str:
    """A line of the members; now and then one of them is odd, missing, repeated, out of order or not alone."""
    day = rng.choice(DAYS)
    values = {
        "company_id": f'"{_company_id(rng)}"',
        "active_users": _count(rng),
        "events": _count(rng),
        "ts": f'"{_time(rng, day)}"',
    }
    members = [(name, values[name]) for name in order]
    if rng.random() < 0.05:
        _rearrange(rng, members)
    blank = _blanks if rng.random() < 0.2 else _nothing
    written = ",".join(f'{blank(rng)}"{name}"{blank(rng)}:{blank(rng)}{value}{blank(rng)}' for name, value in members)
    return f"{{{written},{_place(rng, day)}"


def _blanks(rng: Random) -> str:
    return rng.choice(BLANKS)


def _nothing(_: Random) -> str:
    return ""


def _rearrange(rng: Random, members: list[tuple[str, str]]) -> None:
    at = rng.randrange(len(members))
    match rng.randrange(6):
        case 0:
            members.reverse()
        case 1:
            del members[at]
        case 2:
            members.insert(at, rng.choice(members))
        case 3:
            members.insert(at, (rng.choice(("plan", "_page", "_date", "_raw", "Events", "")), "1"))
        case 4:
            members[at] = (members[at][0].replace("e", "\\u0065"), members[at][1])
        case _:
            members[at] = (members[at][0], rng.choice(("null", "{}", "[1]", '"x"', "true")))


def _company_id(rng: Random) -> str:
    company_id = f"c_{rng.randrange(10**6)}"
    chance = rng.random()
    if chance < 0.6:
        return company_id
    if chance < 0.7:
        return rng.choice(("", " ", "  ")) + company_id + rng.choice(("", " ", "  "))
    if chance < 0.8:
        return rng.choice(LETTERS) + company_id + rng.choice(LETTERS)
    if chance < 0.87:
        return rng.choice(("x", "é", "😀", " ")) * rng.choice((62, 63, 64, 65)) + rng.choice(("", " ", "y"))
    if chance < 0.93:
        return company_id[:2] + rng.choice((*AROUND, *ESCAPES, chr(rng.randrange(0x3100)))) + company_id[2:]
    return rng.choice(("", *AROUND)) + rng.choice(("", company_id)) + rng.choice(("", *AROUND))


def _count(rng: Random) -> str:
    return rng.choice(COUNTS) if rng.random() < 0.1 else str(rng.randrange(10 ** rng.randrange(1, 10)))


def _time(rng: Random, day: str) -> str:
    """A time about the day: mostly inside it, in any notation; some are no time at all."""
    if rng.random() < 0.05:
        day = rng.choice((*NO_DAYS, *DAYS))
    if rng.random() < 0.1:
        return day
    hour, minute, second = (
        rng.choice(("00", "23", f"{rng.randrange(24):02}", f"{rng.randrange(24):02}", f"{rng.randrange(25):02}")),
        rng.randrange(60),
        rng.randrange(60),
    )
    text = day + rng.choice("TTTTt ") + f"{hour}:{minute:02}"
    if rng.random() < 0.8:
        text += f":{second:02}"
        if rng.random() < 0.4:
            digits = str(rng.randrange(10**10))[: rng.choice((1, 3, 6, 9, 10))]
            text += rng.choice("...,") + digits
    return text + _offset(rng, day, text)


def _offset(rng: Random, day: str, text: str) -> str:
    if rng.random() < 0.75:
        return rng.choice(("Z", "Z", "z", "", " Z"))
    hours, minutes = rng.choice((0, 0, 1, 13, 14, 15, rng.randrange(16))), rng.choice((0, 0, 1, 30, 59, 60))
    sign = rng.choice("+-")
    tail = rng.choice((f"{hours:02}", f"{hours:02}{minutes:02}", f"{hours:02}:{minutes:02}", f"{hours}"))
    return rng.choice(("", "", " ", "  ")) + sign + tail


def _place(rng: Random, day: str) -> str:
    page, item = rng.randrange(1, 10**4), rng.randrange(1, 10**4)
    chance = rng.random()
    if chance < 0.03:
        return f'"_date":"{day}","_page":{rng.choice(PLACES)},"_item":{rng.choice(PLACES)}}}'
    if chance < 0.04:
        return f'"_date":"{rng.choice(NO_DAYS)}","_page":{page},"_item":{item}}}'
    if chance < 0.05:
        return f'"_date": "{day}","_page":{page},"_item":{item}}}'
    if chance < 0.1 and day not in ("1900-01-01", "1899-12-31"):
        day = str(date.fromisoformat(day) + timedelta(days=rng.choice((-1, 1))))
    return f'"_date":"{day}","_page":{page},"_item":{item}}}'


def _as_it_is(rng: Random, text: str) -> str:
    return text


def _with_a_character_more(rng: Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(ODD) + text[at:]


def _with_a_character_less(rng: Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1 :]


def _with_another_character(rng: Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(ODD) + text[at + 1 :]


def _with_another_bit(rng: Random, text: str) -> str:
    spoiled = bytearray(text.encode("utf-8"))
    spoiled[rng.randrange(len(spoiled))] ^= 1 << rng.randrange(8)
    return _as_a_line(spoiled.decode("utf-8", "replace"))


def _with_a_piece_twice(rng: Random, text: str) -> str:
    first, last = sorted(rng.sample(range(len(text)), 2))
    return text[:last] + text[first:]


def _without_a_piece(rng: Random, text: str) -> str:
    first, last = sorted(rng.sample(range(len(text)), 2))
    return text[:first] + text[last:]


def _as_a_line(text: str) -> str:
    """A line holds no line feed."""
    return text.replace("\n", " ")


SPOILERS: list[Callable[[Random, str], str]] = [
    *[_as_it_is] * 42,
    _with_a_character_more,
    _with_a_character_less,
    _with_another_character,
    _with_another_bit,
    _with_a_piece_twice,
    _without_a_piece,
]
