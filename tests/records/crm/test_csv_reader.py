"""The tokenizer: RFC 4180 to the letter, with lines and raw text, against the reference parser."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from company_activity.records.crm import csv_text
from company_activity.records.crm.csv_reader import CsvRecord, grammar, read_records
from company_activity.records.crm.csv_text import as_shown, is_readable, physical_lines

from .reference import parse

SOUP = st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"\r\n", b"a", b" ", b"\xff", b"\xc3\xbc", b"\xc3", b"\0"]))


def cells(text: str) -> list[list[str] | None]:
    return [record.cells for record in read_records(text.encode())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n", [[""]]),
        ("a,b", [["a", "b"]]),
        ("a,b\n", [["a", "b"]]),
        ("a\n\nb\r\n\r\n", [["a"], [""], ["b"], [""]]),
        (",\n", [["", ""]]),
        ('"",""""\n', [["", '"']]),
        ('"a\r\nb","c\rd\n"\r\n', [["a\r\nb", "c\rd\n"]]),
        (' "a"\n', [None]),
        ('"a" \nb\n', [None, ["b"]]),
        ('a"b\nc\n', [None, ["c"]]),
        ('a""b\n', [None]),
        ('"a"b","c"\nd\n', [None, ["d"]]),
        ('"a""\n', [None]),
        ("a\rb\n", [None]),
        ("a\r\r\nb\r\n", [None, ["b"]]),
        ("a\r", [None]),
        ('"a"\r', [None]),
        ('"a\r', [None]),
        ('a"b,"c\nd"\ne\n', [None, None, ["e"]]),
        ('a\n"b\nc\nd', [["a"], None, None, None]),
        ('a,"b\nc,"d"\ne\n', [None, None, ["e"]]),
        ('x"b\nc",d\ne\n', [None, None, ["e"]]),
        ('"a"x"b\nc"\nd\n', [None, None, ["d"]]),
        ('"a"x""b\nc"\nd\n', [None, None, ["d"]]),
        ('5" pipe\nb\nc,"7"""\n', [None, ["b"], ["c", '7"']]),
        ('5" pipe\nb\n7" pipe\nc\n', [None, ["b"], None, ["c"]]),
        ('5" pipe\nb\nc\n', [None, ["b"], ["c"]]),
        ("\ufeffa\n\ufeffb", [["a"], ["\ufeffb"]]),
    ],
)
def test_the_grammar_and_where_a_broken_record_ends(text: str, expected: list[list[str] | None]) -> None:
    assert cells(text) == expected
    assert [record.cells for record in parse(text.encode())] == [
        None if row is None else [cell.encode() for cell in row] for row in expected
    ]


def test_a_record_knows_its_first_line_and_its_text() -> None:
    text = 'a\r\n"b\r\n\nc",d\r\ne"\n"f\r\ng\r\n'
    assert list(read_records(text.encode())) == [
        CsvRecord(1, "a", ["a"]),
        CsvRecord(2, '"b\r\n\nc",d', ["b\r\n\nc", "d"]),
        CsvRecord(5, 'e"', None),
        CsvRecord(6, '"f', None),
        CsvRecord(7, "g", None),
    ]


def test_bytes_that_are_no_utf_8_disturb_no_other_record() -> None:
    records = list(read_records(b'a,"\xe4"\nb\xc3,\xc3"\nc,\xed\xa0\x80\nd,\xc3\xbc\n'))
    assert [as_shown(record.raw) for record in records] == [r'a,"\xe4"', r'b\xc3,\xc3"', r"c,\xed\xa0\x80", "d,ü"]
    assert [is_readable(record.raw) for record in records] == [False, False, False, True]
    assert records[1].cells is None


@given(SOUP)
@settings(max_examples=1000, deadline=None)
@example([b'"', b"\r"])
def test_any_bytes_come_apart_as_the_reference_parser_takes_them_apart(soup: list[bytes]) -> None:
    data = b"".join(soup)
    ours = [
        (r.line, None if r.cells is None else [c.encode("utf-8", "surrogateescape") for c in r.cells])
        for r in read_records(data)
    ]
    assert ours == [(record.line, record.cells) for record in parse(data)]


@given(SOUP, st.sampled_from(";\t|"), st.integers(0, 2))
@settings(max_examples=500, deadline=None)
def test_with_another_delimiter_and_lines_passed_by_too(soup: list[bytes], delimiter: str, passed_by: int) -> None:
    data = b"".join(soup).translate(bytes.maketrans(b"a", delimiter.encode()))
    ours = [
        (r.line, None if r.cells is None else [c.encode("utf-8", "surrogateescape") for c in r.cells])
        for r in read_records(data, grammar(delimiter), passed_by)
    ]
    assert ours == [(record.line, record.cells) for record in parse(data, delimiter.encode(), passed_by)]


@given(SOUP)
@settings(max_examples=300, deadline=None)
def test_no_byte_gets_lost(soup: list[bytes]) -> None:
    rest = b"".join(soup)
    for record in read_records(rest):
        raw = record.raw.encode("utf-8", "surrogateescape")
        line_end = next(end for end in (b"\r\n", b"\n", b"") if rest.startswith(raw + end))
        rest = rest.removeprefix(raw + line_end)
        assert line_end or not rest
    assert rest == b""


@given(SOUP, st.integers(1, 9))
def test_the_size_of_the_blocks_does_not_matter(soup: list[bytes], size: int) -> None:
    data = b"".join(soup)
    with pytest.MonkeyPatch.context() as patch:
        whole = list(read_records(data))
        patch.setattr(csv_text, "BLOCK_BYTES", size)
        assert list(read_records(data)) == whole
        assert "\n".join(physical_lines(data)).count("\n") == max(0, data.removesuffix(b"\n").count(b"\n"))


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '""',
        '"a\n',
        ',"',
        '"",',
        '"",a"\n',
        '"\n\n',
        'a"',
        '"\r\n',
        "\r",
        ',"a',
        ',"""',
        'a"b"\n',
        'x"a\n"b',
        'a"b\n',
        'a"\nb\n"c",\n',
    ],
)
def test_no_text_makes_it_slow(text: str) -> None:
    data = (text * 60_000).encode()
    begin = time.process_time()
    assert sum(1 for _ in read_records(data)) > 0
    assert time.process_time() - begin < 3  # quadratic would be an hour


def test_a_cell_may_be_of_any_length() -> None:
    cell = "x,\n" * 100_000  # beyond the limit of Python's csv module
    assert cells(f'a,"{cell}"\n') == [["a", cell]]
