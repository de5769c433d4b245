"""The folder of an export: its plan, files, notes of what is done, and the manifest that commits it.

plan.json                         what was asked for; create-only, so that two exports never share a folder unseen
<table>/part-00000.csv            rows
<table>/delete-00000.csv          dates or keys to delete before the rows are loaded
unfinished/<table>.<unit>.json    the files of a unit that is done; gone when the manifest is there
manifest.json                     create-only, last: without it nothing here counts
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from company_activity.errors import UsageError
from company_activity.io.storage.folder import DRAFT, Folder
from company_activity.operations.export.formats import Encoded
from company_activity.operations.export.request import Plan

PLAN = "plan.json"
MANIFEST = "manifest.json"
UNFINISHED = "unfinished"
OF_ROWS = re.compile(r"(?:part|delete)-\d{5,}\.[a-z]+")


@dataclass(frozen=True)
class ExportedFile:
    """A file of an export: its path below the folder; of CSV, how many of its texts were guarded."""

    path: str
    rows: int
    bytes: int
    sha256: str
    guarded: int = 0


@dataclass(frozen=True)
class ExportFolder:
    """A folder with at most one export in it."""

    folder: Folder

    @property
    def plan(self) -> Plan | None:
        """The plan of the export in it; None where there is none."""
        text = self._plan_text()
        return None if text is None else Plan.parse(text)

    @property
    def is_taken(self) -> bool:
        """Whether an export has begun in it, of whatever version."""
        return self._plan_text() is not None

    @property
    def manifest(self) -> dict[str, Any] | None:
        """What the manifest says; None where there is none."""
        try:
            found: dict[str, Any] = json.loads(self.folder.read(MANIFEST))
        except FileNotFoundError:
            return None
        return found

    def begin(self, plan: Plan) -> None:
        """Take the folder for an export.

        Raises:
            UsageError: if it holds another one, or anything else.
        """
        held = [entry for entry in self.folder.entries() if not entry.path.startswith(".")]
        if held and self.plan is None:
            raise UsageError(
                f"{self.folder.uri('')} is not empty, and no export is in it",
                remedy="give another folder as --out",
            )
        self.folder.create(PLAN, plan.text)
        self.check_holds(plan)

    def check_holds(self, plan: Plan) -> None:
        """See that the export in it is this one.

        Raises:
            UsageError: naming what it holds.
        """
        held = self.plan
        if held != plan:
            told = held.told if held else "an export that this version cannot read"
            state = "a finished export" if self.manifest else "an export that was not finished"
            raise UsageError(
                f"{self.folder.uri('')} holds {state} of another range: {told}",
                remedy="give another folder as --out, or delete that one",
            )

    def check_ours(self, plan: Plan) -> None:
        """See that nobody has removed this export, or begun it anew, since it began.

        Raises:
            UsageError: if somebody has; what was written behind that is removed.
        """
        if self.plan != plan:
            self.clear(plan)
            raise UsageError(
                f"{self.folder.uri('')} was removed or begun anew by another while it was written",
                remedy="export again; if a company is being erased, when that has ended",
            )

    def write(self, path: str, encoded: Encoded) -> ExportedFile:
        """Write a file; one that is there already stays where it is the same."""
        sha256 = hashlib.sha256(encoded.content).hexdigest()
        size = len(encoded.content)
        file = ExportedFile(path, encoded.rows, size, sha256, encoded.guarded)
        if not self.folder.create_bytes(path, encoded.content) and not self._is_there(file):
            self.folder.replace_bytes(path, encoded.content)
        return file

    def done(self, unit: str) -> list[ExportedFile] | None:
        """The files of a unit that is done, each read against its sha256; None where it has to be done again."""
        try:
            noted = json.loads(self.folder.read(f"{UNFINISHED}/{unit}.json"))
        except FileNotFoundError:
            return None
        files = [ExportedFile(**file) for file in noted]
        return files if all(map(self._is_there, files)) else None

    def note_done(self, unit: str, files: Iterable[ExportedFile]) -> None:
        """Note that these are the files of a unit."""
        noted = [asdict(file) for file in files]
        self.folder.replace(f"{UNFINISHED}/{unit}.json", json.dumps(noted) + "\n")

    def decided(self, name: str, choice: str) -> str:
        """What was chosen first under this name: of this export, a killed one, or another that works on it."""
        path = f"{UNFINISHED}/{name}.json"
        if self.folder.create(path, json.dumps(choice)):
            return choice
        return str(json.loads(self.folder.read(path)))

    def finish(self, manifest: dict[str, Any]) -> None:
        """Commit the export."""
        self.folder.create(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")

    def sweep(self) -> None:
        """Remove the notes that a finished export needs no more; not what another one is writing this moment."""
        notes = self.folder.inside(UNFINISHED)
        for name in notes.names():
            notes.delete(name)

    def withdraw(self, plan: Plan) -> None:
        """Let this export not count, though its files stay; the manifest of another one stays."""
        if not self._is_of_another(plan):
            self.folder.delete(MANIFEST)

    def clear(self, plan: Plan) -> None:
        """Remove what an export of this plan has written, and nothing else; what another one has taken stays.

        The manifest goes first, so that it does not count; then the plan, so that whoever is at work on it stops.
        """
        if self._is_of_another(plan):
            return
        self.folder.delete(MANIFEST)
        self.folder.delete(PLAN)
        for entry in self.folder.entries():
            if _is_written_by(plan, entry.path):
                self.folder.delete(entry.path)

    def remove(self) -> None:
        """Remove all that there is, the manifest first: below the lake, where nobody else keeps files."""
        self.folder.delete(MANIFEST)
        for entry in self.folder.entries():
            self.folder.delete(entry.path)

    def lacking(self) -> list[str]:
        """The files that a finished export names and that are not there, or of another size."""
        sizes = {entry.path: entry.size for entry in self.folder.entries()}
        named = files_in(self.manifest or {})
        return [file.path for file in named if sizes.get(file.path) != file.bytes]

    def _is_of_another(self, plan: Plan) -> bool:
        return self.is_taken and self.plan != plan

    def _plan_text(self) -> str | None:
        try:
            return self.folder.read(PLAN)
        except FileNotFoundError:
            return None

    def _is_there(self, file: ExportedFile) -> bool:
        try:
            content = self.folder.read_bytes(file.path)
        except FileNotFoundError:
            return False
        return hashlib.sha256(content).hexdigest() == file.sha256


def files_in(manifest: dict[str, Any]) -> list[ExportedFile]:
    """The files that a manifest names, of all tables."""
    found = []
    for table in manifest.get("tables", ()):
        found += [ExportedFile(**file) for file in (*table["delete_files"], *table["files"])]
    return found


def _is_written_by(plan: Plan, path: str) -> bool:
    """Whether a file of this path is one that an export of the plan writes, or what it left of one."""
    folder, _, name = path.rpartition("/")
    draft = DRAFT.fullmatch(name)
    if draft:
        name = draft["name"]
    if folder in plan.tables:
        return OF_ROWS.fullmatch(name) is not None
    return folder == UNFINISHED or (not folder and name in (PLAN, MANIFEST))
