"""Azure SQL and SQL Server."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from company_activity.errors import SettingsError
from company_activity.io.secrets.azure_credential import AZURE_SQL
from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.entra import EntraLogin
from company_activity.io.warehouse.jdbc import Connection, SqlError
from company_activity.io.warehouse.jdbc_url import JdbcUrl, SemicolonForm, UrlForm
from company_activity.io.warehouse.served import ServedColumn, ServedTable
from company_activity.settings.model import PublishSettings, SqlSettings

BINARY = "Latin1_General_100_BIN2"  # by code unit: no case, accent or width is folded
# Deadlock victim; database unavailable, error while processing, busy; throttled; failing over; a pool that warms up.
TRANSIENT = frozenset(
    {1205, 40613, 40197, 40501, 40540, 40143, 49918, 49919, 49920, 10928, 10929, 10936}
    | {4060, 4221, 615, 926, 42109}
)
TYPES = {"double": "FLOAT(53)", "boolean": "BIT", "timestamp": "DATETIME2(6)"}
FOUND_TYPES = {"text": {"nvarchar"}, "boolean": {"bit"}, "timestamp": {"datetime2"}}
DATE_STYLE = 23  # 2025-03-31
TIMESTAMP_STYLE = 121  # 2025-03-31 23:59:59.999999
TLS_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "encrypt": ("true", "strict", "mandatory"),
    "trustServerCertificate": ("false",),
    "trustManagerClass": (),
    "socketFactoryClass": (),
}
BULK_DATES = (13, 1)  # mssql-jdbc: from here on a batch with a DATE in it is a bulk copy
# Fabric's Warehouse and SQL analytics endpoint. Its SQL database is `.database.fabric.microsoft.com`: Azure SQL.
FABRIC_WAREHOUSE = re.compile(
    r"\.datawarehouse\.(fabric\.microsoft\.com|pbidedicated\.windows\.net)\.?$", re.IGNORECASE
)
BRACED = r"\s*\{(?:[^}]|\}\})*(?:\}[^;]*|$)"
# The driver gives no cause: of an unknown host it repeats the name, of a certificate it has but words.
SETTLED = re.compile(
    r'to the host (\S+), port \d+ has failed\. Error: "\1[.:]|PKIX path|certificate', re.IGNORECASE
)


class SqlServerUrl(SemicolonForm):
    """`jdbc:sqlserver://host\\\\instance:port;name=value`; braces quote a value.

    >>> SqlServerUrl().host("db\\\\sales:1433")
    'db'
    """

    scheme: ClassVar[str] = "sqlserver"
    host_options: ClassVar[tuple[str, ...]] = ("servername", "server", "failoverpartner")
    port_options: ClassVar[tuple[str, ...]] = ("portnumber", "port")
    default_port: ClassVar[int] = 1433
    option: ClassVar[re.Pattern[str]] = re.compile(
        rf";(?P<text>(?P<name>[^=;]*)(?:=(?P<value>{BRACED}|[^;]*))?)"
    )

    def unquoted(self, value: str) -> str:
        trimmed = value.strip()
        is_braced = trimmed.startswith("{") and trimmed.endswith("}")
        return trimmed[1:-1].replace("}}", "}") if is_braced else trimmed

    def places(self, place: str, *, is_named: bool) -> Iterator[str]:
        if place.startswith("//"):
            yield place[2:]
        elif not is_named:
            yield ""

    def host(self, named: str) -> str:
        return super().host(named.strip().split("\\")[0])


@dataclass(frozen=True)
class AzureSql(Dialect):
    """Azure SQL and SQL Server: T-SQL, an application lock, bulk copy."""

    name: str = "azuresql"
    has_row_values: bool = False
    driver: str = "com.microsoft.sqlserver.jdbc.SQLServerDriver"
    driver_jar: str = "mssql-jdbc"
    oldest_driver: tuple[int, ...] = (9, 2)  # from here on a batch may be a bulk copy
    url_form: UrlForm = SqlServerUrl()
    tls_options: ClassVar[Mapping[str, tuple[str, ...]]] = TLS_OPTIONS
    entra: ClassVar[EntraLogin | None] = EntraLogin(AZURE_SQL, "accessToken", wants_user=False)
    text_units: int = 2  # NVARCHAR(n) counts byte pairs
    transient_codes: frozenset[int] = TRANSIENT
    missing_table: frozenset[str] = frozenset({"208"})
    syntax_error: frozenset[str] = frozenset(
        {"102", "156", "103010", "104307"}
    )  # the last two are a dedicated pool's
    refused_login: frozenset[str] = frozenset({"18456"})
    without_snapshot: str = "waits for it"

    def serves(self, url: JdbcUrl) -> bool:
        """Whether the URL is one of this driver's.

        Raises:
            SettingsError: for a Warehouse or a SQL analytics endpoint of Fabric.
        """
        if super().serves(url) and any(FABRIC_WAREHOUSE.search(host) for host in url.hosts):
            raise SettingsError(
                "sql.url names a Warehouse or a SQL analytics endpoint of Microsoft Fabric, and neither takes our "
                "tables: a Warehouse has no NVARCHAR, an endpoint is read-only",
                remedy="name a SQL database of Fabric (*.database.fabric.microsoft.com), or do not publish: "
                "with lake.root under Tables of a lakehouse, its SQL analytics endpoint shows the lake's tables",
            )
        return super().serves(url)

    def type_of(self, column: ServedColumn) -> str:
        return TYPES.get(column.type) or super().type_of(column)

    def found_types(self, type_: str) -> frozenset[str]:
        return super().found_types(type_) | FOUND_TYPES.get(type_, set())

    def text(self, code_points: int) -> str:
        return f"NVARCHAR({self.text_units * code_points}) COLLATE {BINARY}"

    def is_binary(self, collation: str | None, type_: str) -> bool:
        return bool(collation) and str(collation).endswith(("_BIN2", "_BIN"))

    def parsed(self, expression: str, type_: str) -> str:
        style = DATE_STYLE if type_ == "DATE" else TIMESTAMP_STYLE
        return f"CONVERT({type_}, {expression}, {style})"

    def is_transient(self, failure: SqlError) -> bool:
        return super().is_transient(failure) and not SETTLED.search(str(failure))

    def create_table(self, table: ServedTable, columns: Collection[ServedColumn]) -> list[str]:
        lines = [f"        {self.declaration(column)}," for column in columns]
        key = ", ".join(table.key)
        lines.append(f"        CONSTRAINT {table.key_name} PRIMARY KEY CLUSTERED ({key})")
        return [self._created(table, lines) + ";"]

    def _created(self, table: ServedTable, lines: Collection[str]) -> str:
        guard = f"IF OBJECT_ID(N'{table.name}', N'U') IS NULL"
        return "\n".join([guard, f"    CREATE TABLE {table.name} (", *lines, "    )"])

    def add_column(self, table: ServedTable, column: ServedColumn) -> str:
        guard = f"IF COL_LENGTH(N'{table.name}', N'{column.name}') IS NULL"
        return f"{guard}\n    ALTER TABLE {table.name}\n    ADD {self.declaration(column)};"

    def allow_null(self, table: ServedTable, column: ServedColumn) -> str:
        return f"ALTER TABLE {table.name} ALTER COLUMN {self.declaration(column)};"

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

    def driver_advice(self, driver: Driver) -> list[str]:
        if not driver.is_older_than(*BULK_DATES):
            return []
        return [
            f"{driver} sends a batch with a DATE column row by row, without a word, although bulk copy is on; "
            "rows of ours are not, because staging holds dates as text; for whoever else writes from here, "
            "put mssql-jdbc 13.1 or newer beside Spark"
        ]

    def connection_options(self, sql: SqlSettings) -> dict[str, str]:
        return {"socketTimeout": str(int(sql.socket_timeout_seconds * 1000))}

    def writer_options(self, publish: PublishSettings) -> dict[str, str]:
        return super().writer_options(publish) | {
            "useBulkCopyForBatchInsert": "true",
            "bulkCopyForBatchInsertTableLock": "true",
            "bulkCopyForBatchInsertBatchSize": str(publish.batch_size),
        }
