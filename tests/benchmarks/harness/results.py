"""What has been measured: one file a row and size, found again as long as nothing it depends on has changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.harness.figures import Figure, Row, Size


@dataclass(frozen=True)
class Result:
    """How a row ended. Without figures, `why` says what went wrong, or what this machine lacks."""

    row: str
    size: Size
    key: str
    seconds: float
    figures: tuple[Figure, ...] = ()
    why: str = ""
    is_broken: bool = False


class Results:
    """The results under a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def found(self, row: Row, size: Size, key: str) -> Result | None:
        """The result of a row that was measured under this key."""
        path = self._path(row.name, size)
        if not path.is_file():
            return None
        plain = json.loads(path.read_text(encoding="utf-8"))
        if plain["key"] != key or plain["why"]:
            return None
        figures = tuple(Figure(**figure) for figure in plain.pop("figures"))
        return Result(**{**plain, "figures": figures})

    def keep(self, result: Result) -> None:
        """Write a result for the next time, and for whoever reads JSON."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(result), indent=2, ensure_ascii=False)
        self._path(result.row, result.size).write_text(text + "\n", encoding="utf-8")

    def _path(self, row: str, size: Size) -> Path:
        return self.folder / f"{row}-{size}.json"


def code_id(root: Path) -> str:
    """The commit of a checkout, and a hash of what is changed in it and not committed."""
    commit = _git(root, "rev-parse", "--short=12", "HEAD").strip()
    changed = _git(root, "diff", "HEAD") + _untracked(root)
    if not changed:
        return commit
    return f"{commit}+{hashlib.sha256(changed.encode()).hexdigest()[:8]}"


def key_of(code: str, row: Row, size: Size) -> str:
    """What a row's figures depend on: the code, its inputs, the Spark and the machine."""
    inputs = ",".join(f"{name}={value}" for name, value in sorted(row.inputs[size].items()))
    return f"{code} {inputs} spark={version('pyspark')} cores={os.cpu_count()}"


def _untracked(root: Path) -> str:
    names = _git(root, "ls-files", "--others", "--exclude-standard").splitlines()
    files = [root / name for name in names if (root / name).is_file()]
    return "".join(f"{file}\n{file.read_text(encoding='utf-8', errors='replace')}" for file in files)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, text=True, errors="replace")
    return done.stdout
