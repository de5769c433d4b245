"""A CRM file without the rows of erased companies: the other bytes stay as they are."""

from __future__ import annotations

from collections.abc import Collection

from company_activity.records.crm.erased_rows import is_of_erased
from company_activity.records.crm.header import read_header
from company_activity.records.crm.read import body
from company_activity.records.tombstone import Tombstones


def without_erased_rows(path: str, data: bytes, erased: Tombstones) -> bytes | None:
    r"""The file's bytes without these rows, the same object where it has none.

    None where they cannot be cut out: one is not grammatical, so that it may hold others' rows, or be only a part of
    its own; or the other rows would be read otherwise without it.

    >>> from company_activity.records.tombstone import tombstone_of
    >>> erased = Tombstones("k", frozenset({tombstone_of("k", "c_2")}))
    >>> header = b"company_id,name,country,industry_tag,last_contact_at\r\n"
    >>> data = header + b'c_1,A,,,\r\n"c_2","B\nC",,,\r\nc_3,D,,,'
    >>> without_erased_rows("a_2025-01-01.csv", data, erased)[len(header) :]
    b'c_1,A,,,\r\nc_3,D,,,'

    Raises:
        CrmFileRefused: if its header cannot be read.
    """
    columns = read_header(path, data)
    gone: set[int] = set()
    others = []
    for row in body(data, columns):
        if not is_of_erased(row, columns, erased):
            others.append((row.raw, row.cells))
        elif row.cells is None:
            return None
        else:
            gone.update(range(row.line, row.line + row.raw.count("\n") + 1))
    if not gone:
        return data
    left = _without_lines(data, gone)
    return left if [(row.raw, row.cells) for row in body(left, columns)] == others else None


def names_of_erased(path: str, data: bytes, erased: Tombstones) -> set[str]:
    """The names that the file has of erased companies.

    Raises:
        CrmFileRefused: if its header cannot be read.
    """
    columns = read_header(path, data)
    rows = (row for row in body(data, columns) if is_of_erased(row, columns, erased))
    picked = (columns.pick(row.cells) for row in rows if columns.fit(row.cells))
    return {name.strip() for _, name, *_ in picked if name.strip()}


def _without_lines(data: bytes, gone: Collection[int]) -> bytes:
    """The bytes without these lines, counted from 1; a line ends with its line feed."""
    lines = data.split(b"\n")
    ended = [line + b"\n" for line in lines[:-1]]
    kept = [line for number, line in enumerate([*ended, lines[-1]], 1) if number not in gone]
    return b"".join(kept)
