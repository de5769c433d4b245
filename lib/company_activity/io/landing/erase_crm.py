"""A company taken out of the CRM files that have landed: each that names it is written again without its rows."""

from __future__ import annotations

from dataclasses import dataclass

from company_activity.errors import CrmFileRefused
from company_activity.io.landing.crm_files import listed
from company_activity.io.storage.opening import Storage
from company_activity.records.crm.erased_bytes import names_of_erased, without_erased_rows
from company_activity.records.tombstone import Tombstones


@dataclass(frozen=True)
class ErasedFiles:
    """The files that were written again, the names that they had of it, and those that cannot be taken apart."""

    rewritten: tuple[str, ...]
    names: frozenset[str]
    unreadable: tuple[str, ...]


def erase_crm(storage: Storage, folder: str, erased: Tombstones) -> ErasedFiles:
    """Write again each CRM file with rows of erased companies. A file is there whole at any time, the old or the new.

    A file whose header cannot be read is taken for one that names the company if any text in it between two delimiters
    is its id.
    """
    rewritten = []
    names: set[str] = set()
    unreadable = []
    for entry in listed(storage, folder):
        try:
            data = storage.read(entry.path)
            names |= names_of_erased(entry.path, data, erased)
            left = without_erased_rows(entry.path, data, erased)
        except FileNotFoundError:
            continue
        except CrmFileRefused:
            if _may_name(data, erased):
                unreadable.append(entry.path)
            continue
        if left is not data:
            storage.replace(entry.path, [left])
            rewritten.append(entry.path)
    return ErasedFiles(tuple(rewritten), frozenset(names), tuple(unreadable))


def files_holding(storage: Storage, folder: str, erased: Tombstones) -> list[str]:
    """The CRM files with rows of erased companies."""
    found = []
    for entry in listed(storage, folder):
        data = storage.read(entry.path)
        try:
            holds = without_erased_rows(entry.path, data, erased) is not data
        except CrmFileRefused:
            holds = _may_name(data, erased)
        if holds:
            found.append(entry.path)
    return found


def _may_name(data: bytes, erased: Tombstones) -> bool:
    text = data.decode("utf-8", "replace")
    for delimiter in ";\t|\n\r":
        text = text.replace(delimiter, ",")
    return any(erased.covers(cell.strip(' "')) for cell in text.split(","))
