"""`sources.yml` from the schemas: every table with what it means, its columns, and the tests that hold of its key."""

from __future__ import annotations

from typing import Any

import yaml

from company_activity.schemas import COMPANIES, TABLES, Column, Table

FILE = "sources.yml"
NAMED_FOR_READERS = {"stg", "dim", "analytics"}
READ = tuple(table for table in TABLES if table.name.split(".")[0] in NAMED_FOR_READERS)

THE_DIMENSION = "source('{}', '{}')".format(*COMPANIES.name.split("."))
# Every company of these is in the dimension by the time they are written.
OF_THE_DIMENSION = [
    table for table in READ if table is not COMPANIES and not table.name.startswith("stg.")
]

HEADING = """\
# Generated from lib/company_activity/schemas.py by `make deploy-files`. Copy it into a dbt project (1.10.5 or later).
# `company_activity_database` names the lakehouse, catalog or database that holds the tables; default: the target's.
"""


def dbt_files() -> dict[str, str]:
    """The generated file: path within conf/deploy/dbt → text."""
    text = yaml.safe_dump(content(), sort_keys=False, allow_unicode=True, width=110)
    return {FILE: HEADING + "\n" + text}


def content() -> dict[str, Any]:
    """The file as a tree: one source per schema, as the lake has them."""
    schemas = dict.fromkeys(table.name.split(".")[0] for table in READ)
    return {"version": 2, "sources": [source(schema) for schema in schemas]}


def source(schema: str) -> dict[str, Any]:
    tables = [table for table in READ if table.name.startswith(f"{schema}.")]
    return {
        "name": schema,
        "database": "{{ var('company_activity_database', target.database) }}",
        "schema": schema,
        "tables": [table_entry(table) for table in tables],
    }


def table_entry(table: Table) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": table.name.split(".")[1], "description": table.comment}
    if len(table.key) > 1:
        entry["data_tests"] = [unique_key(table)]
    entry["columns"] = [column_entry(table, column) for column in table.columns]
    return entry


def unique_key(table: Table) -> dict[str, Any]:
    """dbt's own test `unique` of several columns: of their texts, joined. It may fail wrongly, and never pass so."""
    joined = joined_key(table)
    name = f"unique_{table.name.replace('.', '_')}_key"
    return {"unique": {"name": name, "arguments": {"column_name": joined}}}


def joined_key(table: Table) -> str:
    """The key's texts as one. A part that may be NULL counts as an empty text: else two keys would be one text."""
    parts = [f"coalesce({name}, '')" if table.column(name).nullable else name for name in table.key]
    return f"concat_ws('|', {', '.join(parts)})"


def column_entry(table: Table, column: Column) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": column.name,
        "description": column.comment,
        "data_type": column.type,
    }
    tests: list[Any] = [] if column.nullable else ["not_null"]
    if table.key == (column.name,):
        tests.append("unique")
    if column.name == "company_id" and table in OF_THE_DIMENSION:
        tests.append({"relationships": {"arguments": {"to": THE_DIMENSION, "field": "company_id"}}})
    if tests:
        entry["data_tests"] = tests
    return entry
