"""The engines that this machine has, each as an empty warehouse with our tables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.warehouse.warehouse import Warehouse, open_warehouse
from company_activity.settings.model import Settings

from support.warehouse.postgres import postgres
from support.warehouse.tables import h2_url, prepared, settings_for

__all__ = ["postgres"]  # a fixture: found by its name


@pytest.fixture(params=["h2", "postgres", "sqlserver"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a run that publishes to the engine."""
    if request.param == "h2":
        return settings_for(tmp_path, h2_url(tmp_path))
    if request.param == "postgres":
        return settings_for(tmp_path, request.getfixturevalue("postgres").new_database(), "postgres")
    if not (url := os.environ.get("MSSQL_URL")):
        pytest.skip(
            "NO SQL SERVER: publishing to it is NOT tested; set MSSQL_URL to the JDBC URL of a database to spend"
        )
    found = settings_for(tmp_path, url, "")
    empty(open_warehouse(request.getfixturevalue("spark"), found))
    return found


def empty(warehouse: Warehouse) -> None:
    """Drop what an earlier test made: a SQL Server is shared by all of them."""
    with warehouse.connection() as connection:
        ours = "SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA IN ('etl', 'dim', 'analytics')"
        for schema, name in connection.query(ours):
            connection.execute(f"DROP TABLE {schema}.{name}")


@pytest.fixture
def warehouse(spark: SparkSession, settings: Settings) -> Warehouse:
    """The engine, with our tables made."""
    return prepared(spark, settings)
