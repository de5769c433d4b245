"""The queries that people run answer on every engine at hand."""

from __future__ import annotations

import pytest

from company_activity.io.sql.by_date import publish_dates
from company_activity.io.sql.migrations import sql_dir
from company_activity.io.sql.served import ACTIVITY

from support.warehouses import DAY, activity, execute, pinned, publisher_of


@pytest.fixture
def ask(warehouse):
    """The rows that one of sql/queries gives."""

    def ask(name):
        text = (sql_dir({}) / "queries" / f"{name}.sql").read_text(encoding="utf-8")
        with warehouse.connection() as connection:
            return connection.query(text.rstrip().removesuffix(";"))

    return ask


def test_each_query_gives_what_it_says(spark, warehouse, tmp_path, ask):
    lake = pinned(spark, ACTIVITY, activity(spark, {DAY: {"c001": 3, "c002": 5}}), 1)
    publish_dates(publisher_of(warehouse, tmp_path), lake, {DAY: "h"}, None)
    assert [row[:3] for row in ask("churn_risks")] == [("c001", "x", "A,B"), ("c002", "x", "A,B")]
    assert [row[:3] for row in ask("company_curve")] == [("2025-03-31", "3", "30")]
    assert [row[:8] for row in ask("validate_date")] == [("2025-03-31", "2", "2", "8", "80", "2", "2", "x")]
    assert ask("reconciliation") == []
    execute(warehouse, [f"DELETE FROM {ACTIVITY.name} WHERE company_id = 'c002'"])
    assert ask("reconciliation") == [("2025-03-31", "2", "1")]
