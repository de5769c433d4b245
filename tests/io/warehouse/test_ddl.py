"""The DDL of the served tables is what `make ddl` writes, byte for byte."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from company_activity.io.warehouse import ddl
from company_activity.io.warehouse.ddl import (
    declared,
    lacking,
    next_files,
    standing,
    statements_for,
    write_ddl,
)
from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.migrations import shipped, sql_dir
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION, SERVED_TABLES, ServedTable
from company_activity.schemas import Column

ENGINES = sorted(DIALECTS)
each_engine = pytest.mark.parametrize("engine", ENGINES)
WIDTH = Column("reach_28d", "double", "A share")
WORD = Column("segment", "string", "A word")
MADE = [
    "001_companies.sql",
    "002_company_activity_daily.sql",
    "003_risk_episodes.sql",
    "004_segment_activity_daily.sql",
    "005_retention_monthly.sql",
]


def with_columns(table: ServedTable, *columns: Column) -> ServedTable:
    return replace(table, lake=replace(table.lake, columns=(*table.lake.columns, *columns)))


@each_engine
def test_what_is_committed_is_what_is_generated(engine: str) -> None:
    seen = 0
    for file in shipped(engine):
        for table in SERVED_TABLES:
            statements = statements_for(DIALECTS[engine], table, declared(file.text, table))
            if statements:
                heading = file.text.split("\n", 1)[0]
                assert file.text == heading + "\n" + "\n\n".join(statements) + "\n"
                seen += 1
    assert seen >= 5


@each_engine
def test_the_text_of_a_list_is_no_column_of_the_warehouse(engine: str) -> None:
    table = with_columns(
        ACTIVITY, Column("words", "array<string>", ""), Column("words_text", "string", "", text_of="words")
    )
    assert list(lacking(table, shipped(engine)).added) == ["words"]


@each_engine
def test_nothing_is_lacking(engine: str) -> None:
    assert list(next_files(DIALECTS[engine], shipped(engine))) == [], "make ddl"


@each_engine
def test_a_new_column_becomes_the_next_file(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = with_columns(ACTIVITY, WIDTH, WORD)
    monkeypatch.setattr(ddl, "SERVED_TABLES", (DIMENSION, table))
    files = shipped(engine)
    (added,) = next_files(DIALECTS[engine], files)
    assert added.name == f"{len(files) + 1:03d}_reach_28d.sql"
    assert standing([*files, added], table) == {column.name: column.nullable for column in table.columns}
    assert list(next_files(DIALECTS[engine], [*files, added])) == []


def test_a_new_column_is_added_once() -> None:
    table = with_columns(ACTIVITY, WIDTH)
    found = {
        engine: statements_for(DIALECTS[engine], table, lacking(table, shipped(engine)))
        for engine in ("postgres", "synapse")
    }
    assert found == {
        "postgres": [
            "ALTER TABLE analytics.company_activity_daily\nADD COLUMN IF NOT EXISTS reach_28d DOUBLE PRECISION NULL;"
        ],
        "synapse": [
            "IF COL_LENGTH(N'analytics.company_activity_daily', N'reach_28d') IS NULL\n"
            "    ALTER TABLE analytics.company_activity_daily\n    ADD reach_28d FLOAT(53) NULL;"
        ],
    }


@each_engine
def test_a_column_that_may_now_be_null_is_loosened(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = tuple(
        replace(column, nullable=True) if column.name == "is_inferred" else column for column in DIMENSION.lake.columns
    )
    table = replace(DIMENSION, lake=replace(DIMENSION.lake, columns=columns))
    monkeypatch.setattr(ddl, "SERVED_TABLES", (table, ACTIVITY))
    files = shipped(engine)
    (loosened,) = next_files(DIALECTS[engine], files)
    assert loosened.name.endswith("_is_inferred.sql")
    assert standing([*files, loosened], table)["is_inferred"]


def test_a_new_column_that_may_not_be_null_is_refused() -> None:
    table = with_columns(DIMENSION, replace(WIDTH, nullable=False))
    with pytest.raises(ValueError, match=r"dim.companies.reach_28d is new and NOT NULL"):
        lacking(table, shipped("h2"))


def test_an_engine_without_files_gets_its_tables() -> None:
    made = list(next_files(DIALECTS["h2"], []))
    assert [file.name for file in made] == MADE


def test_a_column_that_left_the_schemas_is_named() -> None:
    fewer = tuple(column for column in ACTIVITY.lake.columns if column.name != "source")
    table = replace(ACTIVITY, lake=replace(ACTIVITY.lake, columns=fewer))
    with pytest.raises(ValueError, match=r"daily\.source is in sql/ and not in schemas\.py"):
        lacking(table, shipped("postgres"))


def test_an_engine_without_a_folder_gets_one(tmp_path: Path) -> None:
    for engine in ENGINES:
        shutil.copytree(sql_dir({}) / engine, tmp_path / engine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPANY_ACTIVITY_SQL", str(tmp_path))
        patch.setitem(DIALECTS, "new", replace(DIALECTS["postgres"], name="new"))
        written = write_ddl(tmp_path)
    made = [f"new/{name}" for name in MADE]
    assert [str(path.relative_to(tmp_path)) for path in written] == made
