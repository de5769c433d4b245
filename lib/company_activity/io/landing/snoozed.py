"""`snoozed.csv` beside the CRM files: the companies that a lead has set aside."""

from __future__ import annotations

from collections.abc import Iterator

from company_activity.io.storage.opening import Storage
from company_activity.records.crm.snoozed import Snoozed, is_snoozed_file, merged, read_snoozed


def snoozed_companies(storage: Storage, folder: str) -> Snoozed:
    """Who is set aside, and what cannot be read of the file; nobody without it.

    Raises:
        SourceError: if the store does not answer.
    """
    files = snoozed_files(storage, folder)
    return merged([read_snoozed(path, data) for path, data in files])


def snoozed_files(storage: Storage, folder: str) -> Iterator[tuple[str, bytes]]:
    """The file, however its name is written: a store may have it in several spellings."""
    for entry in storage.list(folder):
        if is_snoozed_file(entry.path, folder):
            try:
                yield entry.path, storage.read(entry.path)
            except FileNotFoundError:  # gone since it was listed
                continue
