"""The queries that people run answer on every engine at hand."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.warehouse.by_date import publish_dates
from company_activity.io.warehouse.jdbc import Row
from company_activity.io.warehouse.migrations import sql_dir
from company_activity.io.warehouse.served import ACTIVITY
from company_activity.io.warehouse.warehouse import Warehouse

from support.warehouse.tables import DAY, activity, execute, pinned, publisher_of

SAMPLES = Path(__file__).parents[3] / "samples"
OF_THE_SAMPLES = {
    "2025-08-26": "2025-01-01",
    "2025-11-23": str(DAY),
    "c_126": "c001",
}  # what a query asks for → what the test has
QUERIES = {"churn_risks", "company_curve", "reconciliation", "validate_date"}


def test_no_query_is_left_out() -> None:
    assert {file.stem for file in (sql_dir({}) / "queries").glob("*.sql")} == QUERIES


def text_of(name: str) -> str:
    return (sql_dir({}) / "queries" / f"{name}.sql").read_text(encoding="utf-8")


def test_each_query_asks_for_what_the_samples_have() -> None:
    newest = SAMPLES / "crm" / "crm_2025-11-20.csv"
    companies = {row["company_id"] for row in csv.DictReader(newest.read_text(encoding="utf-8").splitlines())}
    for name in QUERIES:
        text = text_of(name)
        assert [day for day in re.findall(r"CAST\('([\d-]+)' AS DATE\)", text) if not served(day)] == []
        assert set(re.findall(r"company_id = '(\w+)'", text)) <= companies


def served(day: str) -> bool:
    """Whether the samples' cycle serves this date."""
    return (SAMPLES / "usage" / f"{day}.json").is_file()


def test_the_list_of_whom_to_call_says_how_it_is_ordered() -> None:
    text = text_of("churn_risks")
    assert "those that miss most user-days first" in text.splitlines()[0]
    order = " ".join(text.partition("ORDER BY")[2].split())
    missing = "activity.missing_user_days_7d"
    assert order == f"CASE WHEN {missing} IS NULL THEN 1 ELSE 0 END ASC, {missing} DESC, activity.company_id ASC;"


@pytest.fixture
def ask(warehouse: Warehouse) -> Callable[[str], list[Row]]:
    """The rows that one of sql/queries gives."""

    def ask(name: str) -> list[Row]:
        text = text_of(name)
        for theirs, ours in OF_THE_SAMPLES.items():
            text = text.replace(theirs, ours)
        with warehouse.connection() as connection:
            return connection.query(text.rstrip().removesuffix(";"))

    return ask


def add_episode(warehouse: Warehouse, company: str, began: date, flagged: date) -> None:
    columns = "company_id, started_on, last_flagged_on, churn_reasons, calm_dates"
    dates = f"CAST('{began}' AS DATE), CAST('{flagged}' AS DATE)"
    execute(warehouse, [f"INSERT INTO analytics.risk_episodes ({columns}) VALUES ('{company}', {dates}, 'A', 0)"])


def test_each_query_gives_what_it_says(
    spark: SparkSession, warehouse: Warehouse, tmp_path: Path, ask: Callable[[str], list[Row]]
) -> None:
    before = DAY - timedelta(days=1)
    days = {before: {"c001": 1}, DAY: {"c001": 3, "c002": 5}}
    for version, built in enumerate([days, {DAY: days[DAY]}]):  # then a date became missing
        lake = pinned(spark, ACTIVITY, activity(spark, built), version)
        publish_dates(publisher_of(warehouse, tmp_path), lake, dict.fromkeys(built, "h"), None)
    add_episode(warehouse, "c001", DAY - timedelta(days=40), DAY - timedelta(days=20))
    add_episode(warehouse, "c001", before, DAY)
    lacking = f"UPDATE {ACTIVITY.name} SET missing_user_days_7d"
    found = [(*row[:2], *row[4:6]) for row in ask("churn_risks")]
    assert found == [("c001", "x", "A,B", str(before)), ("c002", "x", "A,B", None)]
    execute(warehouse, [f"{lacking} = 9 WHERE company_id = 'c002'"])
    assert [row[0] for row in ask("churn_risks")] == ["c002", "c001"]  # what is not known comes last
    execute(warehouse, [f"{lacking} = 10 WHERE company_id = 'c001'"])
    assert [row[0] for row in ask("churn_risks")] == ["c001", "c002"]
    assert [row[:3] for row in ask("company_curve")] == [("2025-03-31", "3", "30")]
    assert [row[:9] for row in ask("validate_date")] == [("2025-03-31", "2", "2", "8", "80", "2", "2", "2", "0")]
    assert ask("reconciliation") == []
    execute(
        warehouse,
        [
            f"DELETE FROM {ACTIVITY.name} WHERE company_id = 'c002'",
            f"UPDATE {ACTIVITY.name} SET activity_date = CAST('{before}' AS DATE)",
        ],
    )
    assert ask("reconciliation") == [("2025-03-30", "0", "1"), ("2025-03-31", "2", "0")]
