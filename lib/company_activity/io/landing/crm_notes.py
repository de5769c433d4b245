"""Notes of what a snapshot date is made of, each a create-only file under `ops/` that is named by what it tells.

`<date>.<content>.<listing>.json`: the content is what a state names, the listing a digest over the
paths, sizes and times that it was seen with. So a note's name tells that a date is as it was, and
the note need not be opened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

from company_activity.io.storage.folder import Folder, open_folder
from company_activity.records.fields import CRM_RULES_VERSION

FOLDER = "ops/crm"
FIRST_RULES = "1"  # of the files whose state was written before it noted the rules per path
WORKERS = 16  # notes that are read or written at once


@dataclass(frozen=True)
class KnownFile:
    """A staged path: its digest, the rules that read it, the sizes and times it was seen with.

    `columns` are the optional columns that its header names; none where an older version noted it.
    """

    sha256: str
    rules: str
    seen: frozenset[str]
    columns: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Its bytes as they were read: other rules make other rows of them."""
        return (
            self.sha256[:16]
            if self.rules == FIRST_RULES
            else digest_of(f"{self.rules}\t{self.sha256}")
        )

    def holds(self, sha256: str) -> bool:
        """Whether these bytes are those that today's rules staged."""
        return self.sha256 == sha256 and self.rules == CRM_RULES_VERSION

    def is_as_seen(self, seen: str) -> bool:
        """Whether a size and time tell that it is as it was staged, under today's rules."""
        return seen in self.seen and self.rules == CRM_RULES_VERSION


Files = Mapping[str, KnownFile]


class CrmNotes:
    """The notes that are there: listed once, read where they are asked for."""

    def __init__(self, lake: str | Folder) -> None:
        self._folder = open_folder(lake, FOLDER)

    def has(self, day: str, content: str, listing: str) -> bool:
        """Whether a note tells of this listing."""
        return (day, content, listing) in self._names

    def read(self, contents: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Files]]:
        """The files of dates and contents, from each note of theirs."""
        names = [
            (day, name_of(day, content, listing))
            for day, content in contents
            for listing in self._of(day, content)
        ]
        with ThreadPoolExecutor(WORKERS) as workers:
            found = workers.map(self._read, (name for _, name in names))
            yield from zip((day for day, _ in names), found, strict=True)

    def create(self, day: str, content: str, listing: str, files: Files) -> None:
        """Write a new note; it replaces other notes of the same content."""
        if self.has(day, content, listing):
            return
        self._folder.create(name_of(day, content, listing), f"{encoded(files)}\n")
        for other in [note for note in self._names if note[:2] == (day, content)]:
            self._folder.delete(name_of(*other))
            self._names.discard(other)
        self._names.add((day, content, listing))

    def unnamed(self, is_named: Callable[[str, str], bool]) -> list[str]:
        """The names of the notes of dates and contents that are no longer named."""
        return [name_of(*note) for note in sorted(self._names) if not is_named(*note[:2])]

    def sweep(self, days: Collection[str], is_named: Callable[[str, str], bool]) -> None:
        """Delete the notes of these dates whose content is no longer named."""
        for day, content, listing in [note for note in self._names if note[0] in days]:
            if not is_named(day, content):
                self._folder.delete(name_of(day, content, listing))
                self._names.discard((day, content, listing))

    @cached_property
    def _names(self) -> set[tuple[str, str, str]]:
        """Date, content and listing of each note."""
        parts = (name.split(".") for name in self._folder.names())
        return {(one[0], one[1].replace("-", ":"), one[2]) for one in parts if len(one) == 4}

    @cached_property
    def _listings(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for day, content, listing in sorted(self._names):
            found.setdefault((day, content), []).append(listing)
        return found

    def _of(self, day: str, content: str) -> list[str]:
        return self._listings.get((day, content), [])

    def _read(self, name: str) -> Files:
        """A note's files; none if it was swept meanwhile: the files are then read again."""
        try:
            noted = json.loads(self._folder.read(name))
        except FileNotFoundError:
            return {}
        return {
            path: KnownFile(sha256, rules, frozenset(seen), *map(tuple, columns))
            for path, (sha256, rules, seen, *columns) in noted.items()
        }


def encoded(files: Files) -> str:
    """The files as a note holds them."""
    return json.dumps(
        {
            path: [file.sha256, file.rules, sorted(file.seen), list(file.columns)]
            for path, file in sorted(files.items())
        }
    )


def name_of(day: str, content: str, listing: str) -> str:
    """The name of a note.

    >>> name_of("2025-01-02", "24:0123456789abcdef", "76543210fedcba98")
    '2025-01-02.24-0123456789abcdef.76543210fedcba98.json'
    """
    return f"{day}.{content.replace(':', '-')}.{listing}.json"


def digest_of(text: str) -> str:
    """16 characters that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
