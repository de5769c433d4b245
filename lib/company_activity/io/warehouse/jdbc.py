"""One JDBC connection, driven from Python through the driver JVM: statements, a transaction, its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from company_activity.errors import PublishError
from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.target import Target
from company_activity.runtime.compute import has_jvm

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Row = tuple[str | None, ...]


# No such host, no trusted certificate: drivers call it a lost connection, but no later try succeeds.
SETTLED = (
    "UnknownHostException",
    "CertificateException",
    "CertPathBuilderException",
    "CertPathValidatorException",
    "SSLPeerUnverifiedException",
)
REJECTED = "08004"  # the server answered, and wants no such connection


NO_JVM = (
    "this session gives no access to its driver JVM (standard or serverless compute, Spark Connect),"
    " so no transaction can be held over JDBC; all that comes before publishing works here"
)
WITH_JVM = (
    "publish from a Databricks cluster of access mode dedicated (single user), from a Synapse or Fabric pool, or from"
    " any machine that reaches lake and warehouse: company-activity publish --date D"
)


class SqlError(Exception):
    """What a driver threw: its message, SQLSTATE and vendor code; `is_settled` if no later try can succeed."""

    def __init__(
        self, message: str, state: str = "", code: int = 0, *, is_settled: bool = False
    ) -> None:
        super().__init__(message)
        self.state = state
        self.code = code
        self.is_settled = is_settled

    @property
    def is_disconnect(self) -> bool:
        """The connection is lost, or could not be made: the server undoes an open transaction."""
        if self.is_settled or self.state == REJECTED:
            return False
        return self.state.startswith("08")


class StageLostError(SqlError):
    """A staging table that our DDL made is not there, or empty: staging begins anew."""


class Connection(Protocol):
    """What publishing asks of a connection; values are bound as text, results come as text.

    `java` is the driver's own connection, for what only one engine has.
    """

    java: Any
    target: Target

    @property
    def driver(self) -> Driver:
        """The driver that made it."""

    def execute(self, sql: str, *values: object) -> int:
        """Run one statement; the number of rows it changed."""

    def query(self, sql: str, *values: object) -> list[Row]:
        """All rows of a query, each value as text or None."""

    def begin(self) -> None:
        """Start a transaction."""

    def commit(self) -> None:
        """End it so that everybody sees it."""

    def rollback(self) -> None:
        """End it as if it had not been."""

    def close(self) -> None:
        """Give the connection back."""


@dataclass
class JdbcConnection:
    """A `java.sql.Connection` behind py4j; every failure leaves as `SqlError`, without secrets."""

    java: Any
    target: Target

    @property
    def driver(self) -> Driver:
        with failures(self.target):
            about = self.java.getMetaData()
            return Driver(str(about.getDriverName()), str(about.getDriverVersion()))

    def execute(self, sql: str, *values: object) -> int:
        if not values:
            return self._execute_plainly(sql)
        with self._statement(sql, values) as statement:
            statement.execute()
            return max(0, int(statement.getUpdateCount()))

    def _execute_plainly(self, sql: str) -> int:
        """As a batch of its own: SQL Server undoes a SET at the end of a prepared statement."""
        with failures(self.target):
            statement = self.java.createStatement()
            try:
                statement.execute(sql)
                return max(0, int(statement.getUpdateCount()))
            finally:
                statement.close()

    def query(self, sql: str, *values: object) -> list[Row]:
        with self._statement(sql, values) as statement:
            result = statement.executeQuery()
            width = range(1, result.getMetaData().getColumnCount() + 1)
            rows: list[Row] = []
            while result.next():
                rows.append(tuple(result.getString(n) for n in width))
            return rows

    def begin(self) -> None:
        self._guarded(self.java.setAutoCommit, False)

    def commit(self) -> None:
        self._guarded(self.java.commit)

    def rollback(self) -> None:
        self._guarded(self.java.rollback)

    def close(self) -> None:
        self._guarded(self.java.close)

    @contextmanager
    def _statement(self, sql: str, values: tuple[object, ...]) -> Iterator[Any]:
        with failures(self.target):
            statement = self.java.prepareStatement(sql)
            try:
                for place, value in enumerate(values, start=1):
                    if isinstance(value, int):
                        statement.setLong(place, value)
                    else:
                        statement.setString(place, str(value))
                yield statement
            finally:
                statement.close()

    def _guarded(self, call: Callable[..., Any], *values: object) -> None:
        with failures(self.target):
            call(*values)


@contextmanager
def failures(target: Target) -> Iterator[None]:
    """Turn what the JVM threw into `SqlError`: the SQLException behind it where there is one, secrets masked."""
    from py4j.protocol import Py4JError, Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except Py4JJavaError as raised:
        raise _as_sql_error(raised.java_exception, target) from None
    except (Py4JError, PySparkException) as broken:
        raise SqlError(_said(broken, target)) from None


def _as_sql_error(thrown: Any, target: Target) -> SqlError:
    root = thrown
    cause = thrown
    while cause is not None and not _is_a(cause, "SQLException"):
        root = cause
        cause = cause.getCause()
    if cause is None:
        return SqlError(_said(root, target))
    while (
        following := cause.getNextException()
    ) is not None:  # the reason stands behind a batch's own words
        cause = following
    return SqlError(
        _said(cause, target),
        cause.getSQLState() or "",
        cause.getErrorCode(),
        is_settled=_is_settled(cause),
    )


def _is_settled(thrown: Any) -> bool:
    while thrown is not None:
        if _is_a(thrown, *SETTLED):
            return True
        thrown = thrown.getCause()
    return False


def _is_a(thrown: Any, *names: str) -> bool:
    """Whether its class, or one that it extends, is called so."""
    kind = thrown.getClass()
    while kind is not None and kind.getSimpleName() not in names:
        kind = kind.getSuperclass()
    return kind is not None


def _said(thrown: Any, target: Target) -> str:
    """What it says in its first line, without secrets: the following ones quote rows."""
    text = (
        str(thrown.getMessage() or thrown.toString())
        if hasattr(thrown, "getMessage")
        else str(thrown)
    )
    masked = target.without_secrets(text)  # before it is cut: half a token would not be found
    return masked.strip().split("\n", 1)[0].strip()[:500]


def connect(
    spark: SparkSession, target: Target, driver: str, options: Mapping[str, str]
) -> JdbcConnection:
    """A new connection of the driver JVM, autocommit on.

    Raises:
        PublishError: if the session has no driver JVM to reach (shared and serverless Databricks compute).
        SqlError: if the server cannot be reached or refuses the login.
    """
    jvm = driver_jvm(spark)
    with failures(target):
        # A driver that came with spark.jars is invisible to DriverManager until Spark wraps it.
        jvm.org.apache.spark.sql.execution.datasources.jdbc.DriverRegistry.register(driver)
        properties = jvm.java.util.Properties()
        for key, value in {**target.revealed(), **options}.items():
            properties.setProperty(key, value)
        return JdbcConnection(
            jvm.java.sql.DriverManager.getConnection(target.url, properties), target
        )


def driver_jvm(spark: SparkSession) -> Any:
    """The driver's JVM, through which a transaction is held open over one connection."""
    if not has_jvm(spark):
        raise PublishError(NO_JVM, remedy=WITH_JVM)
    return spark._jvm
