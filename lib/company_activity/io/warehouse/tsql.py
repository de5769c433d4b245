"""Azure SQL, SQL Server, and the Synapse dedicated pool: where T-SQL differs."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from company_activity.io.warehouse.dialects import LOCK_TABLE, Dialect
from company_activity.io.warehouse.jdbc import Connection, SqlError
from company_activity.io.warehouse.served import ServedColumn
from company_activity.settings.model import PublishSettings, SqlSettings

BINARY = "Latin1_General_100_BIN2"  # by code unit: no case, accent or width is folded
# Deadlock victim; database unavailable, error while processing, busy; throttled; failing over; a pool that warms up.
TRANSIENT = frozenset({1205, 40613, 40197, 40501, 40540, 40143, 49918, 49919, 49920, 10928, 10929, 10936, 4060, 4221,
                       615, 926, 42109})  # fmt: skip
# The driver gives no cause: of an unknown host it repeats the name, of a certificate it has but words.
SETTLED = re.compile(r'to the host (\S+), port \d+ has failed\. Error: "\1[.:]|PKIX path|certificate', re.IGNORECASE)


@dataclass(frozen=True)
class AzureSql(Dialect):
    """Azure SQL and SQL Server."""

    name: str = "azuresql"
    driver: str = "com.microsoft.sqlserver.jdbc.SQLServerDriver"
    text_units: int = 2  # NVARCHAR(n) counts byte pairs
    transient_codes: frozenset[int] = TRANSIENT
    missing_table: frozenset[str] = frozenset({"208"})
    syntax_error: frozenset[str] = frozenset({"102", "156", "103010", "104307"})  # the last two are a dedicated pool's
    without_snapshot: str = "waits for it"

    def type_of(self, column: ServedColumn) -> str:
        types = {"double": "FLOAT(53)", "boolean": "BIT", "timestamp": "DATETIME2(6)"}
        return types.get(column.type) or super().type_of(column)

    def text(self, code_points: int) -> str:
        return f"NVARCHAR({self.text_units * code_points}) COLLATE {BINARY}"

    def is_binary(self, collation: str | None, type_: str) -> bool:
        return bool(collation) and str(collation).endswith(("_BIN2", "_BIN"))

    def parsed(self, expression: str, type_: str) -> str:
        return f"CONVERT({type_}, {expression}, {23 if type_ == 'DATE' else 121})"

    def is_transient(self, failure: SqlError) -> bool:
        return super().is_transient(failure) and not SETTLED.search(str(failure))

    def drop_stage(self, stage: str) -> str:
        return f"IF OBJECT_ID(N'{stage}', N'U') IS NOT NULL DROP TABLE {stage}"

    def prepare(self, connection: Connection, sql: SqlSettings) -> None:
        connection.execute("SET XACT_ABORT ON")
        connection.execute(f"SET LOCK_TIMEOUT {int(sql.lock_timeout_seconds * 1000)}")

    # In words: the driver's setAutoCommit(false) leaves a dedicated pool in implicit transactions, where DDL fails.
    def begin(self, connection: Connection) -> None:
        connection.execute("BEGIN TRANSACTION")

    def commit(self, connection: Connection) -> None:
        connection.execute("COMMIT TRANSACTION")

    def rollback(self, connection: Connection) -> None:
        connection.execute("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")

    def lock(self, connection: Connection, table: str) -> None:
        connection.execute(
            "SET NOCOUNT ON; DECLARE @got INT; EXEC @got = sp_getapplock @Resource = ?, @LockMode = 'Exclusive', "
            "@LockOwner = 'Transaction'; IF @got < 0 THROW 50001, 'the publish lock was not granted', 1",
            f"company_activity:{table}",
        )

    def lock_migrations(self, connection: Connection) -> None:
        self.lock(connection, "migrations")

    def advice(self, connection: Connection) -> list[str]:
        asked = "SELECT DB_NAME(), is_read_committed_snapshot_on FROM sys.databases WHERE name = DB_NAME()"
        try:
            found = connection.query(asked)
        except SqlError:  # a login that may not ask may still publish
            return []
        return [
            f"READ_COMMITTED_SNAPSHOT is off: whoever reads while a date is published {self.without_snapshot}; "
            f"set it from master: ALTER DATABASE [{name}] SET READ_COMMITTED_SNAPSHOT ON"
            for name, is_on in found
            if is_on in ("0", "false")
        ]

    def connection_options(self, sql: SqlSettings) -> dict[str, str]:
        return {"socketTimeout": str(int(sql.socket_timeout_seconds * 1000))}

    def writer_options(self, publish: PublishSettings) -> dict[str, str]:
        return super().writer_options(publish) | {
            "useBulkCopyForBatchInsert": "true",
            "bulkCopyForBatchInsertTableLock": "true",
            "bulkCopyForBatchInsertBatchSize": str(publish.batch_size),
        }


@dataclass(frozen=True)
class Synapse(AzureSql):
    """A dedicated pool: no key is enforced, no application lock, no DDL inside a transaction."""

    name: str = "synapse"
    enforces_keys: bool = False
    ddl_in_transaction: bool = False
    stage_suffix: str = " WITH (DISTRIBUTION = HASH(company_id), HEAP)"
    without_snapshot: str = "may see it half done"  # a pool reads what is not committed unless it is told otherwise

    def prepare(self, connection: Connection, sql: SqlSettings) -> None:
        connection.execute("SET XACT_ABORT ON")

    def insert_row(self, table: str, columns: Collection[str], marks: Collection[str]) -> str:
        # VALUES takes nothing but constants here, and a timestamp is converted from text.
        return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(marks)}"

    def lock(self, connection: Connection, table: str) -> None:
        taken = connection.execute(f"UPDATE {LOCK_TABLE} SET takings = takings + 1 WHERE table_name = ?", table)
        if taken != 1:
            raise SqlError(f"{LOCK_TABLE} has no row for {table}")
