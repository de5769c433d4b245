"""Is `sources.yml` one that dbt reads (by the JSON Schema that dbt ships), and does it tell of our tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

from company_activity.schemas import TABLES, Table
from deployment.dbt.sources import FILE, joined_key
from deployment.fault import Fault
from deployment.misfits import misfits

# Of the tests that dbt brings those that we use, and what they take.
TAKES = {"not_null": set(), "unique": {"column_name"}, "relationships": {"to", "field"}}


def dbt_faults(folder: Path) -> list[Fault]:
    """Every fault of conf/deploy/dbt."""
    found = [
        Fault(file.name, "", "is no file of dbt's")
        for file in folder.iterdir()
        if file.name != FILE
    ]
    try:
        content = yaml.safe_load((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as refused:
        return [*found, Fault(FILE, "", f"cannot be read: {refused}")]
    found += [Fault(FILE, *misfit) for misfit in misfits(_validator(), content)]
    return found or list(_lake_faults(content))


@cache
def _validator() -> Draft7Validator:
    """dbt's own schema of the files below `models/`."""
    from dbt.jsonschemas import JSONSCHEMAS_PATH

    latest = Path(JSONSCHEMAS_PATH) / "resources" / "latest.json"
    return Draft7Validator(json.loads(latest.read_text(encoding="utf-8")))


def _lake_faults(content: dict[str, Any]) -> Iterator[Fault]:
    """Tables and columns that the lake does not have, or has otherwise."""
    lake = {table.name: table for table in TABLES}
    for source in content["sources"]:
        for entry in source["tables"]:
            name = f"{source.get('schema')}.{entry['name']}"
            if source["name"] != source.get("schema"):
                yield Fault(FILE, source["name"], f"is the schema {source.get('schema')}")
            if name not in lake:
                yield Fault(FILE, name, "the lake has no such table")
                continue
            for what in _test_faults(entry, lake[name]):
                yield Fault(FILE, name, what)
            types = {column.name: column.type for column in lake[name].columns}
            told = {column["name"]: column.get("data_type") for column in entry.get("columns", [])}
            for column in sorted(types.keys() | told.keys()):
                if types.get(column) != told.get(column):
                    what = f"is {types.get(column)} in the lake, {told.get(column)} here"
                    yield Fault(FILE, f"{name}.{column}", what)


def _test_faults(entry: dict[str, Any], table: Table) -> Iterator[str]:
    """Tests that dbt does not bring, or that are told what they do not take; a key that is not tested."""
    tested = []
    for column, test in _tests(entry):
        name, told = (test, {}) if isinstance(test, str) else next(iter(test.items()))
        arguments = told.get("arguments", {})
        if name not in TAKES:
            yield f"dbt brings no test {name}"
        elif not isinstance(arguments, dict) or not arguments.keys() <= TAKES[name]:
            yield f"{name} does not take {arguments}"
        elif name == "unique":
            tested.append(column or arguments.get("column_name"))
    if tested != [table.key[0] if len(table.key) == 1 else joined_key(table)]:
        yield f"unique are {tested}, and the key is {', '.join(table.key)}"


def _tests(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The tests of a table, and those of each of its columns with its name."""
    for holder in (entry, *entry.get("columns", [])):
        column = "" if holder is entry else holder["name"]
        for test in holder.get("data_tests", []):
            yield column, test
