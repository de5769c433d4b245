"""A local Spark as files: the pair of Spark and Delta, the jars, the JDBC driver. No JVM is started."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.engines import dialect_of, parsed
from company_activity.io.warehouse.engines.base import Dialect
from company_activity.operations.doctor.finding import Finding, not_looked_at
from company_activity.runtime.jars import Jar, holding, listed_jars, properties_in, pyspark_jars
from company_activity.runtime.local import COMPLETE, SET_UP
from company_activity.runtime.session import is_spark_there

if TYPE_CHECKING:
    from company_activity.run import Run

# Of each Spark line the Delta lines that were built for it.
PAIRS = {"3.5": ("3.",), "4.0": ("4.",), "4.1": ("4.",)}
SCALA = {"3": "2.12", "4": "2.13"}  # of pyspark's own jars, by the major version of Spark
DELTA_JAR = re.compile(
    r"delta-spark(_(?P<spark>\d\.\d+))?_(?P<scala>\d\.\d+)-(?P<version>\d[\w.]*)\.jar$"
)
THE_POOLS = "the pool brings its own"


def check_spark(run: Run) -> Finding:
    """The installed Spark is one that we run on, and its Delta was built for it."""
    if is_spark_there():
        return not_looked_at("spark", THE_POOLS)
    try:
        spark = version("pyspark")
    except PackageNotFoundError:
        remedy = "run: pip install 'company-activity[local]'"
        return Finding("spark", "pyspark is not installed", 2, remedy)
    jars = [found for jar in jars_of(run) if (found := DELTA_JAR.search(jar.name))]
    for jar in jars:
        fault = pair_fault(spark, jar["version"]) or jar_fault(spark, jar)
        if fault:
            return Finding("spark", f"Spark {spark}, {jar[0]}: {fault}", 2, f"run: {SET_UP}")
    delta = jars[0]["version"] if jars else delta_package()
    fault = pair_fault(spark, delta)
    what = f"Spark {spark}, Delta {delta or 'of the session'}"
    return (
        Finding("spark", f"{what}: {fault}", 2, pair_remedy(spark))
        if fault
        else Finding("spark", what)
    )


def pair_fault(spark: str, delta: str) -> str:
    """What is wrong with a pair; empty where nothing is, or Delta is not known.

    >>> pair_fault("3.5.5", "3.2.1"), pair_fault("4.1.1", "3.2.1")
    ('', 'Spark 4.1.1 needs Delta 4.x')
    >>> pair_fault("3.4.1", "")
    'we run on Spark 3.5, 4.0, 4.1'
    """
    built_for = PAIRS.get(line_of(spark))
    if built_for is None:
        return f"we run on Spark {', '.join(PAIRS)}"
    if delta and not delta.startswith(built_for):
        return f"Spark {spark} needs Delta {built_for[0]}x"
    return ""


def pair_remedy(spark: str) -> str:
    """What to do about a pair that is none."""
    if line_of(spark) in PAIRS:
        return f"install the delta-spark of Spark {line_of(spark)}, as setup.cfg pairs them"
    return f"use a runtime of Spark {', '.join(PAIRS)}"


def jar_fault(spark: str, jar: re.Match[str]) -> str:
    """What is wrong with a Delta jar by its name: it may be built for another Spark or Scala."""
    scala = SCALA.get(spark.split(".", maxsplit=1)[0])
    if jar["spark"] and jar["spark"] != line_of(spark):
        return f"it was built for Spark {jar['spark']}"
    if scala and jar["scala"] != scala:
        return f"it was built for Scala {jar['scala']}, and this Spark for {scala}"
    return ""


def line_of(spark: str) -> str:
    """A version of Spark without its last number."""
    return ".".join(spark.split(".")[:2])


def delta_package() -> str:
    """The version of Delta's Python package; empty where it is not installed."""
    try:
        return version("delta-spark")
    except PackageNotFoundError:
        return ""


def properties_of(run: Run) -> dict[str, str]:
    """What a local session is started with; nothing where the settings name no file, or it is not there."""
    file = run.settings.spark.properties
    if not file or not Path(file).is_file():
        return {}
    return properties_in(Path(file).read_text(encoding="utf-8"))


def jars_of(run: Run) -> list[Jar]:
    """The jars that a local session is started with."""
    return listed_jars(properties_of(run))


def check_jars(run: Run) -> Iterator[Finding]:
    """The properties of a local session are written, and each jar and interpreter that they name is there and whole."""
    file = run.settings.spark.properties
    again = f"run: {SET_UP}"
    if is_spark_there() or not file:
        yield not_looked_at(
            "jars", THE_POOLS if is_spark_there() else "spark.properties is not set"
        )
        return
    if not Path(file).is_file():
        yield Finding("jars", f"no Spark properties at {file}", 2, again)
        return
    properties = properties_of(run)
    jars = listed_jars(properties)
    broken = [jar for jar in jars if not jar.is_whole]
    for jar in broken:
        fault = "cut or no jar" if jar.path.exists() else "missing"
        yield Finding("jars", f"{fault}: {jar.path}, which {file} names", 2, fetch_again(jar))
    python = properties.get("spark.pyspark.python", "")
    if python.startswith("/") and not Path(python).is_file():
        yield Finding("jars", f"no interpreter {python}, which {file} names", 2, again)
    elif not broken:
        yield Finding("jars", f"{len(jars)}, each whole: {file}")


def fetch_again(jar: Jar) -> str:
    """What to do about a jar that is missing or cut: a folder of our cache counts as whole once it was fetched."""
    cached = jar.path.parent.parent
    if (cached / COMPLETE).is_file():
        return f"remove the folder {cached}, then run: {SET_UP}"
    return "put it back, or take it out of spark.jars"


def check_driver(run: Run) -> Finding:
    """The JDBC driver of the warehouse's engine is among the jars, and new enough."""
    if is_spark_there():
        return not_looked_at("driver", THE_POOLS)
    dialect = dialect_of(parsed(run.settings.sql.url), run.settings.sql.engine)
    jars = [*jars_of(run), *pyspark_jars()]
    jar = next(holding(dialect.driver, jars, dialect.driver_jar), None)
    if jar is not None:
        return driver_finding(
            Driver(jar.name, jar.version), dialect, f"{jar.version} in {jar.path}"
        )
    if "spark.jars.packages" in properties_of(run):
        return not_looked_at("driver", "Spark fetches spark.jars.packages when it starts")
    what = f"no jar with {dialect.driver}, the driver of {dialect.name}"
    return Finding("driver", what, 2, f"run: {SET_UP}, or put it into spark.jars")


def driver_finding(driver: Driver, dialect: Dialect, what: str) -> Finding:
    """A driver that is there: whether publishing is made for one of its age."""
    oldest = ".".join(map(str, dialect.oldest_driver))
    newer = (
        f"put {dialect.driver_jar} {oldest} or newer beside Spark (conf/spark/jars.yaml pins one)"
    )
    if dialect.oldest_driver and driver.is_older_than(*dialect.oldest_driver):
        return Finding("driver", f"too old, {oldest} or newer is needed: {what}", 5, newer)
    return Finding("driver", what, remedy="; ".join(dialect.driver_advice(driver)))
