"""A connection that writes down what it is asked and answers from a script: SQL as text, without an engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.jdbc import Row
from company_activity.io.warehouse.target import Target
from company_activity.io.warehouse.warehouse import Warehouse
from company_activity.settings.model import SqlSettings


@dataclass
class Recorder:
    """Answers a query with the rows under the first of `answers` that its text contains, else with none."""

    answers: Mapping[str, list[Row]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def execute(self, sql: str, *values: object) -> int:
        self.said.append(_filled(sql, values))
        return 1

    def query(self, sql: str, *values: object) -> list[Row]:
        self.said.append(_filled(sql, values))
        return next((rows for part, rows in self.answers.items() if part in sql), [])

    def begin(self) -> None:
        self.said.append("(begin)")

    def commit(self) -> None:
        self.said.append("(commit)")

    def rollback(self) -> None:
        self.said.append("(rollback)")

    def close(self) -> None:
        self.said.append("(close)")


@dataclass(frozen=True)
class RecordedWarehouse:
    """A warehouse whose every connection is the recorder."""

    dialect: Dialect
    recorder: Recorder
    target: Target = Target("recorded", "jdbc:recorded")
    sql: SqlSettings = SqlSettings("jdbc:recorded", lock_timeout_seconds=600)
    sleep: Callable[[float], None] = time.sleep
    tried = Warehouse.tried
    _had_old_token = Warehouse._had_old_token
    asked = Warehouse.asked

    @contextmanager
    def connection(self) -> Iterator[Recorder]:
        self.dialect.prepare(self.recorder, self.sql)  # type: ignore[arg-type]
        try:
            yield self.recorder
        finally:
            self.recorder.close()


def _filled(sql: str, values: tuple[object, ...]) -> str:
    """The statement with its values where they are bound."""
    for value in values:
        sql = sql.replace("?", str(value) if isinstance(value, int) else f"'{value}'", 1)
    return sql
