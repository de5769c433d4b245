"""What only a session can tell: whether Spark starts, what it is, and what the warehouse answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from company_activity.io.warehouse.engines import dialect_of, parsed
from company_activity.io.warehouse.jdbc import NO_JVM, WITH_JVM, Connection
from company_activity.io.warehouse.publishing import check_executors
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.operations.doctor.finding import Finding, looked, not_looked_at
from company_activity.operations.doctor.spark import (
    delta_package,
    driver_finding,
    pair_fault,
    pair_remedy,
)
from company_activity.operations.doctor.sql import refusals_of
from company_activity.runtime.compute import has_jvm
from company_activity.runtime.session import spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from company_activity.run import Run

AGAIN = "company-activity doctor --deep"


def looked_deep(run: Run) -> Iterator[Finding]:
    """What each check finds; without a session there is nothing more to look at."""
    [started] = looked((check_session,), run)
    yield started
    if started.is_fine:
        yield from looked((check_pair, check_jvm, check_warehouse), run)
    else:
        yield not_looked_at("warehouse", "there is no session to ask it by")


def session_of(run: Run) -> SparkSession:
    """A session that holds no lock: `doctor` does not wait for a run."""
    return spark_session(run.settings.spark)


def check_session(run: Run) -> Finding:
    """Spark starts, and takes the settings that results depend on."""
    return Finding("session", f"Spark {session_of(run).version} is there")


def check_pair(run: Run) -> Finding:
    """The session's Delta was built for its Spark."""
    spark = session_of(run).version
    delta = delta_version(run)
    what = f"Spark {spark}, Delta {delta or 'of the runtime'}"
    if fault := pair_fault(spark, delta):
        return Finding("pair", f"{what}: {fault}", 2, pair_remedy(spark))
    return Finding("pair", what)


def delta_version(run: Run) -> str:
    """The version of the Delta jar, else that of its Python package; empty where only the runtime knows."""
    spark = session_of(run)
    if has_jvm(spark):
        try:
            package = getattr(spark._jvm.io.delta, "package$")  # type: ignore[union-attr]
            return str(getattr(package, "MODULE$").VERSION())
        except Exception:  # a runtime may have a Delta of its own make
            return ""
    return delta_package()


def check_jvm(run: Run) -> Finding:
    """Python reaches the driver's JVM, in which publishing holds its transaction."""
    if has_jvm(session_of(run)):
        return Finding("jvm", "within reach: everything works, publishing too")
    return Finding("jvm", NO_JVM, 5, WITH_JVM)


def check_warehouse(run: Run) -> Iterator[Finding]:
    """The warehouse answers, its driver is new enough, and it keeps transactions apart as publishing needs it."""
    spark = session_of(run)
    if not has_jvm(spark):
        yield not_looked_at("warehouse", "nothing is published without the JVM")
        return
    url = parsed(run.settings.sql.url)
    warehouse = open_warehouse(spark, run.settings)
    if dialect_of(url).is_of_one_process(url):
        check_executors(warehouse)
        yield not_looked_at("warehouse", "only one process can open the database, perhaps a run")
        return
    if url.addresses and len(refusals_of(url)) == len(url.addresses):
        yield not_looked_at("warehouse", "nobody answers there")
        return
    dialect = warehouse.dialect

    def asked(connection: Connection) -> list[Finding]:
        driver = connection.driver
        faults = dialect.isolation_faults(connection)
        found = [Finding("isolation", what, 5, remedy) for what, remedy in faults]
        advice = [advised("isolation", text) for text in dialect.advice(connection)]
        fine = [Finding("isolation", "transactions see what is committed, and readers too")]
        return [driver_finding(driver, dialect, f"{driver} answers"), *(found + advice or fine)]

    with warehouse.reported("connecting", AGAIN):
        yield from warehouse.asked(asked)


def advised(name: str, advice: str) -> Finding:
    """Advice, which ends in its remedy.

    >>> advised("isolation", "it is off: readers wait; set it on").remedy
    'set it on'
    """
    what, _, remedy = advice.partition("; ")
    return Finding(name, what, remedy=remedy or AGAIN)
