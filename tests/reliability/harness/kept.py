"""Which cases of a row have passed: lines of JSON, believed as long as nothing that the row runs has changed."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from reliability.harness.rows import Row

ROOT = Path(__file__).resolve().parents[3]
# What any row may run; its own tests come besides.
PRODUCT = ("lib", "conf", "sql", "jobs", "samples", "setup.cfg", "pyproject.toml", "tests/support", "tests/oracle")
SHARED = ("tests/reliability/harness", "tests/reliability/conftest.py")
NO_CODE = {".md", ".jsonl"}
COMMITTED = ROOT / "tests" / "reliability" / "results"
LOCAL = ROOT / ".local" / "reliability"


@dataclass(frozen=True)
class Case:
    """How one case ended: `why` is empty where it passed; `note` is what it found."""

    row: str
    key: str
    code: str
    seconds: float
    why: str = ""
    note: str = ""


class Kept:
    """The cases of the rows, read from several folders and written to one of them."""

    def __init__(self, writes: Path = LOCAL, reads: Iterable[Path] = (COMMITTED,)) -> None:
        self.writes = writes
        self.reads = (*reads, writes)

    def cases(self, row: Row, code: str) -> dict[str, Case]:
        """The newest outcome of each case of the row, as this code gave it."""
        known = (Case(**json.loads(line)) for line in self._lines(row))
        return {case.key: case for case in known if case.code == code}

    def add(self, case: Case) -> None:
        """Note a case. Lines of two processes do not mix: each is appended with one write."""
        self.writes.mkdir(parents=True, exist_ok=True)
        line = json.dumps(asdict(case), ensure_ascii=False) + "\n"
        with (self.writes / f"{case.row}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)

    def _lines(self, row: Row) -> Iterator[str]:
        for folder in self.reads:
            path = folder / f"{row.name}.jsonl"
            if path.is_file():
                # A kill may have cut a line short.
                yield from (line for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}"))


def code_of(row: Row, root: Path = ROOT) -> str:
    """Twelve digits that change with any file that the row runs, committed or not; prose does not count."""
    own = [_with_its_neighbours(f"tests/{selected.split('::')[0]}") for selected in row.selects]
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    listed = subprocess.run([*command, *PRODUCT, *SHARED, *own], check=True, capture_output=True, text=True).stdout
    digest = hashlib.sha256()
    for name in sorted({name for name in listed.split("\0") if name}):
        path = root / name
        if path.is_file() and path.suffix not in NO_CODE:
            digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12]


def _with_its_neighbours(selected: str) -> str:
    """The folder of a file below `tests/reliability`, which holds what the file imports; any other path as it is."""
    if selected.startswith("tests/reliability/") and selected.endswith(".py"):
        return selected.rpartition("/")[0]
    return selected
