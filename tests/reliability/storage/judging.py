"""What must hold after a fault: a failure is a sentence and its exit code, and whatever is seen is whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from company_activity import errors
from company_activity.io.storage.folder import DRAFT
from company_activity.io.storage.opening import LocalStorage

from reliability.storage.stories import Given, Story

SENTENCE = re.compile(r"(?P<kind>[A-Z]\w+): .+ — .+")
BESIDE = {".lock", "_locks"}  # held, never read
Written = dict[str, set[bytes]]


def is_clean(code: int, out: str, err: str) -> None:
    """It succeeded, or said in a sentence of ours what is wrong and what to do, and ended with that error's code."""
    assert "Traceback" not in err, err
    assert "--debug" not in out + err, out + err
    if code == 0:
        return
    lines = (err or out).strip().splitlines()
    found = SENTENCE.fullmatch(lines[-1]) if lines else None
    assert found, out + err
    kind = getattr(errors, found["kind"])
    assert issubclass(kind, errors.CompanyActivityError)
    assert kind.exit_code == code


@dataclass(frozen=True)
class Undisturbed:
    """A story without a fault: how it ends, and every text that it ever wrote, by file."""

    ends: Any
    written: Written


def undisturbed(story: Story, given: Given) -> Undisturbed:
    """Tell a story here, while nothing fails."""
    story.before(given)
    there = {str(file): given.root.joinpath(file).read_bytes() for file in seen_files(given.root)}
    with noted_writes(given.root) as written:
        assert not story.act(given)
    for file, data in there.items():
        written.setdefault(file, set()).add(data)
    return Undisturbed(story.ends(given), written)


def torn_files(root: Path, written: Written) -> list[str]:
    """The files that are neither what was once written whole, nor at least whole JSON, as what tells of a fault is."""
    return [str(file) for file in seen_files(root) if not _is_whole(root, file, written)]


def seen_files(root: Path) -> list[Path]:
    """The files that a reader sees: no drafts."""
    found = (file.relative_to(root) for file in root.rglob("*") if file.is_file())
    return sorted(file for file in found if not DRAFT.fullmatch(file.name) and not BESIDE & set(file.parts))


def _is_whole(root: Path, file: Path, written: Written) -> bool:
    data = root.joinpath(file).read_bytes()
    if data in written.get(str(file), ()):
        return True
    try:
        json.loads(data)
    except ValueError:
        return False
    return file.parts[0] in ("lake", "drop")


@contextmanager
def noted_writes(root: Path) -> Iterator[Written]:
    """Every text that is written below a root meanwhile, by file."""
    written: Written = {}

    def noting(write: Callable[..., object]) -> Callable[..., object]:
        def noted(storage: LocalStorage, path: str, chunks: Iterable[bytes]) -> object:
            kept = list(chunks)
            done = write(storage, path, kept)
            file = str(storage.file(path).relative_to(root))
            written.setdefault(file, set()).add(b"".join(kept))
            return done

        return noted

    with pytest.MonkeyPatch.context() as patches:
        for name in ("create", "replace"):
            patches.setattr(LocalStorage, name, noting(getattr(LocalStorage, name)))
        yield written
