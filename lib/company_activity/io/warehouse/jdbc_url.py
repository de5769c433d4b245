"""A JDBC URL as its driver reads it: which hosts it reaches, and with which options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from company_activity.errors import SettingsError
from company_activity.io.net.loopback import is_loopback
from company_activity.io.secrets.in_urls import TORN_USER_INFO

DRIVERS = ("h2", "postgresql", "sqlserver")
HOST_OPTIONS = {
    "h2": (),
    "postgresql": ("host", "pghost"),
    "sqlserver": ("servername", "server", "failoverpartner"),
}
# With one of these, what the URL names is not (or need not be) where the connection goes.
REROUTING = frozenset({"service", "socketfactory", "socketfactoryclass"})
BRACED = r"\s*\{(?:[^}]|\}\})*(?:\}[^;]*|$)"
SEMICOLON_OPTIONS = {
    "sqlserver": re.compile(rf";(?P<text>(?P<name>[^=;]*)(?:=(?P<value>{BRACED}|[^;]*))?)"),
    "h2": re.compile(r";(?P<text>(?P<name>[^=;]*)(?:=(?P<value>(?:\\.|[^;\\])*))?)"),
}


@dataclass(frozen=True)
class Option:
    """An option: its value as the driver takes it, and its text as it stands in the URL."""

    name: str
    value: str
    text: str

    @property
    def key(self) -> str:
        """The name by which it is compared."""
        return self.name.lower()


@dataclass(frozen=True)
class JdbcUrl:
    """A JDBC URL taken apart; `head` is all before the first option, without the user and password before the host.

    `hosts` are all that a connection may go to; none where the database is opened in our own process (H2).
    """

    driver: str
    head: str
    options: tuple[Option, ...]
    hosts: tuple[str, ...]
    user: str = ""
    password: str = ""

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this machine."""
        is_rerouted = any(option.key in REROUTING for option in self.options)
        return not is_rerouted and all(is_loopback(host) for host in self.hosts)

    def text(self, options: tuple[Option, ...]) -> str:
        """The URL with these options."""
        if self.driver == "postgresql":
            return "?".join([self.head, *(["&".join(option.text for option in options)] if options else [])])
        return "".join([self.head, *(f";{option.text}" for option in options)])


def parsed(url: str) -> JdbcUrl:
    """Take a JDBC URL apart as its driver does.

    Raises:
        SettingsError: for a driver that we do not know, or a password before the host that cannot be separated from it.
    """
    scheme = re.match(r"jdbc:(\w+):", url)
    if scheme is None or scheme[1] not in DRIVERS:
        raise SettingsError("sql.url names no engine that we publish to",
                            remedy=f"begin it with one of: {', '.join(f'jdbc:{d}:' for d in DRIVERS)}")  # fmt: skip
    driver = scheme[1]
    whole, options = _postgres_options(url) if driver == "postgresql" else _semicolon_options(url, driver)
    head, user, password = _without_user(whole)
    is_torn = head == whole and TORN_USER_INFO.search(url) is not None
    if is_torn or TORN_USER_INFO.search(head):
        raise SettingsError(
            "sql.url has a user and a password before its host that cannot be separated from it",
            remedy="give them as sql.user and sql.password",
        )
    named = [option.value for option in options if option.key in HOST_OPTIONS[driver]]
    hosts = [*_hosts(driver, head, is_named=bool(named)), *(host for value in named for host in value.split(","))]
    return JdbcUrl(driver, head, options, tuple(_host(host, driver) for host in hosts), user, password)


def _postgres_options(url: str) -> tuple[str, tuple[Option, ...]]:
    head, _, tail = url.partition("?")
    options = []
    for text in filter(None, tail.split("&")):
        name, _, value = text.partition("=")
        options.append(Option(name.strip(), unquote_plus(value), text))
    return head, tuple(options)


def _semicolon_options(url: str, driver: str) -> tuple[str, tuple[Option, ...]]:
    head, found, _ = url.partition(";")
    tail = url[len(head) :] if found else ""
    options = []
    for match in SEMICOLON_OPTIONS[driver].finditer(tail):
        if match["text"].strip():
            options.append(Option(match["name"].strip(), _unquoted(match["value"] or "", driver), match["text"]))
    return head, tuple(options)


def _unquoted(value: str, driver: str) -> str:
    """A value without what keeps its semicolons from ending it."""
    if driver == "h2":
        return re.sub(r"\\(.)", r"\1", value)
    trimmed = value.strip()
    is_braced = trimmed.startswith("{") and trimmed.endswith("}")
    return trimmed[1:-1].replace("}}", "}") if is_braced else trimmed


def _without_user(head: str) -> tuple[str, str, str]:
    """The head, and the user and password that stood before its host."""
    before, slashes, after = head.partition("//")
    authority, slash, path = after.partition("/")
    info, at, host = authority.rpartition("@")
    if not at:
        return head, "", ""
    user, _, password = info.partition(":")
    return f"{before}{slashes}{host}{slash}{path}", unquote(user), unquote(password)


def _hosts(driver: str, head: str, *, is_named: bool) -> Iterator[str]:
    """The hosts that stand in the head, each perhaps with a port or an instance; without one it is this machine."""
    place = head.split(":", 2)[2]
    if driver == "h2":
        if not re.match("(tcp|ssl):", place, re.IGNORECASE):
            return  # in our own process
        place = place[4:]
    if place.startswith("//") and driver == "sqlserver":
        yield place[2:]
    elif place.startswith("//"):
        yield from place[2:].split("/")[0].split(",")
    elif driver == "h2":
        yield place  # no driver takes it; nothing says that it is this machine
    elif not is_named:
        yield ""


def _host(named: str, driver: str) -> str:
    """A host without its port or instance; `localhost` where the driver takes that for none.

    >>> [_host(named, "postgresql") for named in ("db:5432", "[::1]:5432", "::1", "")]
    ['db', '[::1]', '::1', 'localhost']
    >>> _host("db\\\\sales:1433", "sqlserver")
    'db'
    """
    host = named.strip()
    if driver == "sqlserver":
        host = host.split("\\")[0]
    if host.startswith("["):
        host = f"{host.partition(']')[0]}]"
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    return host or "localhost"
