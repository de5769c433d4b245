"""Which failures say that another run has committed to a table first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.errors import LakeMoved
from company_activity.io.lake.versions import codes_of, names_of

if TYPE_CHECKING:
    from company_activity.schemas import Table

# Delta's, of `io.delta.exceptions`; Python has classes of the same names for those that it converts.
CONFLICTS = frozenset(
    {
        "ConcurrentAppendException",
        "ConcurrentDeleteDeleteException",
        "ConcurrentDeleteReadException",
        "ConcurrentTransactionException",
        "ConcurrentWriteException",
        "DeltaConcurrentModificationException",
        "MetadataChangedException",
        "ProtocolChangedException",
    }
)
# The same as Spark's error classes. The last two say that another run has added the column that we saw to be missing.
CODES = (
    "DELTA_CONCURRENT_",
    "DELTA_METADATA_CHANGED",
    "DELTA_PROTOCOL_CHANGED",
    "FIELD_ALREADY_EXISTS",
    "FIELDS_ALREADY_EXISTS",
)


def is_conflict(error: BaseException) -> bool:
    """Whether a failed commit says that another writer came first.

    >>> class ConcurrentAppendException(Exception): ...
    >>> is_conflict(ConcurrentAppendException()), is_conflict(ValueError("concurrent"))
    (True, False)
    """
    if names_of(error) & CONFLICTS:
        return True
    return any(code.startswith(CODES) for code in codes_of(error))


def lake_moved(table: Table) -> LakeMoved:
    """The error that says so."""
    return LakeMoved(
        f"another run has committed to {table.name} since this one read it: its commit was refused",
        remedy="run again when the other run has ended",
    )
