"""What is known of the staged CRM files, so that a run opens only those that may hold something new.

The state of `stg.crm_companies` names one content per snapshot date; what it is made of stands in a
note (`crm_notes`), and the note's name tells that the date's files are as they were.

A path whose name does not tell its snapshot date can be of any: the dates that hold such paths are
named in the state as `elsewhere`, and one more note, `elsewhere.<contents>.<listing>.json`, tells
that all of them are as they were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from company_activity.io.landing.crm_notes import (
    WORKERS,
    CrmNotes,
    Files,
    KnownFile,
    digest_of,
    encoded,
)
from company_activity.planning.snapshots import content_of
from company_activity.planning.state import CrmState, NotedFile
from company_activity.records.crm.snapshot_date import date_in_name
from company_activity.records.fields import CRM_RULES_VERSION

if TYPE_CHECKING:
    from company_activity.io.storage.folder import Folder
    from company_activity.io.storage.port import Entry

ELSEWHERE = "elsewhere"


class KnownFiles:
    """The files that a state names, loaded per date on demand, and their changes in a run.

    `contents` is what the state holds: snapshot date → content.
    """

    def __init__(self, lake: str | Folder, state: CrmState) -> None:
        self.contents = dict(state.contents)
        self._notes = CrmNotes(lake)
        self._elsewhere = set(state.elsewhere)
        self._older = set(state.older)
        self._files: dict[str, dict[str, KnownFile]] = {}
        self._day_of: dict[str, str] = {}
        self._is_elsewhere_open = False
        self._listed: dict[str, str] = {}
        self._looked_at: set[str] = (
            set()
        )  # dates that a note had to be opened for, or whose files were touched
        self._unwritten: set[str] = set()  # dates that no note tells of yet
        self._take_over(state.files, state.rules_version)

    def _take_over(self, files: Mapping[str, NotedFile], rules: str) -> None:
        """A state of before 0.2 holds all that is known itself."""
        for path, file in files.items():
            known = KnownFile(file.sha256, rules, frozenset({file.seen}))
            self._keep(file.file_date, {path: known})
        for day in list(self._files):
            self._refresh(day)
        self._unwritten = set(self._files)

    def unsettled(self, entries: Iterable[Entry]) -> list[Entry]:
        """The listed files that size and time alone do not show to be unchanged."""
        listed = {entry.path: entry for entry in entries}
        self._listed = {path: seen_with(entry) for path, entry in listed.items()}
        left = self._unsettled_paths()
        if self._notes.has(ELSEWHERE, self._whole, self._listing(left)):
            return []
        return [listed[path] for path in left]

    def _unsettled_paths(self) -> list[str]:
        """The listed paths of dates of which no note tells that they are as they were."""
        by_day: dict[str, list[str]] = {}
        for path in self._listed:
            by_day.setdefault(day_in_name(path), []).append(path)
        unsettled = [paths for day, paths in by_day.items() if not self._is_settled(day, paths)]
        return sorted(path for paths in unsettled for path in paths)

    def _is_settled(self, day: str, paths: Collection[str]) -> bool:
        if day in self._elsewhere or day not in self.contents:
            return False
        return self._notes.has(day, self.contents[day], self._listing(paths))

    def find(self, path: str) -> KnownFile | None:
        """What is known of a path; None if nothing is staged from it."""
        day = self.day_of(path)
        return self._files[day][path] if day else None

    def day_of(self, path: str) -> str | None:
        """The snapshot date that a path is staged for."""
        self._open([day_in_name(path)])
        if path not in self._day_of and not self._is_elsewhere_open:
            self._open(self._elsewhere)
            self._is_elsewhere_open = True
        return self._day_of.get(path)

    def of(self, day: str) -> Files:
        """The staged files of a snapshot date."""
        self._open([day])
        return self._files.get(day, {})

    def is_lost(self, day: str) -> bool:
        """Whether the state names the date and no note tells what it is made of."""
        return day in self.contents and not self.of(day)

    def add_seen(self, path: str, seen: str) -> None:
        """Remember that a path still has its staged bytes, seen with another size or time."""
        day = self._day_of[path]
        known = self._files[day][path]
        self._files[day][path] = replace(known, seen=known.seen | {seen})
        self._looked_at.add(day)

    def note_unchanged(self) -> None:
        """Note what was found to be as it was, so that no later run looks at it again."""
        for day in sorted(self._looked_at):
            self._write(day)
        left = self._unsettled_paths() if self._elsewhere else []
        if left and all(self._is_current(path) for path in left):
            self._notes.create(ELSEWHERE, self._whole, self._listing(left), {})
        self._looked_at.clear()

    def left_behind(self) -> list[str]:
        """The staged paths read by older rules whose files are gone: their rows stay as they are."""
        self._open(self._older)
        older = (self.of(day) for day in sorted(self._older))
        return [
            path
            for files in older
            for path in sorted(files)
            if self._is_left_behind(path, files[path])
        ]

    def _is_left_behind(self, path: str, file: KnownFile) -> bool:
        return file.rules != CRM_RULES_VERSION and path not in self._listed

    def replace_file(
        self, path: str, day: str, sha256: str, seen: str, columns: tuple[str, ...] = ()
    ) -> None:
        """Replace what is known of a path by its new content, which is about to be staged."""
        before = self.day_of(path)
        if before:
            self._open([before])
            del self._files[before][path]
            self._refresh(before)
        self._open([day])
        self._listed[path] = seen
        self._keep(day, {path: KnownFile(sha256, CRM_RULES_VERSION, frozenset({seen}), columns)})
        self._refresh(day)

    def columns_before(self, day: str) -> list[frozenset[str]]:
        """The optional columns of each file of the nearest earlier snapshot date."""
        earlier = [other for other in self.contents if other < day]
        files = self.of(max(earlier)).values() if earlier else ()
        return [frozenset(file.columns) for file in files]

    def state(self, companies: Mapping[str, int] = MappingProxyType({})) -> CrmState:
        """The table's state, with the `companies` of each date.

        The notes that it names must exist before it is committed.
        """
        elsewhere = frozenset(self._elsewhere)
        return CrmState(dict(self.contents), companies, elsewhere, frozenset(self._older))

    def write_notes(self) -> None:
        """Write the notes that the state names and that are not there yet."""
        with ThreadPoolExecutor(WORKERS) as workers:
            list(workers.map(self._write, sorted(self._unwritten & self.contents.keys())))
        self._unwritten.clear()

    def sweep(self, days: Collection[str]) -> None:
        """Delete the notes of these dates that the state no longer names; only once it is committed."""
        self._notes.sweep({*days, ELSEWHERE}, self._is_named)

    def unnamed_notes(self) -> list[str]:
        """The names of the notes that the state does not name: what a killed run left."""
        return self._notes.unnamed(self._is_named)

    def _is_named(self, day: str, content: str) -> bool:
        return content == (self._whole if day == ELSEWHERE else self.contents.get(day))

    @property
    def _whole(self) -> str:
        """A digest over all contents: the note of what is elsewhere tells of no other state."""
        return digest_of(
            "".join(f"{day}\t{content}\n" for day, content in sorted(self.contents.items()))
        )

    def _open(self, days: Iterable[str]) -> None:
        """Read the notes of the dates that are not open yet."""
        closed = [day for day in days if day in self.contents and day not in self._files]
        if not closed:
            return
        self._files.update({day: {} for day in closed})
        self._looked_at.update(closed)
        for day, files in self._notes.read((day, self.contents[day]) for day in closed):
            self._keep(day, files)

    def _keep(self, day: str, files: Files) -> None:
        held = self._files.setdefault(day, {})
        for path, file in files.items():
            seen = held[path].seen if path in held else frozenset()
            held[path] = replace(file, seen=file.seen | seen)
            self._day_of[path] = day

    def _refresh(self, day: str) -> None:
        """Bring a date's content to its files."""
        files = self._files[day]
        self._unwritten.add(day)
        self._elsewhere.discard(day)
        self._older.discard(day)
        if not files:
            self.contents.pop(day, None)
            return
        self.contents[day] = content_of({path: file.digest for path, file in files.items()})
        if any(day_in_name(path) != day for path in files):
            self._elsewhere.add(day)
        if any(file.rules != CRM_RULES_VERSION for file in files.values()):
            self._older.add(day)

    def _write(self, day: str) -> None:
        files = self.of(day)
        if not files:
            return
        listed = [path for path in files if path in self._listed]
        noted = {path: self._as_listed(path, file) for path, file in files.items()}
        is_current = all(self._is_current(path) for path in listed)
        # A path with other bytes than those staged must be looked at again: no listing has such a name.
        listing = self._listing(listed) if is_current else f"not-{digest_of(encoded(noted))}"
        self._notes.create(day, self.contents[day], listing, noted)

    def _as_listed(self, path: str, file: KnownFile) -> KnownFile:
        """The file with the size and time that it is listed with, where that is how it was seen."""
        listed = self._listed.get(path)
        return replace(file, seen=frozenset({listed})) if listed in file.seen else file

    def _is_current(self, path: str) -> bool:
        """Whether a listed path is as it was staged."""
        known = self.find(path)
        return known is not None and known.is_as_seen(self._listed[path])

    def _listing(self, paths: Iterable[str]) -> str:
        return digest_of(
            CRM_RULES_VERSION + "".join(f"\n{path}\t{self._listed[path]}" for path in sorted(paths))
        )


def seen_with(entry: Entry) -> str:
    """The size and time of a file, which tell whether it may have changed."""
    return f"{entry.size}/{entry.modified_at.isoformat()}"


def day_in_name(path: str) -> str:
    """The date in a path's name, empty where there is none."""
    return str(date_in_name(path) or "")
