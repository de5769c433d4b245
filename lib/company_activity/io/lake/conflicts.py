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
# The same as Spark's error classes, which is all that a client without a JVM of its own is told. The last two say that
# another run has added the column that we saw to be missing.
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
    raised = list(raised_by(error))
    thrown = thrown_by_java(error)
    names = {kind.__name__ for one in raised for kind in type(one).__mro__}
    names |= {name_of(one) for one in thrown}
    codes = [_code_of(one) for one in raised] + [error_class_of(one) for one in thrown]
    return bool(names & CONFLICTS) or any(code.startswith(CODES) for code in codes)


def _code_of(raised: BaseException) -> str:
    """The error class of one of Spark's exceptions."""
    get = getattr(raised, "getErrorClass", None)
    return str(get() or "") if get else ""


def lake_moved(table: Table) -> LakeMoved:
    """The error that says so."""
    return LakeMoved(
        f"another run has committed to {table.name} since this one read it: its commit was refused",
        remedy="run again when the other run has ended",
    )
