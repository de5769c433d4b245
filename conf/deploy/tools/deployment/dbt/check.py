"""Is `sources.yml` one that dbt reads (by the JSON Schema that dbt ships), and does it tell of our tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

from company_activity.schemas import TABLES
from deployment.dbt.sources import FILE
from deployment.fault import Fault


def dbt_faults(folder: Path) -> list[Fault]:
    """Every fault of conf/deploy/dbt."""
    found = [
        Fault(file.name, "", "is no file of dbt's") for file in folder.iterdir() if file.name != FILE
    ]
    try:
        content = yaml.safe_load((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as refused:
        return [*found, Fault(FILE, "", f"cannot be read: {refused}")]
    for error in _validator().iter_errors(content):
        place = ".".join(str(part) for part in error.absolute_path)
        found.append(Fault(FILE, place, error.message[:200]))
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
            if name not in lake:
                yield Fault(FILE, name, "the lake has no such table")
                continue
            types = {column.name: column.type for column in lake[name].columns}
            told = {column["name"]: column.get("data_type") for column in entry.get("columns", [])}
            for column in sorted(types.keys() | told.keys()):
                if types.get(column) != told.get(column):
                    what = f"is {types.get(column)} in the lake, {told.get(column)} here"
                    yield Fault(FILE, f"{name}.{column}", what)
