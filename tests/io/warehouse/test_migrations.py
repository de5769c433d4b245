"""The shipped DDL: additive, idempotent, and what `schemas` declares."""

from __future__ import annotations

import re

import pytest

from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.migrations import migrate, pending, shipped
from company_activity.io.warehouse.preflight import differences
from company_activity.io.warehouse.served import SERVED_TABLES, ServedTable
from company_activity.io.warehouse.warehouse import Warehouse
from company_activity.schemas import SERVED

from support.warehouse.recorder import Recorder
from support.warehouse.tables import NOW

ENGINES = sorted(DIALECTS)
LOOSER = r"(?:DROP NOT NULL|(?!.*NOT NULL).* NULL);"  # takes what the column took, and NULL


def created_columns(engine: str, table: str) -> dict[str, str]:
    """The columns of the engine's CREATE TABLE: name → the rest of its line."""
    text = next(m.text for m in shipped(engine) if f"CREATE TABLE {table}" in m.text or f"EXISTS {table} (" in m.text)
    body = re.search(rf"{re.escape(table)} \((.*?)\n\s*\)", text, re.DOTALL)
    assert body
    lines = [line.strip().rstrip(",") for line in body[1].strip().splitlines()]
    columns = dict(line.split(" ", 1) for line in lines if not line.startswith("CONSTRAINT"))
    columns |= added_columns(engine, table)
    return columns | {name: columns[name].replace("NOT NULL", "NULL") for name in loosened(engine, table)}


def added_columns(engine: str, table: str) -> dict[str, str]:
    """The columns that later migrations add, in the same form."""
    text = "\n".join(migration.text for migration in shipped(engine))
    words = r"ADD (?:COLUMN IF NOT EXISTS )?(?!CONSTRAINT)"
    return dict(re.findall(rf"ALTER TABLE {re.escape(table)}\s+{words}(\w+) ([^;]+);", text))


def loosened(engine: str, table: str) -> list[str]:
    """The columns that a later migration lets be NULL."""
    text = "\n".join(migration.text for migration in shipped(engine))
    return re.findall(rf"ALTER TABLE {re.escape(table)} ALTER COLUMN (\w+) {LOOSER}", text)


def test_what_schemas_serves_is_published() -> None:
    assert {table.lake for table in SERVED_TABLES} == set(SERVED)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("table", SERVED_TABLES, ids=lambda table: table.name)
def test_the_served_tables_are_what_schemas_declares(engine: str, table: ServedTable) -> None:
    wanted = {
        column.name: f"{DIALECTS[engine].type_of(column)} {'NULL' if column.nullable else 'NOT NULL'}"
        for column in table.columns
    }
    assert created_columns(engine, table.name) == wanted


@pytest.mark.parametrize("engine", ENGINES)
def test_every_served_table_has_its_key_and_its_lock(engine: str) -> None:
    text = "\n".join(migration.text for migration in shipped(engine))
    for table in SERVED_TABLES:
        assert re.search(rf"PRIMARY KEY[A-Z ]* \({', '.join(table.key)}\)", text)
        assert f"'{table.name}' AS table_name" in text


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_dropped_or_emptied(engine: str) -> None:
    for migration in shipped(engine):
        text = re.sub(rf"ALTER COLUMN \w+ {LOOSER}", "", migration.text)
        assert not re.search(r"\b(DROP|TRUNCATE|DELETE|ALTER COLUMN|RENAME)\b", text, re.IGNORECASE)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_statement_may_run_twice(engine: str) -> None:
    looser = r"ALTER COLUMN \w+ (DROP NOT NULL|(?!.*NOT NULL).* NULL)$"
    again = rf"ALTER TABLE [\w.]+\s+({looser}|ADD COLUMN IF NOT EXISTS )"
    guarded = rf"(IF |CREATE (TABLE|SCHEMA) IF NOT EXISTS |INSERT INTO .*WHERE\s+NOT EXISTS|{again})"
    for migration in shipped(engine):
        for statement in migration.statements:
            assert re.match(guarded, statement, re.DOTALL), statement


def test_what_only_a_dedicated_pool_understands_stays_there() -> None:
    for engine in set(ENGINES) - {"synapse"}:
        text = "".join(migration.text for migration in shipped(engine))
        assert not re.search(r"DISTRIBUTION|COLUMNSTORE|NOT ENFORCED|HEAP", text)


@pytest.mark.parametrize("table", SERVED_TABLES, ids=lambda table: table.name)
def test_a_pool_spreads_a_served_table_by_company_and_stores_it_by_column(table: ServedTable) -> None:
    text = next(m.text for m in shipped("synapse") if f"CREATE TABLE {table.name}" in m.text)
    names_companies = "company_id" in table.column_names  # a roll-up does not, and has few rows
    spread = "HASH (company_id), CLUSTERED COLUMNSTORE INDEX" if names_companies else "ROUND_ROBIN, HEAP"
    assert f"WITH (DISTRIBUTION = {spread});" in text
    assert f"PRIMARY KEY NONCLUSTERED ({', '.join(table.key)}) NOT ENFORCED;" in text


def test_a_database_is_made_once(warehouse: Warehouse) -> None:
    with warehouse.connection() as connection:
        assert pending(connection, warehouse.dialect) == []
        assert migrate(connection, warehouse.dialect, NOW) == []
        applied = connection.query("SELECT name FROM etl.migrations ORDER BY name")
        assert [name for (name,) in applied] == [migration.name for migration in shipped(warehouse.dialect.name)]


def test_the_made_tables_pass_their_own_preflight(warehouse: Warehouse) -> None:
    with warehouse.connection() as connection:
        assert [differences(connection, warehouse.dialect, table) for table in SERVED_TABLES] == [[]] * len(
            SERVED_TABLES
        )


def test_files_run_again_change_nothing(warehouse: Warehouse) -> None:
    with warehouse.connection() as connection:
        for migration in shipped(warehouse.dialect.name):
            for statement in migration.statements:
                connection.execute(statement)
        assert connection.query("SELECT COUNT(*) FROM etl.publish_lock") == [(str(len(SERVED_TABLES)),)]


def test_a_pool_is_migrated_outside_a_transaction() -> None:
    recorder = Recorder({"INFORMATION_SCHEMA.TABLES": [("0",)]})
    assert migrate(recorder, DIALECTS["synapse"], NOW) == [m.name for m in shipped("synapse")]
    assert not any("TRANSACTION" in said or "applock" in said for said in recorder.said)


def test_sql_server_is_migrated_in_one_transaction_under_a_lock() -> None:
    recorder = Recorder({"INFORMATION_SCHEMA.TABLES": [("0",)]})
    migrate(recorder, DIALECTS["azuresql"], NOW)
    assert recorder.said[0] == "BEGIN TRANSACTION"
    assert "sp_getapplock @Resource = 'company_activity:migrations'" in recorder.said[1]
    assert recorder.said[-1] == "COMMIT TRANSACTION"
