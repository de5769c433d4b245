"""The bundle's files as one tree, read as strictly as Databricks' command line reads them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from deployment.fault import Fault

ROOT_FILE = "databricks.yml"


@dataclass
class Bundle:
    """`databricks.yml`, the resources of the files that it includes, and what was wrong with them.

    `resources` is by kind, then by key; `files` says which file a resource of a kind stands in.
    """

    root: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class Strict(yaml.SafeLoader):
    """A key that stands twice in a mapping is an error; YAML's own loader takes the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key} stands twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def read_bundle(folder: Path) -> Bundle:
    """Read the bundle in a folder; it has faults where its files are not what it includes."""
    bundle = Bundle()
    bundle.root = read_mapping(folder, ROOT_FILE, bundle)
    patterns = bundle.root.get("include")
    included = set(matches(folder, patterns)) if isinstance(patterns, list) else set()
    present = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if is_ours(file)}
    for path in sorted(present - included - {ROOT_FILE}):
        bundle.faults.append(Fault(path, "", "is not included"))
    for path in sorted(included):
        add_resources(bundle, path, read_mapping(folder, path, bundle))
    return bundle


def is_ours(file: Path) -> bool:
    """Whether this is a file that somebody wrote: Databricks' command line keeps its own in `.databricks`."""
    return file.is_file() and ".databricks" not in file.parts


def matches(folder: Path, patterns: list[Any]) -> list[str]:
    files = [file for pattern in patterns for file in folder.glob(str(pattern))]
    return [file.relative_to(folder).as_posix() for file in files]


def read_mapping(folder: Path, path: str, bundle: Bundle) -> dict[str, Any]:
    """A file's content, empty if it cannot be read."""
    try:
        content = yaml.load((folder / path).read_text(encoding="utf-8"), Strict)  # noqa: S506 — a SafeLoader
    except FileNotFoundError:
        bundle.faults.append(Fault(path, "", "is not there"))
        return {}
    except yaml.YAMLError as error:
        bundle.faults.append(Fault(path, "", " ".join(str(error).split())))
        return {}
    if isinstance(content, dict):
        return content
    bundle.faults.append(Fault(path, "", "holds no mapping"))
    return {}


def add_resources(bundle: Bundle, path: str, content: dict[str, Any]) -> None:
    """Take over a file's resources. It has nothing else, and is named after their kind."""
    resources = content.get("resources")
    if not isinstance(resources, dict):
        resources = {}
    kinds = list(resources)
    if set(content) != {"resources"} or kinds != [Path(path).stem]:
        bundle.faults.append(
            Fault(path, "", f"should hold resources of the kind {Path(path).stem} alone")
        )
        return
    (kind,) = kinds
    if not isinstance(resources[kind], dict):
        bundle.faults.append(Fault(path, f"resources.{kind}", "is no mapping"))
        return
    bundle.resources[kind] = resources[kind]
    bundle.files[kind] = path
