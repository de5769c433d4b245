"""What differs between the engines, and nothing else: types, casts, locks, the way rows travel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from company_activity.io.warehouse.jdbc import Connection, SqlError
from company_activity.io.warehouse.served import ServedColumn
from company_activity.settings.model import PublishSettings, SqlSettings

LOCK_TABLE = "etl.publish_lock"
PASSING_STATES = ("40001", "40P01", "53300")  # deadlock, by two names; too many connections
DATE_TEXT, TIMESTAMP_TEXT = 10, 26  # 2025-03-31 and 2025-03-31 23:59:59.999999


@dataclass(frozen=True)
class Dialect(ABC):
    """An engine. What is written here is standard SQL; subclasses say where theirs differs."""

    name: str = ""
    driver: str = ""
    enforces_keys: bool = True
    ddl_in_transaction: bool = True
    text_units: int = 1  # what VARCHAR(n) counts, per code point
    stage_suffix: str = ""
    takes_nul: bool = True  # whether text may hold U+0000
    takes_stream: bool = False  # whether a transaction takes rows over its own connection, faster than staging
    closes_with_last_connection: bool = False
    transient_codes: frozenset[int] = frozenset()
    missing_table: frozenset[str] = frozenset()  # the SQLSTATEs or codes of it
    syntax_error: frozenset[str] = frozenset()

    def type_of(self, column: ServedColumn) -> str:
        """The column's type, as our DDL has it."""
        types = {"bigint": "BIGINT", "double": "DOUBLE PRECISION", "boolean": "BOOLEAN", "date": "DATE",
                 "timestamp": "TIMESTAMP(6)"}  # fmt: skip
        return types[column.type] if column.type != "text" else self.text(column.length)

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

    def create_stage(self, stage: str, columns: Mapping[str, str]) -> str:
        """DDL of a staging table: no key, no index, every column nullable."""
        body = ", ".join(f"{name} {type_} NULL" for name, type_ in columns.items())
        return f"CREATE TABLE {stage} ({body}){self.stage_suffix}"

    def insert_row(self, table: str, columns: Collection[str], marks: Collection[str]) -> str:
        """Insert one row of bound values."""
        return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(marks)})"

    def drop_stage(self, stage: str) -> str:
        """Drop a staging table of ours; served tables are never dropped."""
        return f"DROP TABLE IF EXISTS {stage}"

    def prepare(self, connection: Connection, sql: SqlSettings) -> None:  # noqa: B027 (some need nothing)
        """What a transaction's session needs before it begins."""

    def begin(self, connection: Connection) -> None:
        """Start a transaction."""
        connection.begin()

    def commit(self, connection: Connection) -> None:
        """End it so that everybody sees it."""
        connection.commit()

    def rollback(self, connection: Connection) -> None:
        """End it as if it had not been."""
        connection.rollback()

    def lock(self, connection: Connection, table: str) -> None:
        """Hold the table's publish lock until the transaction ends."""
        connection.query(f"SELECT table_name FROM {LOCK_TABLE} WHERE table_name = ? FOR UPDATE", table)

    def lock_migrations(self, connection: Connection) -> None:  # noqa: B027 (some cannot)
        """Keep two migrations apart where the engine can."""

    def advice(self, connection: Connection) -> list[str]:
        """What the database had better be set to, for those who read while a date is published."""
        return []

    def connection_options(self, sql: SqlSettings) -> dict[str, str]:
        """Driver properties of every connection: a server that falls silent must not hold a run for ever."""
        return {}

    def writer_options(self, publish: PublishSettings) -> dict[str, str]:
        """Options of Spark's JDBC writer that make it the driver's bulk path."""
        return {"batchsize": str(publish.batch_size)}

    def is_transient(self, failure: SqlError) -> bool:
        """Whether a new connection may succeed: one was lost, a deadlock, a server busy or waking."""
        return failure.is_disconnect or failure.state in PASSING_STATES or failure.code in self.transient_codes

    def lacks_table(self, failure: SqlError) -> bool:
        """Whether a table of the statement is not there."""
        return bool({failure.state, str(failure.code)} & self.missing_table)

    def is_no_sql(self, failure: SqlError) -> bool:
        """Whether the engine could not read the statement."""
        return bool({failure.state, str(failure.code)} & self.syntax_error)


@dataclass(frozen=True)
class H2(Dialect):
    """The embedded default, in MSSQLServer mode, inside Spark's own JVM."""

    name: str = "h2"
    driver: str = "org.h2.Driver"
    ddl_in_transaction: bool = False  # every DDL statement commits
    text_units: int = 2  # VARCHAR(n) counts UTF-16 units
    closes_with_last_connection: bool = True
    missing_table: frozenset[str] = frozenset({"42S02", "42S03", "42S04"})
    syntax_error: frozenset[str] = frozenset({"42000", "42001"})

    def text(self, code_points: int) -> str:
        return f"VARCHAR({self.text_units * code_points})"

    def is_binary(self, collation: str | None, type_: str) -> bool:
        return type_ == "character varying" and collation in (None, "OFF")

    def prepare(self, connection: Connection, sql: SqlSettings) -> None:
        connection.execute(f"SET LOCK_TIMEOUT {int(sql.lock_timeout_seconds * 1000)}")


@dataclass(frozen=True)
class Postgres(Dialect):
    """PostgreSQL 15 and later."""

    name: str = "postgres"
    driver: str = "org.postgresql.Driver"
    takes_nul: bool = False
    takes_stream: bool = True
    missing_table: frozenset[str] = frozenset({"42P01"})
    syntax_error: frozenset[str] = frozenset({"42601"})

    def text(self, code_points: int) -> str:
        return f'VARCHAR({code_points}) COLLATE "C"'

    def is_binary(self, collation: str | None, type_: str) -> bool:
        return collation in ("C", "POSIX", "ucs_basic")

    def create_stage(self, stage: str, columns: Mapping[str, str]) -> str:
        # Unlogged: staging need not survive a crash, and the log is a third of what loading costs.
        return super().create_stage(stage, columns).replace("CREATE TABLE", "CREATE UNLOGGED TABLE", 1)

    def prepare(self, connection: Connection, sql: SqlSettings) -> None:
        milliseconds = int(sql.lock_timeout_seconds * 1000)
        connection.execute(f"SET lock_timeout = {milliseconds}")
        # If this machine vanishes in a transaction, its locks go with it at last.
        connection.execute(f"SET idle_in_transaction_session_timeout = {milliseconds}")

    def connection_options(self, sql: SqlSettings) -> dict[str, str]:
        # Without the last, a failed batch is quoted in the message: names, in logs and notifications.
        return {
            "socketTimeout": str(int(sql.socket_timeout_seconds)),
            "tcpKeepAlive": "true",
            "logServerErrorDetail": "false",
        }

    def lock_migrations(self, connection: Connection) -> None:
        connection.query("SELECT pg_advisory_xact_lock(hashtext('company_activity.migrations'))")

    def writer_options(self, publish: PublishSettings) -> dict[str, str]:
        return super().writer_options(publish) | {"reWriteBatchedInserts": "true"}
