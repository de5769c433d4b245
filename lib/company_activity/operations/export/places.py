"""Where exports lie if nobody names a folder: below the lake, where `erase` and `maintain` know of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from company_activity.io.storage.folder import Folder
from company_activity.operations.export.folder import PLAN, ExportFolder
from company_activity.operations.export.request import Plan

FOLDER = "ops/exports"


def place_of(lake: Folder, plan: Plan) -> Folder:
    """The folder of a plan: an unfinished one that was asked for in the same words, else one of its own."""
    ours = lake.inside(f"{FOLDER}/{plan.warehouse}")
    for name in kept_exports(ours):
        held = ExportFolder(ours.inside(name))
        found = held.plan
        if found and plan.is_same_question(found) and held.manifest is None:
            return held.folder
    return ours.inside(name_of(plan))


def name_of(plan: Plan) -> str:
    """The name of a plan's folder: not of its tables, which may be many, but a digest of them.

    >>> name_of(Plan("w", "120", 143, "csv", ("dim.companies",), 100_000))
    '120-to-143.csv.b3105208'
    """
    asked = repr((plan.tables, plan.rows_per_file, plan.layout))
    digest = hashlib.sha256(asked.encode()).hexdigest()[:8]
    return f"{plan.since}-to-{plan.to}.{plan.format}.{digest}"


def kept_exports(folder: Folder) -> list[str]:
    """The folders below this one that hold an export, or what is left of one."""
    return sorted({entry.path.split("/")[0] for entry in folder.entries() if "/" in entry.path})


def all_exports(lake: Folder) -> Iterator[tuple[str, ExportFolder]]:
    """Every export below the lake, by its path below `ops/exports`: of each warehouse, finished or not."""
    root = lake.inside(FOLDER)
    places = {"/".join(entry.path.split("/")[:2]) for entry in root.entries()}
    for place in sorted(places):
        yield place, ExportFolder(root.inside(place))


def remove_remnants(lake: Folder, warehouse: str) -> None:
    """Remove tables' files without a plan: what an export wrote, and left, when `erase` had removed it already."""
    ours = lake.inside(f"{FOLDER}/{warehouse}")
    paths = {entry.path for entry in ours.entries()}
    # A plan is written before any table's folder is made: one that has only just begun is not among these.
    for name in sorted({path.split("/")[0] for path in paths if path.count("/") > 1}):
        export = ExportFolder(ours.inside(name))
        if f"{name}/{PLAN}" not in paths and not export.is_taken:
            export.remove()
