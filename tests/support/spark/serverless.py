"""A session that refuses what Databricks' serverless compute refuses: the JVM, a context, cached rows, most settings.

Refusals are worded as that compute words them. A DataFrame is the real one, whose class refuses meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pytest
from pyspark.errors import AnalysisException, PySparkAttributeError
from pyspark.sql import DataFrame, SparkSession

# docs.databricks.com/spark/conf, "Configure Spark properties for serverless notebooks and jobs".
SETTABLE = {
    "spark.databricks.execution.timeout",
    "spark.sql.ansi.enabled",
    "spark.sql.files.maxPartitionBytes",
    "spark.sql.legacy.timeParserPolicy",
    "spark.sql.session.timeZone",
    "spark.sql.shuffle.partitions",
}
NO_JVM = ("_jvm", "_jsparkSession", "_jsc", "_sc", "_wrapped", "sparkContext", "newSession")
NO_ROWS = ("cache", "persist", "unpersist", "checkpoint", "localCheckpoint")
NO_TABLES = ("cacheTable", "uncacheTable", "clearCache", "isCached")


@dataclass
class RefusingConf:
    """The settings; `asked` are the names of those that were refused."""

    session: SparkSession
    tolerated: frozenset[str]
    asked: set[str] = field(default_factory=set)

    def set(self, name: str, value: str) -> None:
        self._check(name)
        self.session.conf.set(name, value)

    def unset(self, name: str) -> None:
        self._check(name)
        self.session.conf.unset(name)

    def get(self, name: str, default: str | None = None) -> str | None:
        self._check(name)
        return self.session.conf.get(name, default)

    def _check(self, name: str) -> None:
        if name not in SETTABLE | self.tolerated:
            self.asked.add(name)
            raise AnalysisException(f"[CONFIG_NOT_AVAILABLE] Configuration {name} is not available. SQLSTATE: 42K0I")


class Refusing:
    """Hands on what it is asked for, and refuses some names."""

    def __init__(self, real: Any, refused: tuple[str, ...]) -> None:
        self._real = real
        self._refused = refused

    def __getattr__(self, name: str) -> Any:
        if name in self._refused:
            raise PySparkAttributeError(f"[JVM_ATTRIBUTE_NOT_SUPPORTED] Attribute `{name}` is not supported.")
        return getattr(self._real, name)


class Serverless(Refusing):
    """The session as a run sees it."""

    def __init__(self, real: SparkSession, tolerated: frozenset[str]) -> None:
        super().__init__(real, NO_JVM)
        self.conf = RefusingConf(real, tolerated)
        self.catalog = Refusing(real.catalog, NO_TABLES)


@contextmanager
def serverless(real: SparkSession, tolerated: frozenset[str] = frozenset()) -> Iterator[Serverless]:
    """Every run of this process gets a refusing session meanwhile; settings in `tolerated` may be set all the same."""
    from company_activity.runtime.required import require

    session = Serverless(real, tolerated)

    def refuse(rows: DataFrame, *given: Any, **named: Any) -> NoReturn:
        raise AnalysisException("[NOT_SUPPORTED_WITH_SERVERLESS] PERSIST TABLE is not supported. SQLSTATE: 0A000")

    def started(*given: Any) -> Serverless:
        assert require(session) == []  # type: ignore[arg-type]
        return session

    with pytest.MonkeyPatch.context() as patch:
        for name in NO_ROWS:
            patch.setattr(DataFrame, name, refuse)
        patch.setattr(DataFrame, "rdd", property(refuse))
        patch.setattr("company_activity.run.spark_session", started)
        patch.setattr("company_activity.operations.doctor.deep.spark_session", started)
        yield session
