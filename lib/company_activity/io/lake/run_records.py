"""Run records: one create-only JSON file per run under the lake, written and read without Spark."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from company_activity.io.storage.folder import Folder, open_folder
from company_activity.planning.state import GenerationMark
from company_activity.schemas import TABLES

if TYPE_CHECKING:
    from company_activity.io.lake.delta import Lake
    from company_activity.report.model import RunReport

FOLDER = "ops/runs"


@dataclass(frozen=True)
class LakeMarks:
    """Where the lake stands: each table's version (-1: not made yet), each date's generation and content hash."""

    versions: Mapping[str, int]
    generations: Mapping[date, GenerationMark]
    contents: Mapping[date, str]


def lake_marks(lake: Lake) -> LakeMarks:
    """Read the marks from the Delta logs."""
    versions = {table.name: lake.log(table).version for table in TABLES}
    return LakeMarks(versions, lake.staging.marks, lake.activity.hashes)


def changes(before: LakeMarks, after: LakeMarks) -> dict[str, Any]:
    """What moved between two looks at the lake: the dates touched, and each moved table's versions.

    >>> day = date(2025, 11, 22)
    >>> before = LakeMarks({"t": 3}, {day: GenerationMark(1, "a")}, {day: "5:x"})
    >>> after = LakeMarks({"t": 4}, {day: GenerationMark(2, "b")}, {day: "5:y"})
    >>> changes(before, after)["dates"]
    [{'date': '2025-11-22', 'generation': 2, 'content_hash': '5:y'}]
    >>> changes(before, after)["tables"]
    [{'table': 't', 'version_before': 3, 'version_after': 4}]
    """
    moved = _moved(before.generations, after.generations) | _moved(before.contents, after.contents)
    versions = {
        table for table in after.versions if after.versions[table] != before.versions.get(table, -1)
    }
    return {
        "dates": [
            {
                "date": str(day),
                "generation": _generation(after, day),
                "content_hash": after.contents.get(day),
            }
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


def _moved(before: Mapping[date, object], after: Mapping[date, object]) -> set[date]:
    return {day for day in before.keys() | after.keys() if before.get(day) != after.get(day)}


def _generation(marks: LakeMarks, day: date) -> int | None:
    mark = marks.generations.get(day)
    return mark.generation if mark else None


def write_record(lake: Lake, report: RunReport, before: LakeMarks | None) -> str:
    """Record a run that has ended, however it did, with what it changed since `before`; where it is.

    `before` is None for a run that took no step: what moved since was another run's doing.
    """
    moved = changes(before, lake_marks(lake)) if before else {"dates": [], "tables": []}
    record = report.as_json() | moved
    folder = open_folder(lake.files, FOLDER)
    name = f"{report.run_id}.json"
    folder.create(name, json.dumps(record, ensure_ascii=False) + "\n")
    return folder.uri(name)


def run_records(lake: str | Folder, last: int = 20) -> list[dict[str, Any]]:
    """The records of the last runs, newest first."""
    folder = open_folder(lake, FOLDER)
    return [json.loads(folder.read(name)) for name in record_names(folder)[:last]]


def record_names(folder: Folder) -> list[str]:
    """The files of the runs, newest first: a run's id begins with the time."""
    return sorted((name for name in folder.names() if name.endswith(".json")), reverse=True)
