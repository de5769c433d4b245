"""A question on its way to a finished export: begun, gone on with, or begun anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from company_activity.errors import PublishError, UsageError
from company_activity.io.storage.folder import Folder, root_folder
from company_activity.io.warehouse.served import ServedTable
from company_activity.operations.export.changes import Since, TableChange, changes
from company_activity.operations.export.erased import erasures, mark_of
from company_activity.operations.export.folder import MANIFEST, ExportFolder
from company_activity.operations.export.manifest import TableFiles, manifest_of
from company_activity.operations.export.places import place_of, remove_remnants
from company_activity.operations.export.positions import Position, Positions
from company_activity.operations.export.request import Plan
from company_activity.operations.export.source import Source
from company_activity.operations.export.writing import write_table

Say = Callable[[str], None]


@dataclass(frozen=True)
class Exported:
    """Where an export lies and what is in it; without a place nothing has changed. `next` is what the next begins at.

    `is_new` is false where a finished export was found.
    """

    next: int
    place: str = ""
    tables: tuple[TableFiles, ...] = ()
    warnings: tuple[str, ...] = ()
    is_new: bool = True


@dataclass(frozen=True)
class Work:
    """What is asked for; `out` is empty for a folder below the lake."""

    source: Source
    out: str
    tables: tuple[ServedTable, ...]
    since: Since
    positions: Positions
    say: Say

    def export(self, wanted: Plan, now: Position) -> Exported:
        """Export up to where a killed one was to end; if that cannot be, or a company was erased since, up to now.

        Raises:
            UsageError: if the folder holds something else, or a company is erased meanwhile.
            PublishError: if the lake has not, or not any more, what the ledger says was published.
        """
        remove_remnants(self.source.lake, wanted.warehouse)
        folder = self._folder(wanted)
        held = folder.plan
        if held is None or not wanted.is_same_question(held):
            return self._take(folder, wanted, now)
        if folder.manifest is not None and held.to != wanted.to:
            return self._take(folder, wanted, now)  # which refuses it
        try:
            return self._take(folder, held, self._position_of(held, wanted, now))
        except PublishError as failure:
            self.say(f"{folder.folder.uri('')} is begun anew: {failure.what}")
        folder.clear(held)
        return self._take(self._folder(wanted), wanted, now)

    def _position_of(self, held: Plan, wanted: Plan, now: Position) -> Position:
        """Where the export that is in the folder was to end.

        Raises:
            PublishError: if it must not, or cannot, be gone on with.
        """
        if held.erased != wanted.erased:
            raise PublishError("a company was erased since it began")
        if held.to == wanted.to:
            return now
        try:
            return self.positions.at(held.to)
        except UsageError as gone:
            raise PublishError(gone.what) from None

    def _take(self, folder: ExportFolder, plan: Plan, position: Position) -> Exported:
        """Write this plan, or find it finished.

        Raises:
            UsageError: if the folder holds something else, a company is erased meanwhile, or of a finished export a
                file is not there or not whole.
            PublishError: if the lake has not, or not any more, what the ledger says was published.
        """
        found = list(changes(self.tables, self.since, position.ledger))
        if not found:
            return Exported(position.number)
        folder.begin(plan)
        place = folder.folder.uri(MANIFEST)
        if folder.manifest is not None:
            self._check_found(folder, plan)
            return Exported(plan.to, place, is_new=False)
        return Exported(plan.to, place, self._write(folder, plan, found, position))

    def _write(
        self, folder: ExportFolder, plan: Plan, found: list[TableChange], position: Position
    ) -> tuple[TableFiles, ...]:
        """Write the tables, then the manifest: it counts from then on, so erasures are looked at before and after."""
        written = []
        for change in found:
            self.say(f"{change.table.name}: reading what was published")
            written.append(write_table(self.source, folder, plan, change, position.ledger))
        self._check_erasures(folder, plan)
        folder.finish(manifest_of(plan, position.ledger, written))
        try:
            self._check_erasures(folder, plan)
            _check_whole(folder, "was written, and {} was removed meanwhile", "export again")
        except BaseException:
            folder.withdraw(plan)  # what nobody could look at does not count
            raise
        folder.sweep()
        return tuple(written)

    def _check_found(self, folder: ExportFolder, plan: Plan) -> None:
        folder.sweep()
        _check_whole(
            folder, "was finished, and {} is gone or changed", "delete the folder, and export again"
        )
        self._check_erasures(folder, plan)

    def _check_erasures(self, folder: ExportFolder, plan: Plan) -> None:
        """See that no company was erased since the plan was made, and that the folder is still this plan's.

        Raises:
            UsageError: if one was, or is being erased: the files may hold it, and are removed.
        """
        try:
            is_same = mark_of(erasures(self.source.settings, self.source.lake)) == plan.erased
        except UsageError:
            is_same = False  # it has begun, and not ended
        if not is_same:
            folder.clear(plan)
            raise UsageError(
                "a company was erased meanwhile, and the files may have held it: they are removed",
                remedy="export again when the erasure has ended",
            )
        folder.check_ours(plan)

    def _folder(self, plan: Plan) -> ExportFolder:
        settings = self.source.settings
        folder: Folder
        if self.out:
            folder = root_folder(self.out, settings.landing, settings.secrets)
        else:
            folder = place_of(self.source.lake, plan)
        return ExportFolder(folder)


def _check_whole(folder: ExportFolder, what: str, remedy: str) -> None:
    """See that the files that the manifest names are there.

    Raises:
        UsageError: naming those that are not, or are of another size.
    """
    lacking = folder.lacking()
    if lacking:
        raise UsageError(
            f"{folder.folder.uri('')} {what.format(', '.join(lacking))}", remedy=remedy
        )
