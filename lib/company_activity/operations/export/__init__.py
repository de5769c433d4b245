"""What the warehouse serves otherwise than it did, written as files for other tools.

Rows are read from the lake, at the versions that the ledger names: a database keeps no older rows to compare with, and
no type for a list, while these versions are exactly what was published. Spark is started once there is a row to write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from company_activity.errors import UsageError
from company_activity.io.lake.erasures import unended
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.tombstones import laid
from company_activity.io.storage.folder import Folder, lake_folder, root_folder
from company_activity.io.storage.opening import open_storage
from company_activity.io.warehouse.mirror import (
    last_mirrored,
    mirror_files,
    mirrored,
    warehouse_id,
)
from company_activity.operations.export.changes import TableChange, changes
from company_activity.operations.export.folder import MANIFEST, ExportFolder
from company_activity.operations.export.manifest import TableFiles, manifest_of
from company_activity.operations.export.places import place_of
from company_activity.operations.export.positions import Position, Positions
from company_activity.operations.export.request import Plan, chosen_tables, since_of
from company_activity.operations.export.source import Source
from company_activity.operations.export.writing import write_table
from company_activity.settings.model import Settings

Say = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What the command line asks for. `out` is empty for a folder below the lake."""

    since: str
    format: str = "csv"
    tables: tuple[str, ...] = ()
    out: str = ""
    rows_per_file: int = 100_000


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


def export(settings: Settings, asked: Asked, say: Say) -> Exported:
    """Write what has changed; what is asked for, and the ledger's mirror, are looked at before Spark starts.

    Raises:
        UsageError: if nothing was published yet, no export ended at the number given, there is no such table, the
            folder holds something else, or a company is being erased.
        PublishError: if the lake has not, or not any more, what the ledger says was published.
    """
    lake = lake_folder(settings)
    url = settings.sql.url
    before = erasures(settings, lake)
    tables = chosen_tables(asked.tables)
    positions = Positions.of(lake, url)
    since = since_of(asked.since, positions)
    files = mirror_files(lake)
    ledger = last_mirrored(files, url)
    if ledger is None:
        raise UsageError(
            "nothing was published to this warehouse yet, so there is nothing to export",
            remedy="company-activity run --date D, or company-activity publish --date D",
        )
    warnings = [] if mirrored(files, url) else [A_PUBLISH_HAS_BEGUN]
    position = positions.note(ledger)
    names = tuple(table.name for table in tables)
    plan = Plan(
        warehouse_id(url), since.text, position.number, asked.format, names, asked.rows_per_file
    )
    folder = ExportFolder(_folder(settings, lake, asked.out, plan))
    held = folder.plan
    if held and plan.is_same_question(held) and held != plan and folder.manifest is None:
        plan = held  # a killed one goes on up to where it was to end
        position = positions.at(plan.to)
    found = list(changes(tables, since, position.ledger))
    if not found:
        return Exported(position.number, warnings=tuple(warnings))
    folder.begin(plan)
    if folder.manifest is not None:
        return _found(folder, plan, warnings)
    written = _write(Source(settings, lake), folder, plan, found, position, say)
    if erasures(settings, lake) != before:
        folder.remove()
        raise UsageError(
            "a company was erased meanwhile, and the files may have held it: they are removed",
            remedy="export again when the erasure has ended",
        )
    return Exported(plan.to, folder.folder.uri(MANIFEST), written, tuple(warnings))


A_PUBLISH_HAS_BEGUN = (
    "a publish has begun and not ended, or was killed: what it has sent comes with the next export"
)


def erasures(settings: Settings, lake: Folder) -> Mapping[str, str]:
    """The companies that were erased, by tombstone, and which run ended each.

    Raises:
        UsageError: if an erasure has not ended: what is served still holds the company.
    """
    landing = Landing(open_storage(settings.landing, settings.secrets), settings.landing)
    open_ones, ended = unended(lake, laid(landing))
    if open_ones:
        raise UsageError(
            f"{len(open_ones)} erasures have not ended: what is served may still hold the companies",
            remedy="wait for `erase` to end, or erase again; then export",
        )
    return ended


def _folder(settings: Settings, lake: Folder, out: str, plan: Plan) -> Folder:
    if out:
        return root_folder(out, settings.landing, settings.secrets)
    return place_of(lake, plan)


def _write(
    source: Source,
    folder: ExportFolder,
    plan: Plan,
    found: list[TableChange],
    position: Position,
    say: Say,
) -> tuple[TableFiles, ...]:
    """Write the tables, then the manifest."""
    written = []
    for change in found:
        say(f"{change.table.name}: reading what was published")
        written.append(write_table(source, folder, plan, change, position.ledger))
    folder.finish(manifest_of(plan, position.ledger, written))
    return tuple(written)


def _found(folder: ExportFolder, plan: Plan, warnings: list[str]) -> Exported:
    """A finished export of this plan.

    Raises:
        UsageError: if one of its files is not there, or not whole.
    """
    folder.sweep()
    lacking = folder.lacking()
    if lacking:
        raise UsageError(
            f"{folder.folder.uri('')} was finished, and {', '.join(lacking)} is gone or changed",
            remedy="delete the folder, and export again",
        )
    place = folder.folder.uri(MANIFEST)
    return Exported(plan.to, place, warnings=tuple(warnings), is_new=False)
