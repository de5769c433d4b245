r"""Strict RFC 4180 with line numbers and raw text: what its grammar does not admit has no cells.

A record ends at an LF or CRLF outside of quotes. A quote opens a field only as its first character, and the next
quote that is not doubled closes it. Wider than the RFC: LF alone ends a record, and a text may hold any character.
Not admitted: a quote inside an unquoted field, anything between a closing quote and the next comma, a CR that belongs
to no CRLF outside of quotes, a quote that nothing closes.

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
from itertools import islice
from typing import NamedTuple

from company_activity.crm.csv_text import Lines

# possessive throughout: each text is passed over once, none makes it slow
QUOTED = r'"[^"]*+(?:""[^"]*+)*+'  # without the quote that closes it
PLAIN = r'[^",\r\n]*+'
CELL = re.compile(rf',({QUOTED}"|{PLAIN})')
FIELD = rf'(?:{QUOTED}"|{PLAIN})'
STRAY_TEXT = re.compile(rf'(?:{FIELD},)*+(?:{QUOTED}")?+{PLAIN}{QUOTED}"(?:,{FIELD})*+')
ENDS_INSIDE_QUOTES = re.compile(rf'(?:{QUOTED}"[^,]*+,|(?!")[^,]*+,)*+{QUOTED}')


class CsvRecord(NamedTuple):
    """A record: its first line from 1 on, its text without the line break, its cells if it is grammatical."""

    line: int
    raw: str
    cells: list[str] | None


def read_records(data: bytes) -> Iterator[CsvRecord]:
    r"""Every record of the bytes, the header included; a byte order mark at the start is passed over.

    A record that is not grammatical comes line by line, since what it swallowed may have been others.

    >>> [record.cells for record in read_records(b'a,"b, ""c""\r\n"\r\nd"e,f\n\n"g')]
    [['a', 'b, "c"\r\n'], None, [''], None]
    """
    lines, number = Lines(data), 0
    for line in lines:
        number += 1
        text = line.removesuffix("\r")
        if '"' not in text:
            yield CsvRecord(number, text, None if "\r" in text else text.split(","))
        elif cells := cells_of(text):
            yield CsvRecord(number, text, cells)
        else:
            yield from (records := spanning_records(number, line, lines))
            number = records[-1].line + records[-1].raw.count("\n")


def cells_of(text: str) -> list[str] | None:
    """The cells of one whole record, None if the grammar does not admit it.

    >>> cells_of('a,"b,""c"'), cells_of('a"b'), cells_of('"a"b')
    (['a', 'b,"c'], None, None)
    """
    cells: list[str] = CELL.findall(f",{text}")
    if ",".join(cells) != text:
        return None
    return [cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell for cell in cells]


def spanning_records(number: int, line: str, lines: Lines) -> list[CsvRecord]:
    """The record that begins with `line` and goes on below; its lines one by one if it is not grammatical."""
    parts = [line, *lines_until_quotes_are_even(line, lines)]
    raw = "\n".join(parts).removesuffix("\r")
    if cells := cells_of(raw):
        return [CsvRecord(number, raw, cells)]
    lines.put_back(parts[1:])
    below = lines_inside_quotes(line, lines)
    if STRAY_TEXT.fullmatch(raw):
        lines.put_back(below)
        below = shorter_if_the_rest_reads_well(lines, len(below), len(parts) - 1)
    return [CsvRecord(number + n, part.removesuffix("\r"), None) for n, part in enumerate([line, *below])]


def shorter_if_the_rest_reads_well(lines: Lines, *lengths: int) -> list[str]:
    """So many of the next lines as the lesser length says, if grammatical records fill them up to the greater."""
    shorter, longer = min(lengths), max(lengths)
    taken = list(islice(lines, shorter))
    rest: list[str] = []
    is_well = True
    while is_well and shorter + len(rest) < longer:
        record = [first := next(lines), *lines_until_quotes_are_even(first, lines)]
        is_well = cells_of("\n".join(record).removesuffix("\r")) is not None
        rest += record
    lines.put_back(rest)
    return taken if is_well else [*taken, *islice(lines, longer - shorter)]


def lines_until_quotes_are_even(line: str, lines: Lines) -> Iterator[str]:
    """What a grammatical record that begins with `line` has below it."""
    is_odd = line.count('"') % 2 == 1
    while is_odd and (following := next(lines, None)) is not None:
        is_odd = following.count('"') % 2 == 0
        yield following


def lines_inside_quotes(line: str, lines: Lines) -> list[str]:
    """What a record that begins with `line` has below it, if a quote opens only as the first of a field."""
    below: list[str] = []
    is_open = ENDS_INSIDE_QUOTES.fullmatch(line)
    while is_open and (following := next(lines, None)) is not None:
        is_open = ENDS_INSIDE_QUOTES.fullmatch(f'"{following}')
        below.append(following)
    return below
