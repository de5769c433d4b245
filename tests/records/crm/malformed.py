"""Malformed CRM rows of many kinds, each with the reasons that it must be refused for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from .files import HEADER

Cells = list[bytes]
Fault = Callable[[Cells, Random], bytes]


def joined(cells: Cells) -> bytes:
    return b",".join(cells)


def put(place: int, *texts: bytes) -> Fault:
    """The row with one of the texts for the cell at `place`."""
    return lambda cells, rng: joined([*cells[:place], rng.choice(texts), *cells[place + 1 :]])


def anywhere(*texts: bytes) -> Fault:
    """The row with one of the texts somewhere inside of a name, country or industry."""

    def spoil(cells: Cells, rng: Random) -> bytes:
        place = rng.randint(1, 3)
        text = cells[place].decode()
        cut = rng.randint(1, len(text) - 1)
        return put(place, text[:cut].encode() + rng.choice(texts) + text[cut:].encode())(cells, rng)

    return spoil


def several(cells: Cells, rng: Random) -> bytes:
    """Four rules at once."""
    return joined([b" " * rng.randint(0, 3), b"\xff" + cells[1], b"c" * rng.randint(1025, 2000), cells[3], b"soon"])


def noise(cells: Cells, rng: Random) -> bytes:
    """Random bytes without LF; too few cells."""
    return rng.randbytes(rng.randint(1, 60)).translate(None, b'\n\r",') + b"\xff"


KINDS: dict[str, tuple[Fault, list[str]]] = {
    "a cell too few": (lambda cells, rng: joined(cells[: rng.randint(1, 4)]), ["BAD_ROW"]),
    "a cell too many": (lambda cells, rng: joined([*cells, *[b"x"] * rng.randint(1, 9)]), ["BAD_ROW"]),
    "a comma without quotes": (anywhere(b", ", b",,", b","), ["BAD_ROW"]),
    "a comma lost": (lambda cells, rng: joined(cells).replace(b",", b"", 1), ["BAD_ROW"]),
    "another delimiter": (lambda cells, rng: rng.choice([b";", b"\t", b"|"]).join(cells), ["BAD_ROW"]),
    "a tab alone": (lambda cells, rng: b"\t", ["BAD_ROW"]),
    "a blank cell too many": (lambda cells, rng: joined([*cells, b" "]), ["BAD_ROW"]),
    "an inch mark": (anywhere(b'"', b'""', b'"" '), ["BAD_ROW"]),
    "text after a quote": (put(1, b'"Acme"x', b'"Acme" ', b'"A"cme"', b'""Acme""'), ["BAD_ROW"]),
    "text before a quote": (put(1, b'x"Acme"', b' "Acme"', b' "Acme, Inc"', b'\t"A"'), ["BAD_ROW"]),
    "escaped by a backslash": (put(1, rb'"A \"B\" C"'), ["BAD_ROW"]),
    "a CR": (anywhere(b"\r", b"\r\r", b"\rx"), ["BAD_ROW"]),
    "a CR too many": (lambda cells, rng: joined(cells) + b"\r\r", ["BAD_ROW"]),
    "Latin-1": (anywhere(b"\xfc", b"\xe4\xdf", b"\x80"), ["BAD_ENCODING"]),
    "half a character": (anywhere(b"\xc3", b"\xe2\x82", b"\xf0\x9f\xa6"), ["BAD_ENCODING"]),
    "overlong": (anywhere(b"\xc0\xaf", b"\xe0\x80\xaf"), ["BAD_ENCODING"]),
    "a surrogate": (anywhere(b"\xed\xa0\x80", b"\xed\xb2\x80"), ["BAD_ENCODING"]),
    "beyond Unicode": (anywhere(b"\xf4\x90\x80\x80", b"\xff", b"\xfe\xff"), ["BAD_ENCODING"]),
    "NUL": (anywhere(b"\0", b"\0\0\0"), ["BAD_ENCODING"]),
    "noise": (noise, ["BAD_ENCODING", "BAD_ROW"]),
    "an id that no one can read": (put(0, b"\xfc", b"a\x80"), ["BAD_ENCODING"]),
    "no id": (put(0, b"", b" ", b"     ", b'""', b'"  "', b"\xe2\x80\x8b", b"\xef\xbb\xbf "), ["BAD_COMPANY_ID"]),
    "a long id": (put(0, b"i" * 65, b"i" * 9999, "é".encode() * 65), ["BAD_COMPANY_ID"]),
    "a control in an id": (put(0, b"a\tb", b"a\x7f", b"\x01", b"a\xc2\x85", b'"a\rb"', b"\t"), ["BAD_COMPANY_ID"]),
    "something invisible in an id": (
        put(0, "a\u00a0b".encode(), "a\u200bb".encode(), "a\u2028".encode(), "a\u00adb".encode()),
        ["BAD_COMPANY_ID"],
    ),
    "a long text": (
        lambda cells, rng: put(rng.randint(1, 3), b"t" * 1025, "🦊".encode() * 1025)(cells, rng),
        ["OUT_OF_RANGE"],
    ),
    "a word for a time": (put(4, b"soon", b"last tuesday", b"NULL", b"-", b"0", b"1736467200"), ["BAD_TIMESTAMP"]),
    "another notation": (
        put(4, b"10.01.2025", b"2025/01/10", b"20250110", b"2025-1-1", b"2025-01-01T10"),
        ["BAD_TIMESTAMP"],
    ),
    "a day of no calendar": (put(4, b"2025-02-29", b"2025-13-01", b"2025-01-32", b"0000-01-01"), ["BAD_TIMESTAMP"]),
    "a time of no clock": (
        put(4, b"2025-01-01T24:00", b"2025-01-01T10:60", b"2025-01-01T10:00:60Z"),
        ["BAD_TIMESTAMP"],
    ),
    "an offset of no zone": (
        put(4, b"2025-01-01T10:00+15:00", b"2025-01-01T10:00+1401", b"2025-01-01T10:00+2", b"2025-01-01Z"),
        ["BAD_TIMESTAMP"],
    ),
    "another era": (put(4, b"1899-12-31", b"3000-01-01", b"-2025-01-01"), ["BAD_TIMESTAMP"]),
    "blanks in a time": (
        put(4, b"2025-01-01  10:00", b"2025-01-01T10:00  Z", b"2025-01-01 Z", "2025-01-01\u00a0".encode()),
        ["BAD_TIMESTAMP"],
    ),
    "other digits": (put(4, "٢٠٢٥-01-01".encode(), "2025‑01‑01".encode()), ["BAD_TIMESTAMP"]),
    "the day after tomorrow": (put(4, b"2025-01-12", b"2025-01-11T23:59:59-00:01", b"2999-12-31"), ["FUTURE"]),
    "several": (several, ["BAD_COMPANY_ID", "BAD_ENCODING", "BAD_TIMESTAMP", "OUT_OF_RANGE"]),
    "a repeat of another": (lambda cells, rng: joined([cells[0], b"Was", *cells[2:]]), ["DUPLICATE_KEY"]),
}


def good_row(number: int, rng: Random) -> Cells:
    """A row that breaks no rule, of a company of its own; without quotes, so that faults stay where they are put."""
    name = rng.choice(["Acme", "Größe AG", "Bits & Bytes", "🦊 Inc"])
    time = rng.choice(["2025-01-01", "2025-01-11T23:59:59Z", "2024-02-29 08:30:00.123456789+02:00"])
    return [f"c_{number}".encode(), name.encode(), b"DE", b"retail", time.encode()]


def malformed_rows(count: int, rng: Random) -> Iterator[tuple[bytes, bytes, list[str]]]:
    """`count` times a malformed row, the good one that it was made from, and why the first is refused."""
    for number in range(count):
        fault, reasons = KINDS[rng.choice(list(KINDS))]
        cells = good_row(number, rng)
        yield fault(cells, rng), joined(cells), reasons


def malformed_file(count: int, rng: Random) -> tuple[bytes, dict[int, list[str]]]:
    """Malformed rows each before its good one; the reasons by line."""
    lines, reasons = [HEADER.encode()], {}
    for bad, good, why in malformed_rows(count, rng):
        reasons[len(lines) + 1] = why
        lines += [bad, good]
    return rng.choice([b"\n", b"\r\n"]).join([*lines, b""]), reasons


def swallowing_file(count: int, rng: Random) -> tuple[bytes, int]:
    """Good rows, a quote that nothing closes, and `count` more rows below it; the line of that quote."""
    before = rng.randint(0, 5)
    rows = [joined(good_row(number, rng)) for number in range(before + count)]
    rows[before] = rng.choice([b'"' + rows[before], rows[before].replace(b",", b',"', 1), rows[before] + b',"', b'"""'])
    return b"\n".join([HEADER.encode(), *rows]), before + 2
