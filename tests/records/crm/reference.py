"""A second parser of CSV, slow and of another make: a descent through bytes, one function per rule of the grammar.

    record = field *("," field)      and then LF, CRLF or the end of the file
    field  = quoted / plain          quoted = DQUOTE *(any but DQUOTE / DQUOTE DQUOTE) DQUOTE
                                     plain  = *(any but DQUOTE, comma, CR, LF)

A record that this does not admit ends where one does in which a field is anything up to a comma or line break outside of
quotes (`broken`), or where one does with a text too many between two quotes or before one (`stray`): at the earlier of
the two, if all reads well from there to the later.
"""

from __future__ import annotations

from typing import NamedTuple

Found = tuple[bytes, int] | None  # a value and the place after it, None where the rule does not hold


class Parsed(NamedTuple):
    """A record: its line, the place after it, its cells or None if the grammar does not admit it."""

    line: int
    end: int
    cells: list[bytes] | None


def parse(data: bytes, delimiter: bytes = b",", passed_by: int = 0) -> list[Parsed]:
    """All records below the lines passed by, with another delimiter than the comma by changing the two for each other.

    Places count from after a BOM and what is passed by.
    """
    swap = bytes.maketrans(b"," + delimiter, delimiter + b",")
    data = data[3:] if data[:3] == b"\xef\xbb\xbf" else data
    for _ in range(passed_by):
        data = data.partition(b"\n")[2]
    return [
        Parsed(line + passed_by, end, None if cells is None else [cell.translate(swap) for cell in cells])
        for line, end, cells in parse_commas(data.translate(swap))
    ]


def parse_commas(data: bytes) -> list[Parsed]:
    """All records; one that the grammar does not admit comes line by line."""
    records: list[Parsed] = []
    at, line = 0, 1
    while at < len(data):
        start = at
        cells, at = record(data, start)
        ends = [place for place in range(start + 1, at + 1) if data[place - 1 : place] == b"\n" or place == at]
        if cells is None:
            records += [Parsed(line + number, end, None) for number, end in enumerate(ends)]
        else:
            records.append(Parsed(line, at, cells))
        line += len(ends)
    return records


def record(data: bytes, at: int) -> tuple[list[bytes] | None, int]:
    """The cells of the record that begins here, and where the next one begins."""
    cells, end = fields(data, at)
    if (after := line_end(data, end)) is not None:
        return cells, after
    ends = [broken(data, at)]
    if (past := stray(data, end)) is not None:
        end = fields(data, past + 1)[1] if data[past : past + 1] == b"," else past
        ends += [after] if (after := line_end(data, end)) is not None else []
    return None, min(ends) if reads_well(data, min(ends), max(ends)) else max(ends)


def fields(data: bytes, at: int) -> tuple[list[bytes], int]:
    """As many fields as the grammar admits, and the place where the last one begins that it does not, or the end."""
    cells: list[bytes] = []
    while True:
        text, end = quoted(data, at) or plain(data, at)
        if not is_delimiter(data, end):
            return cells, at
        cells.append(text)
        if data[end : end + 1] != b",":
            return cells, end
        at = end + 1


def quoted(data: bytes, at: int) -> Found:
    if data[at : at + 1] != b'"':
        return None
    text, at = b"", at + 1
    while at < len(data):
        if data[at : at + 2] == b'""':
            text, at = text + b'"', at + 2
        elif data[at : at + 1] == b'"':
            return text, at + 1
        else:
            text, at = text + data[at : at + 1], at + 1
    return None


def plain(data: bytes, at: int) -> tuple[bytes, int]:
    end = at
    while end < len(data) and data[end] not in b'",\r\n':
        end += 1
    return data[at:end], end


def stray(data: bytes, at: int) -> int | None:
    """The end of a field with a text between two quotes or before one: `x"a"`, `"a"x"b"`."""
    _, end = quoted(data, at) or (b"", at)
    _, end = plain(data, end)
    found = quoted(data, end)
    return found[1] if found and is_delimiter(data, found[1]) else None


def reads_well(data: bytes, at: int, end: int) -> bool:
    """Whether grammatical records fill `data[at:end]`; the last may go on after the end."""
    while at < end:
        after = line_end(data, fields(data, at)[1])
        if after is None:
            return False
        at = after
    return True


def broken(data: bytes, at: int) -> int:
    """The place after a record whose fields may be anything, quotes being quotes only where a field begins."""
    while True:
        found = quoted(data, at)
        if data[at : at + 1] == b'"' and found is None:
            return len(data)
        at = found[1] if found else at
        while not is_delimiter(data, at):
            at += 1
        if data[at : at + 1] != b",":
            return line_end(data, at) or len(data)
        at += 1


def line_end(data: bytes, at: int) -> int | None:
    """The place after the line break, or the end of the file, that stands here."""
    for end in (b"\r\n", b"\n"):
        if data.startswith(end, at):
            return at + len(end)
    return at if at == len(data) else None


def is_delimiter(data: bytes, at: int) -> bool:
    return data[at : at + 1] == b"," or line_end(data, at) is not None
