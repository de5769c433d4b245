"""What a database keeps of rows that are gone: staging tables left behind, and the pages of its own files."""

from __future__ import annotations

from contextlib import suppress

from company_activity.io.warehouse.jdbc import Connection, SqlError
from company_activity.io.warehouse.served import SERVED_TABLES
from company_activity.io.warehouse.stage import drop_all
from company_activity.io.warehouse.warehouse import Warehouse

SERVED = tuple(table.name for table in SERVED_TABLES)
# Roll-ups name nobody.
NAMING = tuple(table.name for table in SERVED_TABLES if "company_id" in table.column_names)


def scrub(warehouse: Warehouse, company_id: str) -> None:
    """Delete rows that publishing did not reach, drop every staging table, then compact what the engine can.

    The lake is held, so nobody is publishing. The id is bound, and stands in no statement.
    """

    def once(connection: Connection) -> None:
        try:
            drop_all(connection, warehouse)
            for table in NAMING:
                connection.execute(f"DELETE FROM {table} WHERE company_id = ?", company_id)
            for statement in warehouse.dialect.forgetting(SERVED):
                connection.execute(statement)
        except SqlError as failure:
            if not warehouse.dialect.lacks_table(failure):
                raise  # else nothing was ever published: our DDL makes all of them, or none

    warehouse.asked(once)
    last = warehouse.dialect.closing_statement
    if last:
        with suppress(SqlError), warehouse.connection() as connection:
            connection.execute(last)  # the connection ends with it
