"""Inside the transaction: the scopes that are due are deleted, inserted and counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from company_activity.errors import PublishError
from company_activity.io.sql import statements
from company_activity.io.sql.change import Change
from company_activity.io.sql.dialects import Dialect
from company_activity.io.sql.jdbc import Connection, Row
from company_activity.io.sql.ledger import WHOLE
from company_activity.io.sql.served import Served
from company_activity.io.sql.statements import Figures
from company_activity.io.sql.warehouse import PUBLISH


def replace(connection: Connection, dialect: Dialect, change: Change, stage: str | None, due: Collection[str]) -> None:
    """Bring the scopes in `due` from staging; None stages nothing: what was there only goes.

    Raises:
        PublishError: if staging or, after the insert, the served table does not show the lake's figures.
    """
    table = change.table
    days = [date.fromisoformat(scope) for scope in due] if table.dated else None
    has_copies = stage is not None and check_stage(connection, change, stage)
    if days is not None:
        connection.execute(statements.delete_dates(table, days))
    elif change.base_seq is None:
        connection.execute(statements.delete_all(table))
    elif stage is not None:
        connection.execute(statements.delete_staged_keys(table, stage))
    if stage is not None:
        connection.execute(statements.insert_staged(dialect, table, stage, days, distinct=has_copies))
    found = served_by_scope(connection, table, due)
    for scope in due:
        _compare(f"{table.name} {scope} after its insert", found[scope], change.served.get(scope, nothing(table)))
    if not dialect.enforces_keys:
        check_keys(connection, table, due)


def check_stage(connection: Connection, change: Change, stage: str) -> bool:
    """Whether staging holds copies, which only a retried task leaves; otherwise its figures are the lake's."""
    found = _by_group(connection.query(statements.staged_figures(change.table, stage)))
    if any(found[group].rows > wanted.rows for group, wanted in change.staged.items() if group in found):
        return True
    for group, wanted in change.staged.items():
        _compare(f"staging of {change.table.name} {group}", found.get(group, nothing(change.table)), wanted)
    return False


def served_by_scope(connection: Connection, table: Served, scopes: Iterable[str]) -> dict[str, Figures]:
    """The figures of these scopes as they are served."""
    asked = list(scopes)
    if not asked:
        return {}
    days = [date.fromisoformat(scope) for scope in asked] if table.dated else None
    found = _by_group(connection.query(statements.served_figures(table, days)))
    return {scope: found.get("0" if scope == WHOLE else scope, nothing(table)) for scope in asked}


def check_keys(connection: Connection, table: Served, scopes: Collection[str]) -> None:
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
            f"{table.name}: {doubled} keys stand in more than one row of {', '.join(sorted(scopes))}",
            remedy=f"look for another writer of this table, then: {PUBLISH}",
        )


def nothing(table: Served) -> Figures:
    """The figures of no rows at all."""
    return Figures(0, (0,) * len(table.measures))


def _by_group(rows: Iterable[Row]) -> Mapping[str, Figures]:
    return {
        str(group): Figures(int(count or 0), tuple(int(total or 0) for total in sums)) for group, count, *sums in rows
    }


def _compare(what: str, got: Figures, wanted: Figures) -> None:
    if got != wanted:
        raise PublishError(
            f"{what}: {got} in SQL, {wanted} in the lake; nothing was changed",
            remedy="run publish again; if it stays, look for another writer of this table",
        )
