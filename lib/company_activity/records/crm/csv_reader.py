r"""Strict RFC 4180 with line numbers and raw text: what its grammar does not admit has no cells.

A record ends at an LF or CRLF outside of quotes. A quote opens a field only as its first character, and the next
quote that is not doubled closes it. Wider than the RFC: LF alone ends a record, a text may hold any character, and
another character may stand for the comma. Not admitted: a quote inside an unquoted field, anything between a closing
quote and the next comma, a CR that belongs to no CRLF outside of quotes, a quote that nothing closes.

Where a record ends that is not admitted, is a guess, and nothing is taken for rows that may stand inside of quotes:
- it ends at the next line break outside of quotes, a stray quote (`5" pipe`) being text like any other, and a quote
  that nothing closes swallows the rest of the file;
- or, where all would be well without some text between two quotes or before one (`x"a,b"`), where it would then end;
- of the two the shorter one, if the lines that it leaves to others read well, else the longer one.
So a change of a character that is no quote, CR or LF moves no border of records, unless both readings are flawless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from company_activity.records.crm.csv_text import Lines

QUOTED = r'"[^"]*+(?:""[^"]*+)*+'  # without the quote that closes it


@dataclass(frozen=True, slots=True)
class Grammar:
    """The rules with one character that parts the fields."""

    delimiter: str
    cell: re.Pattern[str]
    stray_text: re.Pattern[str]
    ends_inside_quotes: re.Pattern[str]


@lru_cache
def grammar(delimiter: str) -> Grammar:
    """Possessive throughout: each text is passed over once, none makes it slow."""
    part = re.escape(delimiter)
    plain = rf'[^"{part}\r\n]*+'
    field = rf'(?:{QUOTED}"|{plain})'
    return Grammar(
        delimiter,
        re.compile(rf'{part}({QUOTED}"|{plain})'),
        re.compile(rf'(?:{field}{part})*+(?:{QUOTED}")?+{plain}{QUOTED}"(?:{part}{field})*+'),
        re.compile(rf'(?:{QUOTED}"[^{part}]*+{part}|(?!")[^{part}]*+{part})*+{QUOTED}'),
    )


COMMA = grammar(",")


class CsvRecord(NamedTuple):
    """A record: its first line from 1 on, its text without the line break, its cells if it is grammatical."""

    line: int
    raw: str
    cells: list[str] | None


def read_records(data: bytes, rules: Grammar = COMMA, passed_by: int = 0) -> Iterator[CsvRecord]:
    r"""Every record of the bytes after the first `passed_by` lines; a byte order mark at the start is passed over.

    A record that is not grammatical comes line by line, since what it swallowed may have been others.

    >>> [record.cells for record in read_records(b'a,"b, ""c""\r\n"\r\nd"e,f\n\n"g')]
    [['a', 'b, "c"\r\n'], None, [''], None]
    """
    lines = Lines(data)
    number = passed_by
    for line in islice(lines, passed_by, None):
        number += 1
        text = line.removesuffix("\r")
        if '"' not in text:
            yield CsvRecord(number, text, None if "\r" in text else text.split(rules.delimiter))
        elif cells := cells_of(text, rules):
            yield CsvRecord(number, text, cells)
        else:
            records = spanning_records(number, line, lines, rules)
            yield from records
            number = records[-1].line + records[-1].raw.count("\n")


def cells_of(text: str, rules: Grammar = COMMA) -> list[str] | None:
    """The cells of one whole record, None if the grammar does not admit it.

    >>> cells_of('a,"b,""c"'), cells_of('a"b'), cells_of('"a"b'), cells_of('a,b;"c"', grammar(";"))
    (['a', 'b,"c'], None, None, ['a,b', 'c'])
    """
    cells: list[str] = rules.cell.findall(f"{rules.delimiter}{text}")
    if rules.delimiter.join(cells) != text:
        return None
    return [unquoted(cell) for cell in cells]


def unquoted(cell: str) -> str:
    """A cell's text without the quotes around it."""
    return cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell


def spanning_records(number: int, line: str, lines: Lines, rules: Grammar) -> list[CsvRecord]:
    """The record that begins with `line` and goes on below; its lines one by one if it is not grammatical."""
    parts = [line, *lines_until_quotes_are_even(line, lines)]
    raw = "\n".join(parts).removesuffix("\r")
    if cells := cells_of(raw, rules):
        return [CsvRecord(number, raw, cells)]
    lines.put_back(parts[1:])
    below = lines_inside_quotes(line, lines, rules)
    if rules.stray_text.fullmatch(raw):
        lines.put_back(below)
        below = shorter_if_the_rest_reads_well(lines, rules, len(below), len(parts) - 1)
    return [
        CsvRecord(at, part.removesuffix("\r"), None)
        for at, part in enumerate([line, *below], start=number)
    ]


def shorter_if_the_rest_reads_well(lines: Lines, rules: Grammar, *lengths: int) -> list[str]:
    """So many of the next lines as the lesser length says, if grammatical records fill them up to the greater."""
    shorter = min(lengths)
    longer = max(lengths)
    taken = list(islice(lines, shorter))
    rest: list[str] = []
    is_well = True
    while is_well and shorter + len(rest) < longer:
        first = next(lines)
        record = [first, *lines_until_quotes_are_even(first, lines)]
        is_well = cells_of("\n".join(record).removesuffix("\r"), rules) is not None
        rest += record
    lines.put_back(rest)
    return taken if is_well else [*taken, *islice(lines, longer - shorter)]


def lines_until_quotes_are_even(line: str, lines: Lines) -> Iterator[str]:
    """What a grammatical record that begins with `line` has below it."""
    is_odd = line.count('"') % 2 == 1
    while is_odd and (following := next(lines, None)) is not None:
        is_odd = following.count('"') % 2 == 0
        yield following


def lines_inside_quotes(line: str, lines: Lines, rules: Grammar) -> list[str]:
    """What a record that begins with `line` has below it, if a quote opens only as the first of a field."""
    below: list[str] = []
    is_open = rules.ends_inside_quotes.fullmatch(line)
    while is_open and (following := next(lines, None)) is not None:
        is_open = rules.ends_inside_quotes.fullmatch(f'"{following}')
        below.append(following)
    return below
