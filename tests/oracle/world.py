"""All tables from all that has landed: a function "never of the clock, of the order of arrival […]"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from .activity import build_activity
from .companies import build_companies, build_history
from .crm import CrmFile, read_files, union_by_date
from .model import LandedDate, Row, Snapshot, Thresholds
from .usage import UsageDay, read_date


@dataclass(frozen=True)
class World:
    """The tables as lists of dict rows; `counts` has one row per complete date and per CRM file."""

    staged_usage: list[Row]
    staged_crm: list[Row]
    quarantine: list[Row]
    companies: list[Row]
    history: list[Row]
    activity: list[Row]
    counts: list[Row]


def build(landed: Iterable[LandedDate], snapshots: Iterable[Snapshot], limits: Thresholds | None = None) -> World:
    """Everything that the design says of these inputs."""
    days = [read_date(newest) for newest in newest_generations(landed) if newest.items is not None]
    files = read_files(snapshots)
    union = union_by_date(files)
    records = [record for day in days for record in day.accepted]
    companies, history = build_companies(union, records), build_history(union)
    return World(
        staged_usage=[dict(vars(record)) for record in records],
        staged_crm=[stands[name].row for _, stands in sorted(union.items()) for name in sorted(stands)],
        quarantine=[*usage_quarantine(days), *crm_quarantine(files)],
        companies=companies,
        history=history,
        activity=build_activity(days, companies, history, limits or Thresholds()),
        counts=[*map(usage_counts, days), *map(crm_counts, files)],
    )


def newest_generations(landed: Iterable[LandedDate]) -> list[LandedDate]:
    """Design: "a newer manifest with other content supersedes the older"; by date."""
    newest: dict[date, LandedDate] = {}
    for generation in sorted(landed, key=lambda landed: (landed.date, landed.generation)):
        newest[generation.date] = generation
    return list(newest.values())


def usage_quarantine(days: Iterable[UsageDay]) -> list[Row]:
    """Design: "[It] keeps its raw text, place (date […], generation, page and item), reasons"."""
    return [
        {
            "source": "usage",
            "date": day.date,
            "generation": day.generation,
            "page": refused.page,
            "item": refused.item,
            "path": None,
            "line": None,
            "reasons": list(refused.reasons),
            "company_id": refused.company_id,
            "raw": refused.text,
        }
        for day in days
        for refused in day.quarantined
    ]


def crm_quarantine(files: Iterable[CrmFile]) -> list[Row]:
    """The same of CRM rows: "path […] and line"; the raw line is not an input of the oracle."""
    return [
        {
            "source": "crm",
            "date": refused.file_date,
            "generation": None,
            "page": None,
            "item": None,
            "path": refused.path,
            "line": refused.line,
            "reasons": list(refused.reasons),
            "company_id": refused.company_id,
            "raw": None,
        }
        for file in files
        for refused in file.quarantined
    ]


def usage_counts(day: UsageDay) -> Row:
    """Design: "in = accepted + duplicates + quarantined, asserted […] per date"."""
    return {
        "date": day.date,
        "path": None,
        "rows_in": day.rows_in,
        "accepted": len(day.accepted),
        "duplicates": day.duplicates,
        "quarantined": len(day.quarantined),
    }


def crm_counts(file: CrmFile) -> Row:
    """The same "per file"."""
    return {
        "date": file.snapshot.file_date,
        "path": file.snapshot.path,
        "rows_in": len(file.snapshot.rows),
        "accepted": len(file.accepted),
        "duplicates": file.duplicates,
        "quarantined": len(file.quarantined),
    }
