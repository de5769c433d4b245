"""A JDBC URL taken apart as its driver reads it: which hosts it reaches, and with which options."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import unquote

from company_activity.errors import SettingsError
from company_activity.io.net.loopback import is_loopback
from company_activity.io.secrets.in_urls import TORN_USER_INFO

# With one of these, the connection may go elsewhere than to the host that the URL names.
REROUTING = frozenset({"service", "socketfactory", "socketfactoryclass"})


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


class UrlForm(ABC):
    """How one driver writes its URLs. Each engine's file says how its own does."""

    scheme: ClassVar[str]
    host_options: ClassVar[tuple[str, ...]] = ()  # options that name a host, lower case
    port_options: ClassVar[tuple[str, ...]] = ()  # options that name a port, lower case
    default_port: ClassVar[int]

    @abstractmethod
    def options(self, url: str) -> tuple[str, tuple[Option, ...]]:
        """All before the first option, and the options."""

    @abstractmethod
    def text(self, head: str, options: Collection[Option]) -> str:
        """The URL with these options: the inverse of `options`."""

    @abstractmethod
    def places(self, place: str, *, is_named: bool) -> Iterator[str]:
        """The hosts in what follows `jdbc:<scheme>:`, each perhaps with a port or an instance.

        `is_named` says that an option names a host.
        """

    def host(self, named: str) -> str:
        """A host without its port; `localhost` where the driver takes that for none."""
        host = named.strip()
        if host.startswith("["):
            host = f"{host.partition(']')[0]}]"
        elif host.count(":") == 1:
            host = host.partition(":")[0]
        return host or "localhost"

    def port(self, named: str) -> str:
        """The port of a host; empty where it names none."""
        behind = named.strip().rpartition("]")[2]
        return behind.partition(":")[2] if behind.count(":") == 1 else ""


class SemicolonForm(UrlForm):
    """Options behind semicolons, as H2 and SQL Server have them."""

    option: ClassVar[re.Pattern[str]]  # one option, with the groups `text`, `name` and `value`

    @abstractmethod
    def unquoted(self, value: str) -> str:
        """A value without what keeps its semicolons from ending it."""

    def options(self, url: str) -> tuple[str, tuple[Option, ...]]:
        head = url.partition(";")[0]
        tail = url[len(head) :]
        options = []
        for match in self.option.finditer(tail):
            if match["text"].strip():
                value = self.unquoted(match["value"] or "")
                options.append(Option(match["name"].strip(), value, match["text"]))
        return head, tuple(options)

    def text(self, head: str, options: Collection[Option]) -> str:
        return "".join([head, *(f";{option.text}" for option in options)])


@dataclass(frozen=True)
class JdbcUrl:
    """A JDBC URL taken apart; `head` lacks the user and password that stood before the host.

    `hosts` are all that a connection may go to; none where the database is opened in our own process (H2).
    """

    form: UrlForm
    head: str
    options: tuple[Option, ...]
    hosts: tuple[str, ...]
    user: str = ""
    password: str = ""
    places: tuple[str, ...] = ()  # of each host its text, perhaps with a port or an instance

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of each server; none where the driver finds out elsewhere which they are."""
        named = {option.key: option.value.strip() for option in self.options}
        if named.keys() & (REROUTING | {"instancename"}) or any("\\" in one for one in self.places):
            return []
        given = next((named[key] for key in self.form.port_options if named.get(key)), "")
        return [
            (
                self.form.host(one).strip("[]"),
                int(self.form.port(one) or given or self.form.default_port),
            )
            for one in self.places
        ]

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this machine."""
        is_rerouted = any(option.key in REROUTING for option in self.options)
        return not is_rerouted and all(is_loopback(host) for host in self.hosts)

    def text(self, options: Collection[Option]) -> str:
        """The URL with these options."""
        return self.form.text(self.head, options)


def taken_apart(url: str, form: UrlForm) -> JdbcUrl:
    """Take a JDBC URL apart as its driver does.

    Raises:
        SettingsError: for a user and password before the host that cannot be separated from it.
    """
    whole, options = form.options(url)
    head, user, password = _without_user(whole)
    is_torn = head == whole and TORN_USER_INFO.search(url) is not None
    if is_torn or TORN_USER_INFO.search(head):
        raise SettingsError(
            "sql.url has a user and a password before its host that cannot be separated from it",
            remedy="give them as sql.user and sql.password",
        )
    places = tuple(_places(form, head, options))
    hosts = tuple(form.host(place) for place in places)
    return JdbcUrl(form, head, options, hosts, user, password, places)


def _places(form: UrlForm, head: str, options: Collection[Option]) -> Iterator[str]:
    """The hosts that the head names, then those that options name."""
    named = [option.value for option in options if option.key in form.host_options]
    place = head.split(":", 2)[2]
    yield from form.places(place, is_named=bool(named))
    for value in named:
        yield from value.split(",")


def _without_user(head: str) -> tuple[str, str, str]:
    """The head, and the user and password that stood before its host."""
    before, slashes, after = head.partition("//")
    authority, slash, path = after.partition("/")
    info, at, host = authority.rpartition("@")
    if not at:
        return head, "", ""
    user, _, password = info.partition(":")
    return f"{before}{slashes}{host}{slash}{path}", unquote(user), unquote(password)
