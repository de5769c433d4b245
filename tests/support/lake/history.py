"""A lake with a long past, made quickly: few companies, many dates, and as many commits as daily runs would have made."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from company_activity.io.lake.delta import table_uri
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, Table

COMPANIES = ("c_001", "c_002", "c_003", "c_004")
HEADER = "company_id,name,country,industry_tag,last_contact_at\n"


def write_feed(folder: Path, dates: list[date]) -> None:
    """What the API serves: each company on each date."""
    folder.mkdir()
    for day in dates:
        items = [
            {"company_id": company, "active_users": 3 + number, "events": 20, "ts": f"{day}T12:00:00Z"}
            for number, company in enumerate(COMPANIES)
        ]
        (folder / f"{day}.json").write_text(json.dumps({"items": items}), encoding="utf-8")


def write_crm(folder: Path, day: date) -> Path:
    """A CRM file that names each company."""
    file = folder / f"crm_{day}.csv"
    file.write_text(HEADER + "".join(f"{company},Name {company},UK,software,\n" for company in COMPANIES), "utf-8")
    return file


def days_until(last: date, number: int) -> list[date]:
    """So many dates, up to `last`."""
    return [last - timedelta(days=back) for back in range(number - 1, -1, -1)]


def lengthen_logs(spark: SparkSession, lake: str, commits: int) -> None:
    """Give the tables that every day commits to so many more commits, and a checkpoint, as Delta makes one in ten.

    Each commit carries the newest state, and moves no row.
    """
    for table in (PRODUCT_USAGE, COMPANY_ACTIVITY_DAILY):
        _lengthen(Path(lake, table.path, "_delta_log"), commits)
        _checkpoint(spark, lake, table)


def _lengthen(log: Path, commits: int) -> None:
    newest = max(log.glob("*.json"))
    info = [line for line in newest.read_text(encoding="utf-8").splitlines() if '"commitInfo"' in line]
    for number in range(1, commits + 1):
        commit = log / f"{int(newest.stem) + number:020d}.json"
        commit.write_text("\n".join([*info, ""]), encoding="utf-8")


def _checkpoint(spark: SparkSession, lake: str, table: Table) -> None:
    assert spark._jvm is not None
    logs = spark._jvm.org.apache.spark.sql.delta.DeltaLog
    logs.clearCache()  # the commits were not made by this JVM
    logs.forTable(spark._jsparkSession, table_uri(lake, table)).checkpoint()
