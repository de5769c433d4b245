"""The warehouse as publishing sees it: a target, its dialect, and connections to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from pyspark.sql import SparkSession

from company_activity.errors import PublishError
from company_activity.io.secrets.resolve import resolve
from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.jdbc import Connection, SqlError, connect
from company_activity.io.warehouse.retries import Retries
from company_activity.io.warehouse.target import Target
from company_activity.io.warehouse.target_of import target_of
from company_activity.settings.model import PublishSettings, Settings, SqlSettings

PUBLISH = "company-activity publish --date D"
T = TypeVar("T")


@dataclass(frozen=True)
class Warehouse:
    """Where to publish, in which dialect, and how rows travel there."""

    spark: SparkSession
    target: Target
    dialect: Dialect
    publish: PublishSettings
    sql: SqlSettings
    sleep: Callable[[float], None] = time.sleep

    def tried(self, unit: Callable[[], T]) -> T:
        """What `unit` returns; after a transient failure all of it is run again, for `sql.wake_seconds`.

        Once more, too, where a login was refused because its token had expired: each connection asks for a token.
        """
        renewals = iter([True])

        def is_worth_repeating(failure: SqlError) -> bool:
            return self.dialect.is_transient(failure) or (
                self._had_old_token(failure) and next(renewals, False)
            )

        return Retries(self.sql.wake_seconds, self.sleep).run(unit, is_worth_repeating)

    def _had_old_token(self, failure: SqlError) -> bool:
        tokens = self.target.tokens
        return (
            tokens is not None
            and self.dialect.refuses_login(failure)
            and tokens.expired(str(failure))
        )

    def asked(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns on a connection of its own; each try has a new one."""

        def once() -> T:
            with self.connection() as connection:
                return work(connection)

        return self.tried(once)

    @contextmanager
    def session(self) -> Iterator[None]:
        """Keep a database open that closes with its last connection and opens again with the next one."""
        if not self.dialect.closes_with_last_connection:
            yield
            return
        with self.connection():
            yield

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection of its own, closed at the end."""
        options = self.dialect.connection_options(self.sql)
        connection = connect(self.spark, self.target, self.dialect.driver, options)
        try:
            self.dialect.prepare(connection, self.sql)
            yield connection
        finally:
            with suppress(SqlError):
                connection.close()

    @contextmanager
    def reported(self, doing: str, again: str = PUBLISH) -> Iterator[None]:
        """Let what a driver throws leave as a `PublishError`: what was being done, where, the command to repeat."""
        try:
            yield
        except SqlError as failure:
            code = (
                f" (SQLSTATE {failure.state}, code {failure.code})"
                if failure.state or failure.code
                else ""
            )
            raise PublishError(
                f"{doing} at {self.target.shown}: {failure}{code}",
                remedy=f"fix the cause and rerun; publishing resumes there: {again}",
            ) from failure


def open_warehouse(spark: SparkSession, settings: Settings) -> Warehouse:
    """The warehouse that the settings name; nothing is connected yet.

    Raises:
        SettingsError: as `target_of`, and for a password that is found nowhere.
    """
    sql = settings.sql
    if sql.auth == "password":
        sql = replace(sql, password=resolve(sql.password, settings.secrets))
    target = target_of(sql)
    return Warehouse(spark, target, DIALECTS[target.engine], settings.publish, settings.sql)
