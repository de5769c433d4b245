"""A company taken out of the CRM files that have landed: each that names it is written again without its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from company_activity.errors import CrmFileRefused
from company_activity.io.landing.crm_files import listed
from company_activity.io.landing.snoozed import snoozed_files
from company_activity.io.storage.opening import Storage
from company_activity.records.crm.erased_bytes import names_of_erased, without_erased_rows
from company_activity.records.crm.snoozed import without_snoozes
from company_activity.records.tombstone import Tombstones

# What exports of spreadsheets and older systems are written in.
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
BETWEEN_CELLS = re.compile(r"[,;\t|\r\n]")
# A path, the file's bytes, and what is to be left of them: None where that cannot be told.
Rewritten = tuple[str, bytes, bytes | None]


@dataclass(frozen=True)
class ErasedFiles:
    """The files that were written again, and those that name the company and cannot be taken apart."""

    rewritten: tuple[str, ...]
    unreadable: tuple[str, ...]


def erase_crm(storage: Storage, folder: str, erased: Tombstones) -> ErasedFiles:
    """Write again each CRM file with rows of erased companies, and the list of those set aside.

    At any time the old file is there, or the new one, whole.
    """
    rewritten = []
    unreadable = []
    for path, data, left in chain(
        _crm_files(storage, folder, erased), _lists(storage, folder, erased)
    ):
        if left is None:
            unreadable.append(path)
        elif left is not data:
            storage.replace(path, [left])
            rewritten.append(path)
    return ErasedFiles(tuple(rewritten), tuple(unreadable))


def files_holding(storage: Storage, folder: str, erased: Tombstones) -> list[str]:
    """The CRM files with rows of erased companies, and the list of those set aside if it has one."""
    files = chain(_crm_files(storage, folder, erased), _lists(storage, folder, erased))
    return [path for path, data, left in files if left is not data]


def names_in_files(storage: Storage, folder: str, erased: Tombstones) -> set[str]:
    """The names that CRM files have of erased companies."""
    names: set[str] = set()
    for path, data in _files(storage, folder):
        with suppress(CrmFileRefused):
            names |= names_of_erased(path, data, erased)
    return names


def _crm_files(storage: Storage, folder: str, erased: Tombstones) -> Iterator[Rewritten]:
    for path, data in _files(storage, folder):
        yield path, data, _left(path, data, erased)


def _lists(storage: Storage, folder: str, erased: Tombstones) -> Iterator[Rewritten]:
    for path, data in snoozed_files(storage, folder):
        yield path, data, without_snoozes(data, erased.covers)


def _files(storage: Storage, folder: str) -> Iterator[tuple[str, bytes]]:
    for entry in listed(storage, folder):
        try:
            data = storage.read(entry.path)
        except FileNotFoundError:  # gone since it was listed
            continue
        yield entry.path, data


def _left(path: str, data: bytes, erased: Tombstones) -> bytes | None:
    """A file without rows of erased companies, the same object where it has none; None if it cannot be taken apart."""
    try:
        return without_erased_rows(path, data, erased)
    except CrmFileRefused:
        return None if _may_name(data, erased) else data


def _may_name(data: bytes, erased: Tombstones) -> bool:
    """Whether any text between two delimiters is the id of an erased company, whatever the file is written in."""
    texts = (data.decode(encoding, "replace") for encoding in ENCODINGS)
    cells = (cell for text in texts for cell in BETWEEN_CELLS.split(text))
    return any(
        erased.covers(text) for cell in cells for text in (cell.strip(' "'), _unquoted(cell))
    )


def _unquoted(cell: str) -> str:
    """What a quoted cell says.

    >>> _unquoted(' "Joe""s" ')
    'Joe"s'
    """
    return cell.strip().removeprefix('"').removesuffix('"').replace('""', '"')
