"""PostgreSQL 15 and later."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote_plus

from company_activity.errors import SettingsError
from company_activity.io.secrets.azure_credential import POSTGRES
from company_activity.io.warehouse.copy_in import copy_in
from company_activity.io.warehouse.engines.base import StreamingDialect
from company_activity.io.warehouse.entra import EntraLogin
from company_activity.io.warehouse.jdbc import Connection
from company_activity.io.warehouse.jdbc_url import JdbcUrl, Option, UrlForm
from company_activity.settings.model import PublishSettings, Secret, SqlSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# The JVM's own trust store. Only with the host's name checked: any public certificate would do without.
TRUST_OF_JVM = "org.postgresql.ssl.DefaultJavaSSLFactory"
OWN_FILES = frozenset({"sslrootcert", "sslcert", "sslkey"})
TLS_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "sslmode": ("verify-full", "verify-ca"),
    "sslfactory": (TRUST_OF_JVM,),
    "sslhostnameverifier": (),
    "socketFactory": (),
}


class PostgresUrl(UrlForm):
    """`jdbc:postgresql://host:port,host:port/database?name=value&name=value`.

    >>> [PostgresUrl().host(named) for named in ("db:5432", "[::1]:5432", "::1", "")]
    ['db', '[::1]', '::1', 'localhost']
    """

    scheme: ClassVar[str] = "postgresql"
    host_options: ClassVar[tuple[str, ...]] = ("host", "pghost")
    port_options: ClassVar[tuple[str, ...]] = ("port", "pgport")
    default_port: ClassVar[int] = 5432

    def options(self, url: str) -> tuple[str, tuple[Option, ...]]:
        head, _, tail = url.partition("?")
        options = []
        for text in filter(None, tail.split("&")):
            name, _, value = text.partition("=")
            options.append(Option(name.strip(), unquote_plus(value), text))
        return head, tuple(options)

    def text(self, head: str, options: Collection[Option]) -> str:
        if not options:
            return head
        return f"{head}?{'&'.join(option.text for option in options)}"

    def places(self, place: str, *, is_named: bool) -> Iterator[str]:
        if place.startswith("//"):
            yield from place[2:].split("/")[0].split(",")
        elif not is_named:
            yield ""


@dataclass(frozen=True)
class Postgres(StreamingDialect):
    """PostgreSQL: rows of dates come by COPY over the publishing connection."""

    name: str = "postgres"
    driver: str = "org.postgresql.Driver"
    driver_jar: str = "postgresql"
    # A Synapse pool's own, which publishing is tested through.
    oldest_driver: tuple[int, ...] = (42, 2, 9)
    url_form: UrlForm = PostgresUrl()
    tls_options: ClassVar[Mapping[str, tuple[str, ...]]] = TLS_OPTIONS
    # Azure's servers take a token as the password of the role that stands for the principal.
    entra: ClassVar[EntraLogin | None] = EntraLogin(POSTGRES, "password", wants_user=True)
    takes_nul: bool = False
    # Deadlock, too many connections, and a server that is stopped, has crashed or is starting.
    transient_states: frozenset[str] = frozenset(
        {"40001", "40P01", "53300", "57P01", "57P02", "57P03"}
    )
    missing_table: frozenset[str] = frozenset({"42P01"})
    syntax_error: frozenset[str] = frozenset({"42601"})
    refused_login: frozenset[str] = frozenset({"28000", "28P01"})

    def forgetting(self, tables: Sequence[str]) -> Sequence[str]:
        return tuple(f"VACUUM FULL {table}" for table in tables)

    def text(self, code_points: int) -> str:
        return f'VARCHAR({code_points}) COLLATE "C"'

    def is_binary(self, collation: str | None, type_: str) -> bool:
        return collation in ("C", "POSIX", "ucs_basic")

    def verified(self, url: JdbcUrl) -> Mapping[str, str | Secret]:
        properties = dict(super().verified(url))
        names = {option.key for option in url.options}
        checks_host = str(properties["sslmode"]).lower() == "verify-full"
        if not checks_host and "sslfactory" in names:
            raise SettingsError(
                "sql.url weakens TLS by sslfactory, which only H2 or a loopback host may: "
                "without the host's name checked, any public certificate would do",
                remedy="set sslmode=verify-full",
            )
        has_own_trust = bool(OWN_FILES & names) or not checks_host
        if has_own_trust and "sslfactory" not in names:
            del properties["sslfactory"]
        return properties

    def create_stage(self, stage: str, columns: Mapping[str, str]) -> str:
        # Unlogged: staging need not survive a crash, and the log is a third of what loading costs.
        created = super().create_stage(stage, columns)
        return created.replace("CREATE TABLE", "CREATE UNLOGGED TABLE", 1)

    def prepare(self, connection: Connection, sql: SqlSettings) -> None:
        milliseconds = int(sql.lock_timeout_seconds * 1000)
        connection.execute(f"SET lock_timeout = {milliseconds}")
        # If this machine vanishes in a transaction, its locks go with it at last.
        connection.execute(f"SET idle_in_transaction_session_timeout = {milliseconds}")

    def begin(self, connection: Connection) -> None:
        super().begin(connection)
        # A database or role may set another default: whoever has waited for the lock would read an old ledger.
        connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")

    def connection_options(self, sql: SqlSettings) -> dict[str, str]:
        # Without the last, a failed batch is quoted in the message: names, in logs and notifications.
        return {
            "socketTimeout": str(int(sql.socket_timeout_seconds)),
            "tcpKeepAlive": "true",
            "logServerErrorDetail": "false",
        }

    def lock_migrations(self, connection: Connection) -> None:
        connection.query("SELECT pg_advisory_xact_lock(hashtext('company_activity.migrations'))")

    def isolation_faults(self, connection: Connection) -> list[tuple[str, str]]:
        asked = "SELECT current_database(), current_setting('default_transaction_isolation')"
        return [
            (
                f"transactions are {found} by default: ours ask for read committed, but others that read or change"
                " these tables see them as they stood when they began",
                f"ALTER DATABASE {name} SET default_transaction_isolation TO 'read committed'; the same for our role",
            )
            for name, found in connection.query(asked)
            if found != "read committed"
        ]

    def writer_options(self, publish: PublishSettings) -> dict[str, str]:
        return super().writer_options(publish) | {"reWriteBatchedInserts": "true"}

    def insert_stream(
        self,
        connection: Connection,
        table: str,
        columns: Collection[str],
        slices: Sequence[DataFrame],
    ) -> None:
        copy_in(
            connection, f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)", slices
        )
