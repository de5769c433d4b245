"""Run records: one create-only JSON file per run under the lake, written and read without Spark."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from company_activity.io.lake.delta_log import newest_state, newest_version
from company_activity.io.storage.folder import Folder, open_folder
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, TABLES

if TYPE_CHECKING:
    from company_activity.report.model import RunReport

FOLDER = "ops/runs"


@dataclass(frozen=True)
class LakeMarks:
    """Where the lake stands: each table's version (-1: not made yet), each date's generation and content hash."""

    versions: Mapping[str, int]
    generations: Mapping[str, str]
    contents: Mapping[str, str]


def lake_marks(lake_root: str) -> LakeMarks:
    """Read the marks from the Delta logs."""
    staged = newest_state(lake_root, PRODUCT_USAGE.path).get("dates", {})
    built = newest_state(lake_root, COMPANY_ACTIVITY_DAILY.path).get("dates", {})
    versions = {table.name: newest_version(lake_root, table.path) for table in TABLES}
    return LakeMarks(versions, staged, {day: entry[0] for day, entry in built.items()})


def changes(before: LakeMarks, after: LakeMarks) -> dict[str, Any]:
    """What moved between two looks at the lake: the dates touched, and each moved table's versions.

    >>> before = LakeMarks({"t": 3}, {"2025-11-22": "1:a"}, {"2025-11-22": "5:x"})
    >>> after = LakeMarks({"t": 4}, {"2025-11-22": "2:b"}, {"2025-11-22": "5:y"})
    >>> changes(before, after)["dates"]
    [{'date': '2025-11-22', 'generation': 2, 'content_hash': '5:y'}]
    >>> changes(before, after)["tables"]
    [{'table': 't', 'version_before': 3, 'version_after': 4}]
    """
    moved = _moved(before.generations, after.generations) | _moved(before.contents, after.contents)
    versions = {table for table in after.versions if after.versions[table] != before.versions.get(table, -1)}
    return {
        "dates": [
            {"date": day, "generation": _generation(after, day), "content_hash": after.contents.get(day)}
            for day in sorted(moved)
        ],
        "tables": [
            {
                "table": table,
                "version_before": before.versions.get(table, -1),
                "version_after": after.versions[table],
            }
            for table in sorted(versions)
        ],
    }


def _moved(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {day for day in before.keys() | after.keys() if before.get(day) != after.get(day)}


def _generation(marks: LakeMarks, day: str) -> int | None:
    mark = marks.generations.get(day)
    return int(mark.split(":")[0]) if mark else None


def write_record(lake_root: str, report: RunReport, before: LakeMarks | None) -> str:
    """Record a run that has ended, however it did, with what it changed since `before`; where it is.

    `before` is None for a run that took no step: what moved since was another run's doing.
    """
    moved = changes(before, lake_marks(lake_root)) if before else {"dates": [], "tables": []}
    record = report.as_json() | moved
    folder, name = _folder(lake_root), f"{report.run_id}.json"
    folder.create(name, json.dumps(record, ensure_ascii=False) + "\n")
    return folder.uri(name)


def run_records(lake_root: str, last: int = 20) -> list[dict[str, Any]]:
    """The records of the last runs, newest first."""
    folder = _folder(lake_root)
    names = [name for name in folder.names() if name.endswith(".json")]
    return [json.loads(folder.read(name)) for name in sorted(names, reverse=True)[:last]]


def _folder(lake_root: str) -> Folder:
    return open_folder(f"{lake_root.rstrip('/')}/{FOLDER}")
