"""dbt itself reads `sources.yml`, and runs its tests on tables that are as the schemas say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt.cli.main import dbtRunner, dbtRunnerResult

from company_activity.schemas import TABLES, Table
from deployment.dbt.check import dbt_faults
from deployment.dbt.sources import READ, dbt_files

PROJECT = {"name": "readers", "version": "1.0", "profile": "readers", "model-paths": ["models"]}
ONE_OF_TYPE = {
    "string": "'text'",
    "bigint": "1",
    "double": "0.5",
    "decimal(18,2)": "1.50",
    "decimal(28,2)": "1.50",
    "boolean": "false",
    "date": "DATE '2025-11-23'",
    "timestamp": "TIMESTAMP '2025-11-23 10:00:00'",
    "array<string>": "['one']",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A minimal dbt project with our sources and nothing else; its database is a file of DuckDB."""
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    target = {"type": "duckdb", "path": str(tmp_path / "lake.duckdb"), "threads": 1}
    profile = {"readers": {"target": "local", "outputs": {"local": target}}}
    (tmp_path / "dbt_project.yml").write_text(yaml.safe_dump(PROJECT), encoding="utf-8")
    (tmp_path / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    (tmp_path / "models").mkdir()
    for path, text in dbt_files().items():
        (tmp_path / "models" / path).write_text(text, encoding="utf-8")
    return tmp_path


def dbt(project: Path, *command: str) -> dbtRunnerResult:
    """Run a command of dbt; a warning of its is an error."""
    places = ["--project-dir", str(project), "--profiles-dir", str(project)]
    return dbtRunner().invoke(["--quiet", "--warn-error", *command, *places])


def test_dbt_parses_every_table_with_its_columns(project: Path) -> None:
    parsed = dbt(project, "parse")
    assert parsed.success, parsed.exception
    found = {
        f"{source.schema}.{source.name}": {
            name: (column.description, column.data_type) for name, column in source.columns.items()
        }
        for source in parsed.result.sources.values()
    }
    assert found == {
        table.name: {column.name: (column.comment, column.type) for column in table.columns} for table in READ
    }


def filled(database: Path, doubled: Sequence[str] = ()) -> None:
    """One row in each table; in those of `doubled`, the same row twice."""
    with duckdb.connect(str(database)) as connection:
        for table in READ:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.name.split('.')[0]}")
            connection.execute(f"CREATE TABLE {table.name} ({duckdb_columns(table)})")
            values = ", ".join(ONE_OF_TYPE[column.type] for column in table.columns)
            for _ in range(2 if table.name in doubled else 1):
                connection.execute(f"INSERT INTO {table.name} VALUES ({values})")


def duckdb_columns(table: Table) -> str:
    types = {"string": "VARCHAR", "array<string>": "VARCHAR[]"}
    return ", ".join(f'"{column.name}" {types.get(column.type, column.type)}' for column in table.columns)


@pytest.mark.parametrize(
    ("doubled", "failing"),
    [
        ([], set[str]()),
        (
            ["dim.companies", "analytics.company_activity_daily"],
            {"unique_analytics_company_activity_daily_key", "source_unique_dim_companies_company_id"},
        ),
    ],
)
def test_the_tests_of_keys_fail_where_a_key_is_there_twice(
    project: Path, doubled: list[str], failing: set[str]
) -> None:
    filled(project / "lake.duckdb", doubled)
    tested = dbt(project, "test")
    outcomes = {result.node.name: str(result.status) for result in results(tested)}
    assert len(outcomes) > 40
    assert {name for name, status in outcomes.items() if status != "pass"} == failing


def results(tested: dbtRunnerResult) -> list[Any]:
    assert tested.result is not None, tested.exception
    return list(tested.result.results)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("data_tests:", "data_testz:", "data_testz"),
        ("data_type: bigint", "data_type: int", "is bigint in the lake, int here"),
        ("- name: company_activity_daily", "- name: company_activity", "the lake has no such table"),
        ("    - name: active_users", "    - name: active_user", "is bigint in the lake, None here"),
        ("sources:", "sourcez:", "sourcez"),
        ("version: 2", "version: [", "cannot be read"),
        ("- not_null", "- not_nul", "dbt brings no test not_nul"),
        ("- unique\n", "- not_null\n", "the key is company_id"),
        ("|', src_file_name, company_id", "|', company_id", "the key is src_file_name, company_id"),
        ("column_name: concat", "column: concat", "unique does not take"),
        ("field: company_id", "fields: company_id", "relationships does not take"),
        ("- name: dim", "- name: dims", "is the schema dim"),
    ],
)
def test_a_change_by_hand_is_a_fault(tmp_path: Path, before: str, after: str, why: str) -> None:
    for path, text in dbt_files().items():
        assert before in text
        (tmp_path / path).write_text(text.replace(before, after, 1), encoding="utf-8")
    assert why in " ".join(str(fault) for fault in dbt_faults(tmp_path))


def test_tables_that_are_for_readers_are_all_told_of() -> None:
    left = {table.name for table in TABLES} - {table.name for table in READ}
    assert left == {"quarantine.records"}
