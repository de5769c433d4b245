"""What an engine must say of itself. What is written here is standard SQL; an engine's file says where it differs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from company_activity.errors import SettingsError
from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.entra import EntraLogin
from company_activity.io.warehouse.jdbc import Connection, SqlError
from company_activity.io.warehouse.jdbc_url import JdbcUrl, UrlForm
from company_activity.io.warehouse.served import ServedColumn, ServedTable
from company_activity.settings.model import PublishSettings, Secret, SqlSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

LOCK_TABLE = "etl.publish_lock"
DATE_TEXT = 10  # 2025-03-31
TIMESTAMP_TEXT = 26  # 2025-03-31 23:59:59.999999
STANDARD_TYPES = {
    "bigint": "BIGINT",
    "double": "DOUBLE PRECISION",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP(6)",
}
# The names by which INFORMATION_SCHEMA calls a type that takes our values, before their size is looked at.
STANDARD_NAMES = {
    "text": frozenset({"character varying", "text"}),
    "bigint": frozenset({"bigint"}),
    "double": frozenset({"double precision", "float"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "timestamp": frozenset({"timestamp", "timestamp without time zone"}),
}
DECIMAL_NAMES = frozenset({"decimal", "numeric"})


def is_decimal(type_: str) -> bool:
    """Whether it is a type such as `decimal(18,2)`."""
    return type_.startswith("decimal(")


@dataclass(frozen=True)
class Dialect(ABC):
    """An engine: its URLs and TLS, its SQL and DDL, its errors, and how rows travel to it.

    `name` is that of its folder in `sql/`; `driver` the class of its JDBC driver.
    """

    name: str
    driver: str
    url_form: UrlForm
    # The options that decide about TLS, and the values that leave it on and verified, the default first.
    tls_options: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    driver_jar: str = ""  # what the name of its driver's jar has in it
    oldest_driver: tuple[int, ...] = ()  # what is older, publishing is not made for
    entra: ClassVar[EntraLogin | None] = None  # where a token may log in
    always_sends_login: bool = False  # else not where a token or the platform logs in
    enforces_keys: bool = True
    has_row_values: bool = True  # (a, b) IN (SELECT …)
    ddl_in_transaction: bool = True
    text_units: int = 1  # what VARCHAR(n) counts, per code point
    takes_nul: bool = True  # whether text may hold U+0000
    closes_with_last_connection: bool = False
    transient_states: frozenset[str] = frozenset({"40001"})  # SQLSTATEs: a deadlock
    transient_codes: frozenset[int] = frozenset()  # vendor codes
    missing_table: frozenset[str] = frozenset()  # the SQLSTATEs or codes of it
    syntax_error: frozenset[str] = frozenset()
    refused_login: frozenset[str] = frozenset()

    def type_of(self, column: ServedColumn) -> str:
        """The column's type, as our DDL has it."""
        if column.type == "text":
            return self.text(column.length)
        if is_decimal(column.type):
            return column.type.upper().replace(",", ", ")
        return STANDARD_TYPES[column.type]

    def found_types(self, type_: str) -> frozenset[str]:
        """What INFORMATION_SCHEMA may call a column that takes our type, whatever its size."""
        return DECIMAL_NAMES if is_decimal(type_) else STANDARD_NAMES[type_]

    def serves(self, url: JdbcUrl) -> bool:
        """Whether this is the engine behind the URL, as far as the URL says."""
        return isinstance(url.form, type(self.url_form))

    def is_of_one_process(self, url: JdbcUrl) -> bool:
        """Whether only one process at a time can open the database."""
        return False

    def verified(self, url: JdbcUrl) -> Mapping[str, str | Secret]:
        """The properties that switch TLS and verification on, for a server elsewhere.

        Raises:
            SettingsError: if the URL switches them off anywhere.
        """
        given = [(option.key, option.value.strip()) for option in url.options]
        properties: dict[str, str | Secret] = {}
        for option, allowed in self.tls_options.items():
            values = [value for key, value in given if key == option.lower()]
            known = [value.lower() for value in allowed]
            if any(value.lower() not in known for value in values):
                raise SettingsError(
                    f"sql.url weakens TLS by {option}, which only H2 or a loopback host may",
                    remedy=f"set {option}={allowed[0]}"
                    if allowed
                    else f"leave {option} out of sql.url",
                )
            if allowed:
                properties[option] = values[0] if values else allowed[0]
        return properties

    @abstractmethod
    def text(self, code_points: int) -> str:
        """Text wide enough for so many code points, compared by code point."""

    @abstractmethod
    def is_binary(self, collation: str | None, type_: str) -> bool:
        """Whether text of this collation and type is compared by code point."""

    @property
    def time_mark(self) -> str:
        """A placeholder for a timestamp, bound as text."""
        return self.parsed("?", self.type_of(ServedColumn("", "timestamp", nullable=False)))

    def parsed(self, expression: str, type_: str) -> str:
        """ISO text as a date or timestamp."""
        return f"CAST({expression} AS {type_})"

    def staged_type(self, column: ServedColumn) -> str:
        """As in the served table, but dates and times are text."""
        if column.is_staged_as_text:
            return f"VARCHAR({DATE_TEXT if column.type == 'date' else TIMESTAMP_TEXT})"
        return self.type_of(column)

    def create_table(self, table: ServedTable, columns: Collection[ServedColumn]) -> list[str]:
        """DDL of a served table, made where it is not there."""
        lines = [f"    {self.declaration(column)}," for column in columns]
        lines.append(f"    CONSTRAINT {table.key_name} PRIMARY KEY ({', '.join(table.key)})")
        return [f"CREATE TABLE IF NOT EXISTS {table.name} (\n" + "\n".join(lines) + "\n);"]

    def add_column(self, table: ServedTable, column: ServedColumn) -> str:
        """DDL of one more column, added where it is not there."""
        added = f"ADD COLUMN IF NOT EXISTS {self.declaration(column)}"
        return f"ALTER TABLE {table.name}\n{added};"

    def allow_null(self, table: ServedTable, column: ServedColumn) -> str:
        """DDL that lets a column be NULL."""
        return f"ALTER TABLE {table.name} ALTER COLUMN {column.name} DROP NOT NULL;"

    def declaration(self, column: ServedColumn) -> str:
        """The column in a CREATE TABLE: name, type, and whether it may be NULL."""
        return f"{column.name} {self.type_of(column)} {'NULL' if column.nullable else 'NOT NULL'}"

    def create_stage(self, stage: str, columns: Mapping[str, str]) -> str:
        """DDL of a staging table: no key, no index, every column nullable."""
        body = ", ".join(f"{name} {type_} NULL" for name, type_ in columns.items())
        return f"CREATE TABLE {stage} ({body}){self.stage_options(columns)}"

    def stage_options(self, columns: Collection[str]) -> str:
        """What stands behind the columns of a staging table."""
        return ""

    def insert_row(self, table: str, columns: Collection[str], marks: Collection[str]) -> str:
        """Insert one row of bound values."""
        return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(marks)})"

    def drop_stage(self, stage: str) -> str:
        """Drop a staging table of ours; served tables are never dropped."""
        return f"DROP TABLE IF EXISTS {stage}"

    def forgetting(self, tables: Sequence[str]) -> Sequence[str]:
        """Statements after which nothing is kept of rows that are gone from tables; if need be."""
        return ()

    @property
    def closing_statement(self) -> str:
        """What closes the database so that its file keeps nothing of such rows; empty where there is no such file."""
        return ""

    def prepare(self, connection: Connection, sql: SqlSettings) -> None:  # noqa: B027 (some need nothing)
        """What a transaction's session needs before it begins."""

    def begin(self, connection: Connection) -> None:
        """Start a transaction."""
        connection.begin()

    def commit(self, connection: Connection) -> None:
        """End it so that everybody sees it."""
        connection.commit()

    def rollback(self, connection: Connection) -> None:
        """Undo it."""
        connection.rollback()

    def lock(self, connection: Connection, table: str) -> None:
        """Hold the table's publish lock until the transaction ends."""
        connection.query(
            f"SELECT table_name FROM {LOCK_TABLE} WHERE table_name = ? FOR UPDATE", table
        )

    def lock_migrations(self, connection: Connection) -> None:  # noqa: B027 (some cannot)
        """Keep two migrations apart where the engine can."""

    def advice(self, connection: Connection) -> list[str]:
        """Settings of the database to change, for those who read while a date is published."""
        return []

    def isolation_faults(self, connection: Connection) -> list[tuple[str, str]]:
        """Where the database keeps transactions apart otherwise than a publish relies on: what, and the remedy."""
        return []

    def driver_advice(self, driver: Driver) -> list[str]:
        """What to know of a driver that this engine's rows come through: where it is known to be slow or wrong."""
        return []

    def connection_options(self, sql: SqlSettings) -> dict[str, str]:
        """Driver properties of every connection: a server that falls silent must not hold a run for ever."""
        return {}

    def writer_options(self, publish: PublishSettings) -> dict[str, str]:
        """Options of Spark's JDBC writer that make it the driver's bulk path."""
        return {"batchsize": str(publish.batch_size)}

    def is_transient(self, failure: SqlError) -> bool:
        """Whether a new connection may succeed: one was lost, a deadlock, a server busy or waking."""
        return (
            failure.is_disconnect
            or failure.state in self.transient_states
            or failure.code in self.transient_codes
        )

    def lacks_table(self, failure: SqlError) -> bool:
        """Whether a table of the statement is not there."""
        return bool({failure.state, str(failure.code)} & self.missing_table)

    def refuses_login(self, failure: SqlError) -> bool:
        """Whether the server took neither the password nor the token."""
        return bool({failure.state, str(failure.code)} & self.refused_login)

    def is_no_sql(self, failure: SqlError) -> bool:
        """Whether the engine could not read the statement."""
        return bool({failure.state, str(failure.code)} & self.syntax_error)


class StreamingDialect(Dialect):
    """An engine whose transactions take rows over their own connection, faster than by staging."""

    @abstractmethod
    def insert_stream(
        self,
        connection: Connection,
        table: str,
        columns: Collection[str],
        slices: Sequence[DataFrame],
    ) -> None:
        """Insert all rows of the slices."""
