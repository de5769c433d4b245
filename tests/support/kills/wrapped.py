"""Whatever commits, wrapped from outside: each call is told to a watch before it is done and behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from support.kills.points import Side, name_of, name_of_sql

Watch = Callable[[str, Side], None]
Name = Callable[..., str | None]
# Statements that commit nothing.
READS = ("SELECT", "DESCRIBE", "SHOW", "SET", "VALUES")


@dataclass(frozen=True)
class Wrapping:
    """A method that commits, and how a call of it is named; a call without a name is not told of."""

    owner: Any
    method: str
    name: Name

    def watched(self, watch: Watch) -> Callable[..., Any]:
        """The method, with each call told to the watch."""
        call = getattr(self.owner, self.method)

        def called(*given: Any, **named: Any) -> Any:
            found = self.name(*given, **named)
            if found is None:
                return call(*given, **named)
            watch(found, "before")
            done = call(*given, **named)
            watch(found, "after")
            return done

        return called


@contextmanager
def watching(watch: Watch, environ: Mapping[str, str], *, with_spark: bool) -> Iterator[None]:
    """What commits inside is told to the watch; without Spark, pyspark is not imported."""
    wrappings = [*files(environ), *messages()]
    if with_spark:
        wrappings += [*tables(environ), *statements()]
    with ExitStack() as stack:
        for one in wrappings:
            stack.enter_context(mock.patch.object(one.owner, one.method, one.watched(watch)))
        yield


def roots(environ: Mapping[str, str]) -> dict[str, str]:
    """What the roots of the settings are called, by their paths."""
    named = {"landing": "LANDING__ROOT", "lake": "LAKE__ROOT", "reports": "REPORT__DIR", "told": "NOTIFY__FILE"}
    found = {environ.get(f"COMPANY_ACTIVITY__{name}", ""): room for room, name in named.items()}
    return {path: room for path, room in found.items() if path}


def files(environ: Mapping[str, str]) -> Iterator[Wrapping]:
    """Files of landing, lake, reports and messages: made, replaced, removed."""
    from company_activity.io.storage.local import LocalStorage

    known = roots(environ)

    def called(verb: str, storage: LocalStorage, path: str) -> str:
        whole = str(storage.file(path))
        for root, room in known.items():
            if whole.startswith(f"{root}/"):
                return name_of(f"{room}: {verb} {whole.removeprefix(f'{root}/')}")
        return name_of(f"elsewhere: {verb} {path}")

    def removed(storage: LocalStorage, path: str) -> str | None:
        return called("delete", storage, path) if storage.file(path).exists() else None

    yield Wrapping(LocalStorage, "create", lambda storage, path, *_: called("create", storage, path))
    yield Wrapping(LocalStorage, "replace", lambda storage, path, *_: called("replace", storage, path))
    yield Wrapping(LocalStorage, "delete", removed)


def messages() -> Iterator[Wrapping]:
    """What servers take: a mail, a POST."""
    import smtplib

    import requests

    def posted(session: requests.Session, request: Any, **_: Any) -> str | None:
        return "http: POST" if request.method == "POST" else None

    yield Wrapping(smtplib.SMTP, "data", lambda *_: "smtp: DATA")
    yield Wrapping(requests.Session, "send", posted)


def tables(environ: Mapping[str, str]) -> Iterator[Wrapping]:
    """Commits of tables, and loads of staging tables."""
    from pyspark.sql import DataFrameWriter, SparkSession

    lake = environ.get("COMPANY_ACTIVITY__LAKE__ROOT", "?")

    def saved(writer: Any, path: str | None = None, *_: Any, **__: Any) -> str:
        return name_of(f"delta: write {path.partition(f'{lake}/')[2]}") if path else "sql: load staging"

    def asked(session: Any, statement: str, *_: Any, **__: Any) -> str | None:
        if statement.lstrip().upper().startswith(READS):
            return None
        return "delta: " + name_of_sql(statement.replace(f"file:{lake}/", ""))

    yield Wrapping(DataFrameWriter, "save", saved)
    yield Wrapping(SparkSession, "sql", asked)


def statements() -> Iterator[Wrapping]:
    """Statements and ends of transactions in the warehouse."""
    from company_activity.io.warehouse.jdbc import JdbcConnection

    def executed(connection: JdbcConnection, sql: str, *_: Any) -> str | None:
        return None if sql.startswith("SET ") else f"sql: {name_of_sql(sql)}"

    yield Wrapping(JdbcConnection, "execute", executed)
    yield Wrapping(JdbcConnection, "commit", lambda *_: "sql: COMMIT")
    yield Wrapping(JdbcConnection, "rollback", lambda *_: "sql: ROLLBACK")
