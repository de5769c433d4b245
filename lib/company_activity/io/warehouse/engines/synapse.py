"""The Synapse dedicated pool."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from company_activity.errors import SettingsError
from company_activity.io.warehouse.engines.base import LOCK_TABLE
from company_activity.io.warehouse.engines.sqlserver import AzureSql
from company_activity.io.warehouse.jdbc import Connection, SqlError
from company_activity.io.warehouse.jdbc_url import JdbcUrl
from company_activity.io.warehouse.served import ServedColumn, ServedTable
from company_activity.settings.model import SqlSettings

HOST = ".sql.azuresynapse."
SERVERLESS = "-ondemand.sql."
SPREAD = "\n    WITH (DISTRIBUTION = HASH (company_id), CLUSTERED COLUMNSTORE INDEX);"
# Roll-ups name no company, and have too few rows for a columnstore, which wants 102,400 of each distribution.
ANYWHERE = "\n    WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);"
KEY_COMMENT = """\
-- Not enforced here: a publish checks uniqueness itself, in its transaction.
-- The linter's tsql does not know NOT ENFORCED: its parser and layout rules rest from here on.
-- noqa: disable=PRS,LT02
"""


@dataclass(frozen=True)
class Synapse(AzureSql):
    """A dedicated pool: no key is enforced, no application lock, no DDL inside a transaction."""

    name: str = "synapse"
    enforces_keys: bool = False
    ddl_in_transaction: bool = False
    without_snapshot: str = (
        "may see it half done"  # a pool reads what is not committed unless it is told otherwise
    )

    def serves(self, url: JdbcUrl) -> bool:
        """A dedicated pool is known by its host.

        Raises:
            SettingsError: for a serverless pool.
        """
        pools = [host.lower() for host in url.hosts if HOST in host.lower()]
        if any(SERVERLESS in host for host in pools):
            raise SettingsError(
                "sql.url names a serverless pool, which cannot be written to",
                remedy="name a dedicated pool",
            )
        return super().serves(url) and bool(pools)

    def create_table(self, table: ServedTable, columns: Collection[ServedColumn]) -> list[str]:
        declared = ",\n".join(f"        {self.declaration(column)}" for column in columns)
        key = f"{table.key_name} PRIMARY KEY NONCLUSTERED ({', '.join(table.key)})"
        return [
            self._created(table, [declared])
            + (SPREAD if "company_id" in table.column_names else ANYWHERE),
            KEY_COMMENT
            + "IF NOT EXISTS (\n"
            + "    SELECT 1 AS there FROM sys.key_constraints\n"
            + f"    WHERE name = N'{table.key_name}'\n)\n"
            + f"    ALTER TABLE {table.name}\n"
            + f"    ADD CONSTRAINT {key} NOT ENFORCED;",
        ]

    def stage_options(self, columns: Collection[str]) -> str:
        spread = "HASH(company_id)" if "company_id" in columns else "ROUND_ROBIN"
        return f" WITH (DISTRIBUTION = {spread}, HEAP)"

    def prepare(self, connection: Connection, sql: SqlSettings) -> None:
        connection.execute("SET XACT_ABORT ON")

    def insert_row(self, table: str, columns: Collection[str], marks: Collection[str]) -> str:
        # VALUES takes nothing but constants here, and a timestamp is converted from text.
        return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(marks)}"

    def lock(self, connection: Connection, table: str) -> None:
        taken = connection.execute(
            f"UPDATE {LOCK_TABLE} SET takings = takings + 1 WHERE table_name = ?", table
        )
        if taken != 1:
            raise SqlError(f"{LOCK_TABLE} has no row for {table}")
