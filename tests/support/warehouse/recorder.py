"""A connection that writes down what it is asked and answers from a script: SQL as text, without an engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.jdbc import Connection, Row
from company_activity.io.warehouse.target import Target
from company_activity.io.warehouse.warehouse import Warehouse
from company_activity.settings.model import PublishSettings, SqlSettings

NOWHERE = Target("recorded", "jdbc:recorded")


@dataclass
class Recorder:
    """Answers a query with the rows under the first of `answers` that its text contains, else with none."""

    answers: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    java: Any = None  # no driver stands behind it
    target: Target = NOWHERE
    driver: Driver = Driver("recorder", "1.0")

    def execute(self, sql: str, *values: object) -> int:
        self.said.append(_filled(sql, values))
        return 1

    def query(self, sql: str, *values: object) -> list[Row]:
        self.said.append(_filled(sql, values))
        return next((list(rows) for part, rows in self.answers.items() if part in sql), [])

    def begin(self) -> None:
        self.said.append("(begin)")

    def commit(self) -> None:
        self.said.append("(commit)")

    def rollback(self) -> None:
        self.said.append("(rollback)")

    def close(self) -> None:
        self.said.append("(close)")


class RecordedWarehouse(Warehouse):
    """A warehouse whose every connection is the recorder."""

    recorder: Recorder

    def __init__(
        self,
        dialect: Dialect,
        recorder: Recorder,
        target: Target = NOWHERE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        sql = SqlSettings(NOWHERE.url, lock_timeout_seconds=600)
        no_spark: Any = None  # what connects is replaced below
        super().__init__(no_spark, target, dialect, PublishSettings(), sql, sleep)
        vars(self)["recorder"] = recorder

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        self.dialect.prepare(self.recorder, self.sql)
        try:
            yield self.recorder
        finally:
            self.recorder.close()


def _filled(sql: str, values: tuple[object, ...]) -> str:
    """The statement with its values where they are bound."""
    for value in values:
        sql = sql.replace("?", str(value) if isinstance(value, int) else f"'{value}'", 1)
    return sql
