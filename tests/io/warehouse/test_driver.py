"""The driver that answers is named, and warned of where it is known to be slow without a word."""

from __future__ import annotations

import os

import pytest
from pyspark.sql import SparkSession

from company_activity.io.warehouse.answering import answering_driver
from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.warehouse import Warehouse
from company_activity.runtime.local import pins
from company_activity.settings.model import Settings

MICROSOFT = "Microsoft JDBC Driver for SQL Server"
ARTIFACTS = {"h2": "h2", "postgres": "postgresql", "azuresql": "mssql-jdbc"}


def pinned_version(artifact: str, *lines: str) -> str:
    """The version of a driver in the first of these lines of jars.yaml that has it."""
    found = [pin.split(":") for line in lines for pin in pins(line)]
    return next(version.partition(".jre")[0] for _, name, version in found if name == artifact)


def test_the_driver_that_answers_is_the_one_that_is_pinned(
    spark: SparkSession, settings: Settings, warehouse: Warehouse
) -> None:
    lines = [os.environ.get("DRIVERS", ""), ""]
    answer = answering_driver(spark, settings, "company-activity doctor")
    assert answer.driver.version.startswith(pinned_version(ARTIFACTS[warehouse.dialect.name], *lines))
    assert answer.advice == ()


@pytest.mark.parametrize("engine", ["azuresql", "synapse"])
def test_a_driver_that_sends_dates_row_by_row_is_warned_of(engine: str) -> None:
    (warning,) = DIALECTS[engine].driver_advice(Driver(MICROSOFT, "12.10.1.0"))
    assert warning.startswith(f"{MICROSOFT} 12.10.1.0 sends a batch with a DATE column row by row")
    assert "13.1" in warning


@pytest.mark.parametrize("engine", ["azuresql", "synapse"])
@pytest.mark.parametrize("line", ["3.5", "4.1"])
def test_the_one_that_is_pinned_is_not(engine: str, line: str) -> None:
    pinned = Driver(MICROSOFT, pinned_version("mssql-jdbc", line))
    assert DIALECTS[engine].driver_advice(pinned) == []
