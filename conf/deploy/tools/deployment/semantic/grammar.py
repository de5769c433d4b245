"""Which objects, properties and values our TMDL may have: `tmdl_grammar.json`, which names its sources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from deployment.fault import Fault
from deployment.semantic.tmdl import Node


@cache
def grammar() -> dict[str, Any]:
    text = Path(__file__).with_name("tmdl_grammar.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def grammar_faults(path: str, nodes: Iterable[Node]) -> Iterator[Fault]:
    """What a file's objects have that TMDL does not know there; `path` is relative to `definition/`."""
    for node in nodes:
        allowed = grammar()["objects"].get(node.kind)
        if allowed is None or not any(path.startswith(place) for place in allowed.get("in", ())):
            yield Fault(path, node.kind, f"a {node.kind} does not belong into this file")
            continue
        yield from _object_faults(path, node, node.kind)


def _object_faults(path: str, node: Node, place: str) -> Iterator[Fault]:
    here = f"{place} {node.name}".strip()
    allowed = grammar()["objects"][node.kind]
    if (wanted := allowed.get("name")) and not _fits(wanted, node.name):
        yield Fault(path, here, f"{node.name or 'nothing'} is no name of a {node.kind}")
    if not wanted and node.name:
        yield Fault(path, here, f"a {node.kind} has no name")
    yield from _value_faults(path, here, node, allowed.get("value", False))
    yield from _property_faults(path, here, node, allowed)
    for child in node.children:
        if child.kind in allowed.get("holds", ()):
            yield from _object_faults(path, child, here)
        else:
            yield Fault(path, here, f"a {node.kind} holds no {child.kind}")


def _value_faults(path: str, here: str, node: Node, wanted: bool | str) -> Iterator[Fault]:
    if node.value and not wanted:
        yield Fault(path, here, f"a {node.kind} has no value")
    if wanted is True and not node.value:
        yield Fault(path, here, f"the {node.kind} lacks its value")
    if wanted == "or properties" and bool(node.value) == bool(node.properties):
        yield Fault(path, here, f"a {node.kind} has either a value or properties")


def _property_faults(path: str, here: str, node: Node, allowed: dict[str, Any]) -> Iterator[Fault]:
    required = allowed.get("required", {})
    known = required | allowed.get("optional", {})
    for key in required.keys() - node.properties.keys():
        yield Fault(path, here, f"{key} is missing")
    for key, value in node.properties.items():
        if key not in known:
            yield Fault(path, here, f"a {node.kind} has no {key}")
        elif (value is True) != (known[key] == "flag"):
            yield Fault(path, here, f"{key} is written in the wrong way")
        elif not _fits(known[key], "true" if value is True else str(value)):
            yield Fault(path, here, f"{key} is {value}, no {known[key]}")


def _fits(kind: str, text: str) -> bool:
    """Whether a text is of a type of the grammar; of `any`, every text is."""
    if kind == "any":
        return bool(text)
    return re.fullmatch(grammar()["types"][kind], text) is not None
