"""Inside the transaction: the scopes that are due are deleted, inserted and counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from company_activity.errors import PublishError
from company_activity.io.warehouse import statements
from company_activity.io.warehouse.batch import PublishBatch
from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.figures import Figures, by_group, drift, nothing, refusal
from company_activity.io.warehouse.jdbc import Connection
from company_activity.io.warehouse.ledger import WHOLE
from company_activity.io.warehouse.served import ServedTable
from company_activity.io.warehouse.sources import Source, Staged
from company_activity.io.warehouse.warehouse import PUBLISH


def replace(
    connection: Connection,
    dialect: Dialect,
    batch: PublishBatch,
    source: Source | None,
    due: Collection[str],
) -> None:
    """Bring the scopes in `due` from their source; without one, what was there only goes.

    Raises:
        PublishError: if the source or, after the insert, the served table does not show the lake's figures.
    """
    table = batch.table
    days = [date.fromisoformat(scope) for scope in due] if table.dated else None
    if source is not None:
        source.check(connection, dialect, batch)
    if days is not None:
        connection.execute(statements.delete_dates(table, days))
    elif batch.base_seq is None:
        connection.execute(statements.delete_all(table))
    elif isinstance(source, Staged):  # rows are streamed only by date
        connection.execute(statements.delete_staged_keys(dialect, table, source.stage))
    if source is not None:
        source.insert(connection, dialect, table, days)
    found = served_by_scope(connection, table, due)
    for scope, both_sides in drift(table, found, batch.served, due).items():
        raise refusal(f"{table.name} {scope} after its insert", both_sides)
    if not dialect.enforces_keys:
        check_keys(connection, table, due)


def served_by_scope(
    connection: Connection, table: ServedTable, scopes: Iterable[str]
) -> dict[str, Figures]:
    """The figures of these scopes as they are served."""
    asked = list(scopes)
    if not asked:
        return {}
    days = [date.fromisoformat(scope) for scope in asked] if table.dated else None
    found = by_group(connection.query(statements.served_figures(table, days)))
    return {scope: found.get("0" if scope == WHOLE else scope, nothing(table)) for scope in asked}


def check_keys(connection: Connection, table: ServedTable, scopes: Collection[str]) -> None:
    """No key of these scopes may be served twice.

    Raises:
        PublishError: with how many are.
    """
    days = [date.fromisoformat(scope) for scope in scopes] if table.dated else None
    if days == []:
        return
    ((doubled,),) = connection.query(statements.doubled_keys(table, days))
    if doubled != "0":
        raise PublishError(
            f"{table.name}: {doubled} keys are in more than one row of {', '.join(sorted(scopes))}",
            remedy=f"look for another writer of this table, then: {PUBLISH}",
        )
