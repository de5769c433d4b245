"""H2, the embedded default, in MSSQLServer mode, inside Spark's own JVM."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from company_activity.errors import SettingsError
from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.jdbc import Connection
from company_activity.io.warehouse.jdbc_url import JdbcUrl, SemicolonForm, UrlForm
from company_activity.settings.model import Secret, SqlSettings

REMOTE = re.compile("(tcp|ssl):", re.IGNORECASE)


class H2Url(SemicolonForm):
    """`jdbc:h2:file:<path>;NAME=value`; a backslash quotes the next character."""

    scheme: ClassVar[str] = "h2"
    default_port: ClassVar[int] = 9092
    option: ClassVar[re.Pattern[str]] = re.compile(
        r";(?P<text>(?P<name>[^=;]*)(?:=(?P<value>(?:\\.|[^;\\])*))?)"
    )

    def unquoted(self, value: str) -> str:
        return re.sub(r"\\(.)", r"\1", value)

    def places(self, place: str, *, is_named: bool) -> Iterator[str]:
        if not REMOTE.match(place):
            return  # in our own process
        server = place[4:]
        if server.startswith("//"):
            yield from server[2:].split("/")[0].split(",")
        else:
            yield server  # no driver takes it; nothing says that it is this machine


@dataclass(frozen=True)
class H2(Dialect):
    """H2 2."""

    name: str = "h2"
    driver: str = "org.h2.Driver"
    driver_jar: str = "h2"
    oldest_driver: tuple[int, ...] = (2,)
    url_form: UrlForm = H2Url()
    always_sends_login: bool = True
    ddl_in_transaction: bool = False  # every DDL statement commits
    text_units: int = 2  # VARCHAR(n) counts UTF-16 units
    closes_with_last_connection: bool = True
    missing_table: frozenset[str] = frozenset({"42S02", "42S03", "42S04"})
    syntax_error: frozenset[str] = frozenset({"42000", "42001"})

    def text(self, code_points: int) -> str:
        return f"VARCHAR({self.text_units * code_points})"

    def is_binary(self, collation: str | None, type_: str) -> bool:
        return type_ == "character varying" and collation in (None, "OFF")

    def found_types(self, type_: str) -> frozenset[str]:
        found = super().found_types(type_)
        return (
            found | {"varchar_ignorecase"} if type_ == "text" else found
        )  # refused as a collation

    def is_of_one_process(self, url: JdbcUrl) -> bool:
        serves = {option.value.upper() for option in url.options if option.key == "auto_server"}
        return not url.hosts and serves != {"TRUE"}

    def verified(self, url: JdbcUrl) -> Mapping[str, str | Secret]:
        raise SettingsError(
            "sql.url names an H2 server on another host, whose certificate H2 does not verify",
            remedy="give the database as a file, or a server on a loopback host",
        )

    @property
    def closing_statement(self) -> str:
        return "SHUTDOWN COMPACT"

    def prepare(self, connection: Connection, sql: SqlSettings) -> None:
        connection.execute(f"SET LOCK_TIMEOUT {int(sql.lock_timeout_seconds * 1000)}")
