"""Whether a run can do its work here: one small check for each thing that it needs, each with its remedy.

It changes nothing. No Spark is started unless it is asked for; one that is there already is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from company_activity.errors import SettingsError
from company_activity.operations.doctor.finding import Check, Finding, failed, looked, not_looked_at
from company_activity.operations.doctor.machine import (
    check_clock,
    check_disk,
    check_java,
    check_packages,
    check_python,
)
from company_activity.operations.doctor.sources import (
    check_api,
    check_lake,
    check_landing,
    check_lease,
    check_notify,
    check_recipients,
    check_secret,
    check_settings,
)
from company_activity.operations.doctor.spark import check_driver, check_jars, check_spark
from company_activity.operations.doctor.sql import check_sql
from company_activity.runtime.session import is_spark_there

if TYPE_CHECKING:
    from company_activity.run import Run

OF_THE_MACHINE: tuple[Check[None], ...] = (check_python, check_packages, check_java)
OF_THE_SETTINGS: tuple[Check[Run], ...] = (
    check_settings,
    check_secret,
    check_api,
    check_notify,
    check_recipients,
    check_landing,
    check_lake,
    check_lease,
    check_disk,
    check_clock,
    check_spark,
    check_jars,
    check_driver,
    check_sql,
)


def doctor(open_run: Callable[[], Run], *, deep: bool = False) -> Iterator[Finding]:
    """What each check finds, one after the other. `deep` starts Spark and asks the warehouse: that may take a while."""
    yield from looked(OF_THE_MACHINE, None)
    try:
        run = open_run()
    except SettingsError as error:
        yield failed("settings", error)
        yield not_looked_at("the rest", "the settings say where it is")
        return
    yield from looked(OF_THE_SETTINGS, run)
    if not deep and not is_spark_there():
        yield not_looked_at("deep", "Spark and the warehouse are asked with --deep")
        return
    # What imports pyspark comes last: the others tell that it is not there.
    yield from import_module("company_activity.operations.doctor.deep").looked_deep(run)
