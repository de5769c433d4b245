"""What the model's objects name exists: tables, columns, measures, and the words of DAX that ours use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deployment.fault import Fault
from deployment.semantic.loaded import Files, tables_of

REFERENCE = re.compile(r"(?P<table>\b[A-Za-z_]\w*)?\[(?P<name>[^\]]+)\]")
FUNCTIONS = {"MAX", "CALCULATE", "COUNTROWS", "TRUE", "NOT", "ISBLANK", "DIVIDE", "SUM", "AVERAGE"}
LANGUAGE = {"VAR", "RETURN"}
BRACKETED = re.compile(r"\[[^\]]*\]")
VARIABLE = re.compile(r"\bVAR (\w+) =")
WORD = re.compile(r"[A-Za-z_]\w*")


def reference_faults(files: Files) -> Iterator[Fault]:
    """References of the model, and of relationships to columns."""
    tables = tables_of(files)
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


def measure_faults(files: Files) -> Iterator[Fault]:
    """What a measure names exists: columns, other measures, functions."""
    tables = tables_of(files)
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
            known = {*FUNCTIONS, *LANGUAGE, *tables, *VARIABLE.findall(measure.value)}
            for word in sorted(set(WORD.findall(BRACKETED.sub("", measure.value))) - known):
                yield Fault(path, measure.name, f"{word} is no word that it may use")
            if measure.value.count("(") != measure.value.count(")"):
                yield Fault(path, measure.name, "its brackets are not closed")
