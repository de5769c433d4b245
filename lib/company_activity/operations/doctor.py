"""Whether a run can do its work here: one small check for each thing that it needs, each with its remedy."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from company_activity.errors import CompanyActivityError
from company_activity.io.api.api_url import checked_url, without_secrets
from company_activity.io.secrets.in_urls import without_secrets_in
from company_activity.io.secrets.resolve import resolve
from company_activity.io.warehouse.answering import answering_driver
from company_activity.io.warehouse.engines import dialect_of, parsed
from company_activity.io.warehouse.jdbc import NO_JVM, WITH_JVM
from company_activity.io.warehouse.publishing import check_executors
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.runtime.compute import has_jvm
from company_activity.runtime.session import check_java as see_java
from company_activity.runtime.session import spark_session
from company_activity.schemas import TABLES
from company_activity.steps.start import check_landing as see_landing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from company_activity.run import Run

OLDEST_PYTHON = (3, 11)
WHEEL = "company-activity"
# Fabric 1.3's image has pandas, pyarrow and jsonschema of before our bounds.
NEW_ENOUGH = "use a Synapse pool of Spark 3.5 or Fabric Runtime 2.0 (1.3 is not supported), or upgrade them with pip"
# Of each Spark line the Delta lines that were built for it.
PAIRS = {"3.5": ("3.",), "4.0": ("4.",), "4.1": ("4.",)}


@dataclass(frozen=True)
class Finding:
    """What a check found; an `exit_code` other than 0 comes with a remedy."""

    name: str
    what: str
    exit_code: int = 0
    remedy: str = ""

    @property
    def is_fine(self) -> bool:
        return self.exit_code == 0


Check = Callable[["Run"], Finding]


def doctor(run: Run) -> Iterator[Finding]:
    """What each check finds, one after the other: the first that starts Spark may take a while.

    A check that fails is a finding, and the others go on.
    """
    for check in CHECKS:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        try:
            yield check(run)
        except CompanyActivityError as error:
            yield Finding(name, error.what, error.exit_code, error.remedy)
        except Exception as error:
            first_line = f"{type(error).__name__}: {error}".strip().split("\n", 1)[0]
            what = without_secrets_in(first_line)[:300]
            yield Finding(name, what, 1, "run the command that needs it with --debug")


def check_python(_run: Run) -> Finding:
    """The interpreter is one that the wheel is made for."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Finding("python", found)
    wanted = ".".join(map(str, OLDEST_PYTHON))
    return Finding("python", found, 2, f"use Python {wanted} or newer")


def check_packages(_run: Run) -> Finding:
    """Each package that the wheel requires is there, and new enough: a pool has them, and the wheel brings none."""
    try:
        bounds = re.findall(
            r"^([\w.-]+)>=([\d.]+)$", "\n".join(requires(WHEEL) or []), re.MULTILINE
        )
    except PackageNotFoundError:
        return Finding("packages", "not looked at: the library is used without being installed")
    behind = [told for name, oldest in bounds if (told := _behind(name, oldest))]
    if behind:
        return Finding("packages", "; ".join(behind), 2, NEW_ENOUGH)
    return Finding("packages", f"{len(bounds)}, each new enough")


def _behind(name: str, oldest: str) -> str:
    """What is to be told of a package that is older than the wheel requires, or not there; else nothing.

    >>> _behind("click", "1.0")
    ''
    >>> _behind("no-such-package", "1.0")
    'no-such-package is not installed, 1.0 or newer is needed'
    """
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"{name} is not installed, {oldest} or newer is needed"
    return (
        ""
        if _numbers(found) >= _numbers(oldest)
        else f"{name} is {found}, {oldest} or newer is needed"
    )


def _numbers(release: str) -> list[int]:
    """A release as numbers that compare.

    >>> _numbers("2.9.0.post0") < _numbers("2.10")
    True
    """
    return [int(number) for number in re.findall(r"\d+", release)]


def check_settings(run: Run) -> Finding:
    """The settings are read already: where they point to."""
    settings = run.settings
    return Finding("settings", f"landing {settings.landing.root}, lake {settings.lake.root}")


def check_api(run: Run) -> Finding:
    """The API's URL may be asked, and its key is found; nothing is asked."""
    api = run.settings.api
    url = without_secrets(checked_url(api.url))
    resolve(api.key, run.settings.secrets)
    return Finding("api", f"not asked: {url}; its key is found")


def check_java(_run: Run) -> Finding:
    """There is a Java for a session that is started here."""
    see_java()
    return Finding("java", "found, or brought by the session")


def check_spark(run: Run) -> Finding:
    """Spark starts, takes the settings that results depend on, and has a Delta that was built for it."""
    spark = session_of(run).version
    delta = delta_version(run)
    what = f"{spark}, Delta {delta or 'of the runtime'}"
    built_for = PAIRS.get(".".join(spark.split(".")[:2]))
    if built_for is None:
        known = ", ".join(PAIRS)
        return Finding("spark", what, 2, f"use a runtime of Spark {known}")
    if delta and not delta.startswith(built_for):
        return Finding("spark", what, 2, f"Spark {spark} needs Delta {built_for[0]}x")
    return Finding("spark", what)


def session_of(run: Run) -> SparkSession:
    """A session that holds no lock: `doctor` does not wait for a run."""
    return spark_session(run.settings.spark)


def delta_version(run: Run) -> str:
    """The version of the Delta jar, else that of its Python package; empty where only the runtime knows."""
    spark = session_of(run)
    if has_jvm(spark):
        try:
            package = getattr(spark._jvm.io.delta, "package$")  # type: ignore[union-attr]
            return str(getattr(package, "MODULE$").VERSION())
        except Exception:  # a runtime may have a Delta of its own make
            return ""
    try:
        return version("delta-spark")
    except PackageNotFoundError:
        return ""


def check_jvm(run: Run) -> Finding:
    """Python reaches the driver's JVM, in which publishing holds its transaction."""
    if has_jvm(session_of(run)):
        return Finding("jvm", "within reach: everything works, publishing too")
    return Finding("jvm", NO_JVM, 5, WITH_JVM)


def check_driver(run: Run) -> Finding:
    """The warehouse answers, and the driver that it is reached through names itself."""
    spark = session_of(run)
    if not has_jvm(spark):
        return Finding("driver", "not asked: nothing is published without the JVM")
    url = parsed(run.settings.sql.url)
    if dialect_of(url).is_of_one_process(url):
        check_executors(open_warehouse(spark, run.settings))
        return Finding("driver", "not asked: only one process can open the database, perhaps a run")
    return Finding("driver", str(answering_driver(spark, run.settings, "company-activity doctor")))


def check_landing(run: Run) -> Finding:
    """The landing answers for the folders that a run reads."""
    see_landing(run, {"admit_crm", "ingest_usage"})
    return Finding("landing", run.settings.landing.root)


def check_lake(run: Run) -> Finding:
    """The lake's logs can be read, and nobody gave a table what ours are made without."""
    run.lake.check_features(TABLES)
    made = [table.name for table in TABLES if run.lake.exists(table)]
    return Finding("lake", f"{len(made)} of {len(TABLES)} tables are made")


# What needs no Spark comes first.
CHECKS: tuple[Check, ...] = (
    check_python,
    check_packages,
    check_settings,
    check_api,
    check_landing,
    check_lake,
    check_java,
    check_spark,
    check_jvm,
    check_driver,
)
