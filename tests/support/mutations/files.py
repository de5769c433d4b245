"""A folder's files: those that hold a tree (JSON, YAML), and those that are read by line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROSE = {".md"}


@dataclass(frozen=True)
class Content:
    """A file as it stands: its text, and its tree if it has one."""

    path: str
    text: str
    tree: Any
    form: str

    def written(self, tree: Any) -> str:
        """The text of another tree, in this file's form."""
        if self.form == "json":
            return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
        return str(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True))


def contents(folder: Path) -> list[Content]:
    """What the files of a folder hold, but for prose, in the order of their paths."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix not in PROSE]
    return [content(file, file.relative_to(folder).as_posix()) for file in files if "__pycache__" not in file.parts]


def content(file: Path, path: str) -> Content:
    text = file.read_text(encoding="utf-8")
    if file.suffix in (".yml", ".yaml"):
        return Content(path, text, yaml.safe_load(text), "yaml")
    try:
        return Content(path, text, json.loads(text), "json")
    except ValueError:
        return Content(path, text, None, "text")
