"""The queries that people run answer on every engine at hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from company_activity.io.sql.by_date import publish_dates
from company_activity.io.sql.migrations import sql_dir
from company_activity.io.sql.served import ACTIVITY

from support.warehouses import DAY, activity, execute, pinned, publisher_of

QUERIES = {"churn_risks", "company_curve", "reconciliation", "validate_date"}


def test_no_query_is_left_out():
    assert {file.stem for file in (sql_dir({}) / "queries").glob("*.sql")} == QUERIES


@pytest.fixture
def ask(warehouse):
    """The rows that one of sql/queries gives."""

    def ask(name):
        text = (sql_dir({}) / "queries" / f"{name}.sql").read_text(encoding="utf-8")
        with warehouse.connection() as connection:
            return connection.query(text.rstrip().removesuffix(";"))

    return ask


def test_each_query_gives_what_it_says(spark, warehouse, tmp_path, ask):
    before = DAY - timedelta(days=1)
    days = {before: {"c001": 1}, DAY: {"c001": 3, "c002": 5}}
    for version, built in enumerate([days, {DAY: days[DAY]}]):  # then a date became missing
        lake = pinned(spark, ACTIVITY, activity(spark, built), version)
        publish_dates(publisher_of(warehouse, tmp_path), lake, dict.fromkeys(built, "h"), None)
    assert [row[:3] for row in ask("churn_risks")] == [("c001", "x", "A,B"), ("c002", "x", "A,B")]
    assert [row[:3] for row in ask("company_curve")] == [("2025-03-31", "3", "30")]
    assert [row[:8] for row in ask("validate_date")] == [("2025-03-31", "2", "2", "8", "80", "2", "2", "x")]
    assert ask("reconciliation") == []
    execute(
        warehouse,
        [
            f"DELETE FROM {ACTIVITY.name} WHERE company_id = 'c002'",
            f"UPDATE {ACTIVITY.name} SET activity_date = CAST('{before}' AS DATE)",
        ],
    )
    assert ask("reconciliation") == [("2025-03-30", "0", "1"), ("2025-03-31", "2", "0")]
