"""The files of a Fabric item as trees, each checked against the platform's documented schema: `schemas/*.json`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from deployment.fault import Fault
from deployment.misfits import misfits

SCHEMAS = Path(__file__).with_name("schemas")

# The end of a file's path within conf/deploy/fabric → its schema.
SCHEMA_OF = {
    "/.platform": "platform",
    "/lakehouse.metadata.json": "lakehouse",
    "/shortcuts.metadata.json": "shortcuts",
    "/Setting/Sparkcompute.yml": "spark_compute",
    "/SparkJobDefinitionV1.json": "spark_job",
    "/pipeline-content.json": "pipeline",
    "/.schedules": "schedules",
}


@cache
def validator(schema: str) -> Draft202012Validator:
    text = (SCHEMAS / f"{schema}.json").read_text(encoding="utf-8")
    return Draft202012Validator(
        json.loads(text), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def schema_of(path: str) -> str | None:
    return next((schema for end, schema in SCHEMA_OF.items() if path.endswith(end)), None)


def read(folder: Path) -> tuple[dict[str, Any], list[Fault]]:
    """The content of each file that has a schema, by path; and what is wrong with its form."""
    contents: dict[str, Any] = {}
    faults: list[Fault] = []
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        schema = schema_of(f"/{path}") if file.is_file() else None
        if schema is None:
            continue
        try:
            text = file.read_text(encoding="utf-8")
            content = yaml.safe_load(text) if file.suffix == ".yml" else json.loads(text)
        except (ValueError, yaml.YAMLError) as broken:
            faults.append(Fault(path, "", f"cannot be read: {' '.join(str(broken).split())[:120]}"))
            continue
        wrong = [Fault(path, *misfit) for misfit in misfits(validator(schema), content)]
        faults += wrong
        if not wrong:
            contents[path] = content
    return contents, faults
