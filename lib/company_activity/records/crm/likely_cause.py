"""Why a file that should be a CRM export may be none, told from its first lines."""

from __future__ import annotations

from itertools import islice

from company_activity.records.crm.csv_reader import CsvRecord
from company_activity.records.crm.csv_text import BOM, excerpt, is_readable, physical_lines
from company_activity.records.crm.records import REQUIRED

UTF_16 = (b"\xff\xfe", b"\xfe\xff")
KINDS = {
    b"PK\x03\x04": "it is a zip file, as an Excel workbook is one: save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "it is an old Excel workbook: save the sheet as CSV",
    b"\x1f\x8b": "it is compressed by gzip: decompress it",
    b"%PDF": "it is a PDF",
}
LINES_LOOKED_AT = 50


def why_not_utf8(data: bytes) -> str | None:
    """Why the bytes are no UTF-8 text at all, None if their beginning may be one.

    >>> why_not_utf8("company_id".encode("utf-16-be")), why_not_utf8(b"company_id")
    ('it looks like UTF-16', None)
    """
    for begin, cause in KINDS.items():
        if data.startswith(begin):
            return cause
    first_line = data[: data.find(b"\n") + 1 or len(data)]
    head = first_line[:64]
    if data.startswith(UTF_16) or (
        b"\0" in head and head.strip(b"\0") and head.count(b"\0") * 3 > len(head)
    ):
        return "it looks like UTF-16"
    return "it looks like binary data" if b"\0" in first_line else None


def likely_cause(data: bytes, header: CsvRecord) -> str:
    """What to think of first, as the end of a sentence; empty where nothing suggests itself."""
    found = of_another_format(data) or of_a_line_above(data, header) or of_the_header(header)
    return f"; {found}" if found else ""


def of_another_format(data: bytes) -> str | None:
    """HTML, XML and JSON by how they begin."""
    head = data.removeprefix(BOM)[:1024].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")) or (
        head.startswith(b"<") and b"<html" in head
    ):
        return "it looks like an HTML page, perhaps of a login: export it anew"
    if head.startswith(b"<"):
        return "it looks like XML: export it as CSV"
    if head.startswith((b"{", b"[")):
        return "it looks like JSON: export it as CSV"
    return None


def of_a_line_above(data: bytes, header: CsvRecord) -> str | None:
    """A title, or an empty line, above the header that is found below it."""
    lines = enumerate(islice(physical_lines(data), LINES_LOOKED_AT), start=1)
    below = next(
        (number for number, line in lines if number > header.line and names_all(line)), None
    )
    if below is None:
        return None
    return f"the header is in line {below}: delete what is above it"


def of_the_header(header: CsvRecord) -> str | None:
    """What is odd about the line that should be the header."""
    if header.cells is None:
        return (
            "it has line ends of CR alone: save it with LF or CRLF" if "\r" in header.raw else None
        )
    if not is_readable(header.raw):
        return "it is not UTF-8, perhaps Latin-1: save it as UTF-8"
    if names_all(header.raw):
        return delimiter_of(header.raw)
    if not header.raw.strip():
        return "its first line is empty"
    has_a_name = any(name in as_written(header.raw) for name in REQUIRED)
    return None if has_a_name else "it has no header, or one with other names"


def delimiter_of(line: str) -> str:
    """What parts the names of a header that has them all."""
    if line.startswith('"') and line.endswith('"') and '","' not in line:
        return "the whole line is in quotes: quote each field alone, or none"
    text = as_written(line)
    after_first = text[text.index(REQUIRED[0]) + len(REQUIRED[0]) :]
    places = [after_first.find(name) for name in REQUIRED[1:]]
    nearest = min((place for place in places if place >= 0), default=0)
    between = after_first[:nearest]
    return f"its fields seem to be separated by {excerpt(between, 10)}: use a comma, ;, a tab or |"


def names_all(line: str) -> bool:
    """Whether all of the required names stand in a line, whatever stands between."""
    text = as_written(line)
    return all(name in text for name in REQUIRED)


def as_written(line: str) -> str:
    """The line with its names as the contract writes them."""
    text = line.lower()
    for name in REQUIRED:
        text = text.replace(name.replace("_", " "), name)
    return text
