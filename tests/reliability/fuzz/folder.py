"""The folder of a target: its seeds, its corpus, which grows from run to run, and what was found."""

from __future__ import annotations

import hashlib
import json
import shutil
import traceback
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

NOTED = "noted.jsonl"
MOST_CHARACTERS = 400


@dataclass(frozen=True)
class Finding:
    """A failed check: where and with what, and the file that holds the input."""

    place: str
    error: str
    file: str


class Folder:
    """The files of one target below `.local/fuzz`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seeds = path / "seeds"
        self.corpus = path / "corpus"
        self.found = path / "found"
        self.words = path / "words"
        self._places: set[str] = set()

    def begin(self, seeds: Iterable[bytes], words: Iterable[bytes]) -> None:
        """Write the seeds and libFuzzer's dictionary; what an earlier run found is forgotten, its corpus kept."""
        for gone in (self.seeds, self.found):
            shutil.rmtree(gone, ignore_errors=True)
        for needed in (self.seeds, self.found, self.corpus):
            needed.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            (self.seeds / named(seed)).write_bytes(seed)
        listed = ("".join(f"\\x{byte:02x}" for byte in word) for word in words)
        self.words.write_text("".join(f'"{word}"\n' for word in listed), encoding="ascii")

    def note(self, data: bytes, failure: Exception) -> None:
        """Keep an input on which a check failed, unless another failed in the same place."""
        place = place_of(failure)
        if place in self._places:
            return
        self._places.add(place)
        file = self.found / named(data)
        file.write_bytes(data)
        finding = Finding(place, f"{type(failure).__name__}: {failure}"[:MOST_CHARACTERS], str(file))
        with (self.found / NOTED).open("a", encoding="utf-8", errors="backslashreplace") as noted:
            noted.write(json.dumps(asdict(finding)) + "\n")

    def findings(self) -> list[Finding]:
        """What the last run found; what libFuzzer itself kept (a time-out, no memory) besides."""
        noted = self.found / NOTED
        lines = noted.read_text("utf-8").splitlines() if noted.is_file() else []
        ours = [Finding(**json.loads(line)) for line in lines]
        theirs = [path for path in sorted(self.found.glob("*-*")) if path.name.partition("-")[0] in LIBFUZZERS]
        return [*ours, *(Finding("libFuzzer", path.name.partition("-")[0], str(path)) for path in theirs)]


LIBFUZZERS = ("crash", "timeout", "oom", "leak", "slow")


def named(data: bytes) -> str:
    """A file name by content."""
    return hashlib.sha256(data).hexdigest()[:24]


def place_of(failure: Exception) -> str:
    """The innermost line of ours that the failure passed, and the line that raised it."""
    frames = traceback.extract_tb(failure.__traceback__)
    ours = [frame for frame in frames if "company_activity" in frame.filename or "fuzz" in frame.filename]
    inner = [*ours[-1:], *frames[-1:]]
    return f"{type(failure).__name__} at " + " in ".join(f"{Path(one.filename).name}:{one.lineno}" for one in inner)
