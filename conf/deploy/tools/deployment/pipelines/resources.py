"""The resources of a workspace in its Git layout: a folder for each kind, a JSON file for each resource."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployment.fault import Fault


@dataclass(frozen=True)
class Resource:
    """One resource: its kind, its file, and what it says."""

    kind: str
    path: str
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.document.get("name"))

    @property
    def properties(self) -> Any:
        return self.document.get("properties")

    def fault(self, place: str, what: str) -> Fault:
        return Fault(self.path, place, what)


@dataclass(frozen=True)
class Workspace:
    """All resources of a folder, by kind and name."""

    resources: tuple[Resource, ...]

    def of(self, kind: str) -> dict[str, Resource]:
        return {one.name: one for one in self.resources if one.kind == kind}

    def with_resources(self, others: Iterable[Resource]) -> Workspace:
        """These and others, which lie elsewhere."""
        return Workspace((*self.resources, *others))


def workspace(
    folder: Path, kinds: tuple[str, ...], also: tuple[str, ...] = ()
) -> tuple[Workspace, list[Fault]]:
    """Read a folder; what is neither a resource nor one of `also`, or not named as its file is, is a fault."""
    found: list[Resource] = []
    faults: list[Fault] = []
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if not file.is_file() or path in also:
            continue
        read = _resource(file, path, kinds)
        if isinstance(read, Fault):
            faults.append(read)
        else:
            found.append(read)
            faults += misnamed(read, file.stem)
    return Workspace(tuple(found)), faults


def _resource(file: Path, path: str, kinds: tuple[str, ...]) -> Resource | Fault:
    kind = path.partition("/")[0]
    if kind not in kinds or file.suffix != ".json" or path.count("/") != 1:
        return Fault(path, "", f"is no resource of {', '.join(kinds)}")
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as broken:
        return Fault(path, "", f"is no JSON: {broken}")
    if not isinstance(document, dict):
        return Fault(path, "", "holds no object")
    return Resource(kind, path, document)


def misnamed(resource: Resource, stem: str) -> Iterator[Fault]:
    if resource.document.get("name") != stem:
        yield resource.fault("name", f"is {resource.name}, and its file is {stem}.json")
