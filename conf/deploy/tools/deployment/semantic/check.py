"""Is the semantic model one that would load: TMDL that is whole, and references that lead somewhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from company_activity.schemas import TABLES
from deployment.fault import Fault
from deployment.semantic.grammar import grammar_faults
from deployment.semantic.model import TYPES
from deployment.semantic.tmdl import Node, TmdlError, parsed

DEFINITION = "definition"
REFERENCE = re.compile(r"(?P<table>\b[A-Za-z_]\w*)?\[(?P<name>[^\]]+)\]")
DAX_FUNCTIONS = {
    "MAX",
    "CALCULATE",
    "COUNTROWS",
    "TRUE",
    "NOT",
    "ISBLANK",
    "DIVIDE",
    "SUM",
    "AVERAGE",
}
LANGUAGE = {"VAR", "RETURN"}
BRACKETED = re.compile(r"\[[^\]]*\]")
VARIABLE = re.compile(r"\bVAR (\w+) =")
WORD = re.compile(r"[A-Za-z_]\w*")
Files = Mapping[str, tuple[Node, ...]]


def model_faults(item: Path) -> list[Fault]:
    """Every fault of a semantic model's folder; paths are relative to it."""
    found, files = _read(item)
    if found:
        return found
    for path, nodes in files.items():
        found += grammar_faults(path, nodes)
    if not found:
        found += _reference_faults(files)
        found += _table_faults(files)
        found += _measure_faults(files)
        found += _twice(files)
    located = [Fault(f"{DEFINITION}/{fault.path}", fault.place, fault.what) for fault in found]
    return [*located, *_pbism_faults(item)]


def _read(item: Path) -> tuple[list[Fault], Files]:
    """The objects of each file below `definition/`, and what cannot be read."""
    found = []
    files = {}
    root = item / DEFINITION
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root).as_posix()
        if file.is_dir():
            continue
        if file.suffix != ".tmdl":
            found.append(Fault(f"{DEFINITION}/{path}", "", "is no TMDL file"))
            continue
        try:
            files[path] = parsed(file.read_text(encoding="utf-8"))
        except (TmdlError, UnicodeDecodeError) as refused:
            found.append(Fault(f"{DEFINITION}/{path}", "", str(refused)))
    for path in ("database.tmdl", "model.tmdl", "expressions.tmdl", "relationships.tmdl"):
        if path not in files and not found:
            found.append(Fault(f"{DEFINITION}/{path}", "", "is missing"))
    return found, files


def _tables(files: Files) -> dict[str, tuple[str, Node]]:
    """Each table by name, with its file."""
    return {
        node.name: (path, node)
        for path, nodes in files.items()
        for node in nodes
        if node.kind == "table"
    }


def _reference_faults(files: Files) -> Iterator[Fault]:
    """References of the model, and of relationships to columns."""
    tables = _tables(files)
    named = {node.name for node in files["expressions.tmdl"]}
    for kind, there in (("ref table", set(tables)), ("ref expression", named)):
        listed = [node.name for node in files["model.tmdl"] if node.kind == kind]
        for name in sorted(there ^ set(listed)):
            yield Fault("model.tmdl", kind, f"{name} is named there or exists, not both")
    columns = {
        f"{name}.{column.name}": column.properties["dataType"]
        for name, (_, table) in tables.items()
        for column in table.of_kind("column")
    }
    keys = {
        f"{name}.{column.name}"
        for name, (_, table) in tables.items()
        for column in table.of_kind("column")
        if "isKey" in column.properties
    }
    for node in files["relationships.tmdl"]:
        ends = [str(node.properties[end]) for end in ("fromColumn", "toColumn")]
        for end in ends:
            if end not in columns:
                yield Fault("relationships.tmdl", node.name, f"there is no column {end}")
        if ends[1] in columns and ends[1] not in keys:
            yield Fault("relationships.tmdl", node.name, f"{ends[1]} is no key")
        if len({columns.get(end) for end in ends}) > 1:
            yield Fault("relationships.tmdl", node.name, "its columns are of two types")
        if ends[0].split(".")[0] == ends[1].split(".")[0]:
            yield Fault("relationships.tmdl", node.name, "relates a table to itself")


def _table_faults(files: Files) -> Iterator[Fault]:
    """Each table is one of the lake's: its columns and their types, its partition."""
    lake = {table.name.split(".")[1]: table for table in TABLES}
    expressions = {node.name for node in files["expressions.tmdl"]}
    for name, (path, node) in _tables(files).items():
        if path != f"tables/{name}.tmdl":
            yield Fault(path, name, "the file is not named after its table")
        table = lake.get(name)
        if table is None:
            yield Fault(path, name, "the lake has no such table")
            continue
        types = {column.name: TYPES.get(column.type) for column in table.columns}
        for column in node.of_kind("column"):
            source = str(column.properties["sourceColumn"])
            if types.get(source) != column.properties["dataType"]:
                yield Fault(path, column.name, f"the lake has no {source} of this type")
            if source != column.name:
                yield Fault(path, column.name, f"shows {source} under another name")
        (partition, *more) = node.of_kind("partition") or [Node("partition")]
        if more or partition.name != name:
            yield Fault(path, name, "has not one partition, named like the table")
        for fault in _partition_faults(partition, table.name, expressions):
            yield Fault(path, f"partition {partition.name}", fault)


def _partition_faults(partition: Node, table: str, expressions: set[str]) -> Iterator[str]:
    """Where a partition's rows come from: an entity of the lake, or a query by SQL."""
    schema, name = table.split(".")
    source = partition.children[0] if len(partition.children) == 1 else Node("source")
    mode = partition.properties.get("mode")
    match partition.value, mode:
        case "entity", "directLake":
            place = {"schemaName": schema, "entityName": name}
            if {key: source.properties.get(key) for key in place} != place:
                yield f"does not read {table}"
            if source.properties.get("expressionSource") not in expressions:
                yield f"there is no expression {source.properties.get('expressionSource')}"
        case "m", "import":
            if f'Source{{[Schema="{schema}",Item="{name}"]}}[Data]' not in source.value:
                yield f"does not read {table}"
            if "Sql.Database(Server, Database)" not in source.value:
                yield "does not read it from Server and Database"
            if not {"Server", "Database"} <= expressions:
                yield "there are no parameters Server and Database"
        case _:
            yield f"a partition of kind {partition.value} is not of mode {mode}"


def _measure_faults(files: Files) -> Iterator[Fault]:
    """What a measure names exists: columns, other measures, functions."""
    tables = _tables(files)
    columns = {
        (name, column.name)
        for name, (_, table) in tables.items()
        for column in table.of_kind("column")
    }
    measures = {
        measure.name for _, table in tables.values() for measure in table.of_kind("measure")
    }
    for _, (path, table) in tables.items():
        for measure in table.of_kind("measure"):
            for found in REFERENCE.finditer(measure.value):
                pair = (found["table"], found["name"])
                is_there = pair in columns if found["table"] else found["name"] in measures
                if not is_there:
                    yield Fault(path, measure.name, f"there is no {found[0]}")
            known = {*DAX_FUNCTIONS, *LANGUAGE, *tables, *VARIABLE.findall(measure.value)}
            for word in sorted(set(WORD.findall(BRACKETED.sub("", measure.value))) - known):
                yield Fault(path, measure.name, f"{word} is no word that it may use")
            if measure.value.count("(") != measure.value.count(")"):
                yield Fault(path, measure.name, "its brackets are not closed")


def _twice(files: Files) -> Iterator[Fault]:
    """Names and tags that are there twice."""
    tags = Counter(tag for nodes in files.values() for node in nodes for tag in _tags(node))
    for tag, times in tags.items():
        if times > 1:
            yield Fault("model.tmdl", str(tag), "is the lineage tag of two objects")
    for name, (path, table) in _tables(files).items():
        names = Counter(child.name for child in table.children if child.kind != "partition")
        for child, times in names.items():
            if times > 1:
                yield Fault(path, f"{name}.{child}", "is there twice")


def _tags(node: Node) -> Iterator[str | bool]:
    if "lineageTag" in node.properties:
        yield node.properties["lineageTag"]
    for child in node.children:
        yield from _tags(child)


def _pbism_faults(item: Path) -> Iterator[Fault]:
    """`definition.pbism` says that the model is TMDL: version 4.0 or later."""
    path = "definition.pbism"
    try:
        content = json.loads((item / path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as refused:
        yield Fault(path, "", str(refused))
        return
    version = content.get("version")
    if not (isinstance(version, str) and re.fullmatch(r"4\.[0-9]+", version)):
        yield Fault(path, "version", f"is {version}: TMDL needs 4.0 or later")
    if content.keys() != {"$schema", "version", "settings"} or content["settings"] != {}:
        yield Fault(path, "", "has other members than $schema, version and empty settings")
