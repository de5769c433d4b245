"""Which failures say that another run has committed to a table first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.errors import LakeMoved
from company_activity.io.lake.versions import (
    error_class_of,
    name_of,
    raised_by,
    thrown_by_java,
)

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
# Another run has added the column that we saw to be missing.
ADDED_ALREADY = frozenset({"FIELD_ALREADY_EXISTS", "FIELDS_ALREADY_EXISTS"})


def is_conflict(error: BaseException) -> bool:
    """Whether a failed commit says that another writer came first.

    >>> class ConcurrentAppendException(Exception): ...
    >>> is_conflict(ConcurrentAppendException()), is_conflict(ValueError("concurrent"))
    (True, False)
    """
    classes = {kind.__name__ for raised in raised_by(error) for kind in type(raised).__mro__}
    if classes & CONFLICTS:
        return True
    return any(
        name_of(thrown) in CONFLICTS or error_class_of(thrown) in ADDED_ALREADY
        for thrown in thrown_by_java(error)
    )


def lake_moved(table: Table) -> LakeMoved:
    """The error that says so."""
    return LakeMoved(
        f"another run has committed to {table.name} since this one read it: its commit was refused",
        remedy="run again when the other run has ended",
    )
