"""A model's files as they were read."""

from __future__ import annotations

from collections.abc import Mapping

from deployment.semantic.tmdl import Node

Files = Mapping[str, tuple[Node, ...]]  # path below definition/ → its objects


def tables_of(files: Files) -> dict[str, tuple[str, Node]]:
    """Each table by name, with its file."""
    return {
        node.name: (path, node)
        for path, nodes in files.items()
        for node in nodes
        if node.kind == "table"
    }
