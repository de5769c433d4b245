"""Copies of a folder, each with one random change."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from support.mutations.changes import KINDS, Change, Known
from support.mutations.files import Content, contents
from support.mutations.tree import replaced
from support.mutations.words import misspelt, misspelt_in

FILE, LINE = "file", "line"


@dataclass(frozen=True)
class Mutant:
    """A copy of a folder in which one thing was changed. `folder` lasts until the next one is asked for."""

    kind: str
    path: str
    place: str
    before: Any
    after: Any
    folder: Path

    def __str__(self) -> str:
        return f"{self.kind:<10} {self.path}: {self.place}: {shown(self.before)} → {shown(self.after)}"


@dataclass(frozen=True)
class Written:
    """A change of one file. What is no tree has its new text, or its new path, here."""

    change: Change
    file: Content
    text: str | None = None
    path: str | None = None

    def into(self, folder: Path) -> None:
        """Write the changed file in place of what stands there."""
        text = self.text
        if text is None:
            text = self.file.written(replaced(self.file.tree, self.change.keys, self.change.value))
        (folder / self.file.path).unlink()
        (folder / (self.path or self.file.path)).write_text(text, encoding="utf-8")


def shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:300]


def mutants(folder: Path, count: int, seed: int) -> Iterator[Mutant]:
    """`count` copies of a folder, each changed in one place; the kinds take turns, and no change comes twice.

    A change that leaves the file's content as it was is none. Raises ValueError if there are not so many.
    """
    random = Random(seed)
    possible = {kind: list(found) for kind in (*KINDS, FILE, LINE) if (found := changes(kind, folder, random))}
    for found in possible.values():
        random.shuffle(found)
    for _ in range(count):
        possible = {kind: found for kind, found in possible.items() if found}
        if not possible:
            raise ValueError(f"{folder} has no more places to change")
        kind = next(iter(possible))
        found = possible.pop(kind)
        written = found.pop()
        possible[kind] = found  # to the end: the kinds take turns
        yield from applied(written, folder)


def changes(kind: str, folder: Path, random: Random) -> list[Written]:
    """Every change of a kind that a folder's files can have."""
    files = contents(folder)
    trees = [file for file in files if file.tree is not None]
    if kind == FILE:
        return [renamed(file, random) for file in files]
    if kind == LINE:
        return [changed for file in files if file.tree is None for changed in other_lines(file, random)]
    known = Known.of([file.tree for file in trees])
    return [
        Written(change, file)
        for file in trees
        for change in KINDS[kind](file.tree, known, random)
        if change.after != change.before or type(change.after) is not type(change.before)
    ]


def renamed(file: Content, random: Random) -> Written:
    path = Path(file.path)
    wrong = path.with_name(misspelt(path.name.split(".")[0] or path.name, random) + "".join(path.suffixes))
    if path.name.startswith("."):
        wrong = path.with_name(misspelt(path.name, random))
    return Written(text_change(FILE, "", path.name, wrong.name), file, file.text, wrong.as_posix())


def text_change(kind: str, place: str, before: str, after: str) -> Change:
    return Change(kind, place, before, after, (), None)


def other_lines(file: Content, random: Random) -> Iterator[Written]:
    """A file with a word of one line misspelt; comments are passed over."""
    lines = file.text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        if line.lstrip().startswith(("//", "#", "%%", '"""')):
            continue
        wrong = misspelt_in(line, random)
        if wrong is not None:
            text = "".join([*lines[:at], wrong, *lines[at + 1 :]])
            yield Written(text_change(LINE, f"line {at + 1}", line.strip(), wrong.strip()), file, text)


def applied(written: Written, folder: Path) -> Iterator[Mutant]:
    """The change in a copy of the folder, which is gone afterwards."""
    change = written.change
    with TemporaryDirectory() as temporary:
        copy = Path(temporary) / folder.name
        shutil.copytree(folder, copy)
        written.into(copy)
        yield Mutant(change.kind, written.file.path, change.place, change.before, change.after, copy)
