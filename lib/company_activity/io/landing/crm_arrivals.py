"""The CRM files that wait to be staged: read one at a time, judged date by date."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from company_activity.errors import CrmFileRefused, UsageError
from company_activity.gates.crm_admission import Admission, StagedSnapshots
from company_activity.io.landing.crm_files import content_as_judged, unread_files
from company_activity.io.landing.crm_known import KnownFiles
from company_activity.io.landing.crm_verdicts import ACCEPTED, CrmVerdicts
from company_activity.records.crm import CrmFile, read_crm_file, snapshot_date

if TYPE_CHECKING:
    from company_activity.gates.crm_admission import StagedIds
    from company_activity.io.landing.landing import Landing
    from company_activity.io.storage.folder import Folder
    from company_activity.io.storage.opening import Storage
    from company_activity.planning.state import CrmState
    from company_activity.records.tombstone import Tombstones
    from company_activity.settings.model import GateSettings


@dataclass(frozen=True)
class WaitingFile:
    """A file with new content: its digest, the size and time it was seen with, its date.

    `again`: its bytes are staged, and are read again by newer rules.
    """

    path: str
    sha256: str
    seen: str
    day: date
    again: bool


@dataclass(frozen=True)
class UnreadableFile:
    """A file that is no snapshot, and why."""

    path: str
    why: CrmFileRefused


@dataclass
class Arrivals:
    """The files that arrived: `waiting` for a verdict, `refused` before, or `unreadable`.

    `known` is what is known of the files that are staged.
    """

    storage: Storage
    today: date
    verdicts: CrmVerdicts
    known: KnownFiles
    waiting: list[WaitingFile] = field(default_factory=list)
    refused: list[WaitingFile] = field(default_factory=list)
    unreadable: list[UnreadableFile] = field(default_factory=list)

    @property
    def are_none(self) -> bool:
        return not (self.waiting or self.refused or self.unreadable)

    def find_new(self, folder: str) -> None:
        """Read each file with something new as far as its date. No content outlives its turn."""
        for unread in unread_files(self.storage, folder, self.known):
            try:
                day = snapshot_date(unread.path, unread.content, self.today)
            except CrmFileRefused as why:
                self.unreadable.append(UnreadableFile(unread.path, why))
            else:
                self.waiting.append(
                    WaitingFile(unread.path, unread.sha256, unread.seen, day, unread.again)
                )
            del unread

    def accept(self, names: Iterable[str], run_id: str) -> None:
        """Keep an acceptance of each of the files of these names.

        Raises:
            UsageError: if a name is not that of one waiting file, by its whole path or its last part.
        """
        for name in names:
            file = self._named(name)
            self.verdicts.note(ACCEPTED, file.path, file.sha256, run_id, "--accept-crm")

    def _named(self, name: str) -> WaitingFile:
        matching = [file for file in self.waiting if f"/{file.path}".endswith(f"/{name}")]
        if len(matching) != 1:
            known = ", ".join(sorted(file.path for file in self.waiting)) or "none"
            raise UsageError(
                f"--accept-crm {name} names no file that waits to be staged",
                remedy=f"waiting: {known}",
            )
        return matching[0]

    def set_aside_refused(self) -> None:
        """Set aside the refused files. A new path of the same date lifts a refusal for loss.

        One that was judged for its loss before, or is staged, is no other path, accepted since or
        not.
        """
        fresh = {file.day for file in self.waiting if not self._is_decided(file)}
        refused: list[WaitingFile] = []
        waiting: list[WaitingFile] = []
        for file in self.waiting:
            (refused if self._is_still_refused(file, fresh) else waiting).append(file)
        self.refused = refused
        self.waiting = waiting

    def _is_decided(self, file: WaitingFile) -> bool:
        """Whether a file was refused, was judged for its loss, or is staged."""
        is_refused = self.verdicts.is_refused(file.path, file.sha256)
        return file.again or is_refused or self.verdicts.has_lost(file.path, file.sha256)

    def _is_still_refused(self, file: WaitingFile, fresh: Collection[date]) -> bool:
        """Whether a refusal stands; `fresh` are the dates of which another path has arrived."""
        if not self.verdicts.is_refused(file.path, file.sha256):
            return False
        return file.day not in fresh or self.verdicts.is_broken(file.path, file.sha256)

    def lift_refusals(self, admitted: Iterable[str], run_id: str) -> None:
        """Accept the refused files that are admitted: a killed run may have staged some of them."""
        accepted_paths = frozenset(admitted)
        for file in self.waiting:
            if file.path in accepted_paths and self.verdicts.is_refused(file.path, file.sha256):
                self.verdicts.note(
                    ACCEPTED, file.path, file.sha256, run_id, "let in with the others of its date"
                )

    @property
    def accepted(self) -> frozenset[str]:
        """The paths that someone accepted by name."""
        return frozenset(
            file.path for file in self.waiting if self.verdicts.is_accepted(file.path, file.sha256)
        )

    @property
    def standing(self) -> frozenset[str]:
        """The paths whose bytes were admitted before, and are staged by older rules."""
        return frozenset(file.path for file in self.waiting if file.again)

    def judge(
        self, state: CrmState, ids: StagedIds | None, gates: GateSettings, erased: Tombstones
    ) -> Admission:
        """The verdict on each waiting file, a date after the other; rows of `erased` companies are not in it.

        `ids` tells the companies that a date keeps from other paths; without it
        nobody can look at staged rows.
        """
        waiting = sorted(self.waiting, key=lambda file: (file.day, file.path))
        staged_for = {day for file in waiting if (day := self.known.day_of(file.path))}
        left = staged_for - {str(file.day) for file in waiting}
        admission = Admission(
            staged=staged_snapshots(self.known, state, waiting, ids),
            replaced=frozenset(file.path for file in waiting),
            accepted=self.accepted,
            standing=self.standing,
            max_loss=gates.crm_max_loss,
            max_broken=gates.crm_max_broken,
        )
        admission.leave(map(date.fromisoformat, sorted(left)))
        for day, files in groupby(waiting, key=lambda file: file.day):
            admission.judge(day, self._contents(files, erased))
        return admission

    def _contents(self, files: Iterable[WaitingFile], erased: Tombstones) -> Iterator[CrmFile]:
        """The parsed files, one in memory at a time. The next run reads one that changed since."""
        for file in files:
            content = content_as_judged(self.storage, file.path, file.sha256)
            if content is None:
                continue
            try:
                yield read_crm_file(file.path, content, self.today, erased)
            except CrmFileRefused as why:
                self.unreadable.append(UnreadableFile(file.path, why))


def new_arrivals(landing: Landing, lake: Folder, state: CrmState, today: date) -> Arrivals:
    """The CRM files of the landing that hold something which `state` does not say is staged.

    `lake` is where the notes of staged files and the verdicts on refused ones lie.
    """
    arrivals = Arrivals(landing.storage, today, CrmVerdicts(lake), KnownFiles(lake, state))
    arrivals.find_new(landing.settings.crm_path)
    return arrivals


def staged_snapshots(
    known: KnownFiles, state: CrmState, waiting: Sequence[WaitingFile], ids: StagedIds | None
) -> StagedSnapshots:
    """What is staged of the dates of the waiting files, by the staging table's state."""
    touched = {str(file.day) for file in waiting}
    touched |= {day for file in waiting if (day := known.day_of(file.path))}
    return StagedSnapshots(
        companies={date.fromisoformat(day): count for day, count in state.companies.items()},
        paths={date.fromisoformat(day): frozenset(known.of(day)) for day in touched},
        ids=ids,
        lost=frozenset(date.fromisoformat(day) for day in touched if known.is_lost(day)),
    )
