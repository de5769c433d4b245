"""Warehouses and lake tables for tests of publishing: small, made by hand, each with its own ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from company_activity.io.warehouse.ledger import Fence
from company_activity.io.warehouse.mirror import mirror_files
from company_activity.io.warehouse.pinned import PinnedTable
from company_activity.io.warehouse.preflight import prepare
from company_activity.io.warehouse.publisher import Publisher
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION, SERVED_TABLES, ServedTable
from company_activity.io.warehouse.warehouse import Warehouse, open_warehouse
from company_activity.schemas import Table
from company_activity.settings.model import (
    ApiSettings,
    LakeSettings,
    LandingSettings,
    PublishSettings,
    ReportSettings,
    Secret,
    Settings,
    SqlSettings,
)

from support.spark.frames import frame

NOW = datetime(2025, 4, 1, 5, 30, tzinfo=UTC)
DAY = date(2025, 3, 31)
H2 = "MODE=MSSQLServer;DATABASE_TO_UPPER=FALSE;CASE_INSENSITIVE_IDENTIFIERS=TRUE"
LAKE = "lake-1"


def settings_for(folder: Path, url: str, user: str = "sa", password: str = "", **publish: Any) -> Settings:
    """Settings of a local run whose lake is under `folder`."""
    return Settings(
        api=ApiSettings("http://127.0.0.1:1"),
        landing=LandingSettings(str(folder / "landing")),
        lake=LakeSettings(str(folder / "lake")),
        sql=SqlSettings(url, user, Secret(password), lock_timeout_seconds=60),
        report=ReportSettings(str(folder / "reports")),
        publish=PublishSettings(**publish),
    )


def h2_url(folder: Path) -> str:
    return f"jdbc:h2:file:{folder}/warehouse;{H2}"


def prepared(spark: SparkSession, settings: Settings) -> Warehouse:
    """A warehouse with our tables in it."""
    warehouse = open_warehouse(spark, settings)
    prepare(warehouse, SERVED_TABLES, NOW, may_migrate=True)
    return warehouse


def publisher_of(warehouse: Warehouse, folder: Path, run_id: str = "run-1", **given: Any) -> Publisher:
    """A publisher that does not sleep."""
    files = mirror_files(str(folder / "lake"))
    return Publisher(replace(warehouse, sleep=lambda seconds: None), files, run_id, NOW, **given)


def activity(spark: SparkSession, days: Mapping[date, Mapping[str, int]], **given: Any) -> DataFrame:
    """Rows of the activity table: active users per company per day, the same everywhere else."""
    rows = [
        {"activity_date": day, "company_id": company, "active_users": users, "events": 10 * users}
        for day, companies in days.items()
        for company, users in companies.items()
    ]
    return frame(spark, ACTIVITY.lake, rows, **{**_filled(ACTIVITY.lake), "churn_reasons": ["A", "B"], **given})


def companies(spark: SparkSession, names: Mapping[str, str | None], **given: Any) -> DataFrame:
    """Rows of the dimension: a name per company."""
    rows = [{"company_id": company, "name": name} for company, name in names.items()]
    return frame(spark, DIMENSION.lake, rows, **{**_filled(DIMENSION.lake), **given})


def _filled(table: Table) -> dict[str, Any]:
    """A value for each column that must have one."""
    values: dict[str, Any] = {
        "string": "x",
        "bigint": 0,
        "double": 0.5,
        "boolean": False,
        "date": DAY,
        "timestamp": NOW,
    }
    return {column.name: values.get(column.type, []) for column in table.columns if not column.nullable}


def pinned(spark: SparkSession, served: ServedTable, rows: DataFrame, version: int, lake_id: str = LAKE) -> PinnedTable:
    """A table of the lake that is not one: rows at hand, and a fence."""
    table = PinnedTable(spark, served, "", Fence(lake_id, version))
    vars(table)["rows"] = rows.select(*served.column_names)
    return table


def at_version(table: PinnedTable, version: int) -> PinnedTable:
    """The same rows, further along the lake."""
    moved = replace(table, fence=Fence(table.fence.lake_id, version))
    vars(moved)["rows"] = table.rows
    return moved


def served_rows(warehouse: Warehouse, columns: str, table: ServedTable = ACTIVITY) -> list[tuple[str | None, ...]]:
    """What anybody sees, in the order of the key."""
    with warehouse.connection() as connection:
        return connection.query(f"SELECT {columns} FROM {table.name} ORDER BY {', '.join(table.key)}")


def ledger_rows(warehouse: Warehouse, columns: str = "scope, content_hash, row_count") -> list[tuple[str | None, ...]]:
    """The ledger, oldest row first."""
    with warehouse.connection() as connection:
        return connection.query(f"SELECT {columns} FROM etl.publish_ledger ORDER BY table_name, seq")


def execute(warehouse: Warehouse, statements: Iterable[str]) -> None:
    """Run statements as somebody else would."""
    with warehouse.connection() as connection:
        for statement in statements:
            connection.execute(statement)
