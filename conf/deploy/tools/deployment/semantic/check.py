"""Is the semantic model one that would load: TMDL that is whole, and references that lead somewhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from deployment.fault import Fault
from deployment.semantic.against_lake import table_faults
from deployment.semantic.grammar import grammar_faults
from deployment.semantic.loaded import Files, tables_of
from deployment.semantic.references import measure_faults, reference_faults
from deployment.semantic.tmdl import Node, TmdlError, parsed

DEFINITION = "definition"


def model_faults(item: Path) -> list[Fault]:
    """Every fault of a semantic model's folder; paths are relative to it."""
    found, files = _read(item)
    if found:
        return found
    for path, nodes in files.items():
        found += grammar_faults(path, nodes)
    if not found:
        found += reference_faults(files)
        found += table_faults(files)
        found += measure_faults(files)
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


def _twice(files: Files) -> Iterator[Fault]:
    """Names and tags that are there twice."""
    tags = Counter(tag for nodes in files.values() for node in nodes for tag in _tags(node))
    for tag, times in tags.items():
        if times > 1:
            yield Fault("model.tmdl", str(tag), "is the lineage tag of two objects")
    for name, (path, table) in tables_of(files).items():
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
