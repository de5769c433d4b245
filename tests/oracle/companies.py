"""`dim.companies` and `dim.companies_history` (design §7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from .crm import CrmRecord
from .model import Row
from .optional import Optional
from .usage import Record

Snapshots = Mapping[date, Mapping[str, CrmRecord]]
ATTRIBUTES = ("name", "country", "industry_tag", "last_contact_at", *Optional._fields)


def standings(snapshots: Snapshots) -> dict[str, list[CrmRecord]]:
    """Per company the records of the snapshots in which it stands, oldest first."""
    stands: dict[str, list[CrmRecord]] = {}
    for file_date in sorted(snapshots):
        for company_id, record in snapshots[file_date].items():
            stands.setdefault(company_id, []).append(record)
    return stands


def build_history(snapshots: Snapshots) -> list[Row]:
    """Design: "Built from dated snapshots: […] no gaps or overlaps; comparisons are NULL-safe"."""
    stands = standings(snapshots)
    return [row for company_id in sorted(stands) for row in versions(stands[company_id])]


def versions(records: list[CrmRecord]) -> list[Row]:
    """A company's versions, a new one where an attribute changed.

    Design: "A company absent from a file keeps its attributes."
    """
    opening = [
        record
        for before, record in zip([None, *records], records, strict=False)
        if before is None or before.attributes != record.attributes
    ]
    ends: list[date | None] = [record.file_date for record in opening[1:]]
    return [version(record, end) for record, end in zip(opening, [*ends, None], strict=True)]


def version(record: CrmRecord, valid_to: date | None) -> Row:
    """One row of the history: "valid_from, valid_to (exclusive, NULL = open)"."""
    return {
        "company_id": record.company_id,
        **dict(zip(ATTRIBUTES, record.attributes, strict=True)),
        "valid_from": record.file_date,
        "valid_to": valid_to,
        "src_file_name": record.src_file_name,
    }


def build_companies(snapshots: Snapshots, records: Iterable[Record]) -> list[Row]:
    """One row per company that a snapshot or an accepted record supports."""
    stands = standings(snapshots)
    days: dict[str, list[Record]] = {}
    for record in records:
        days.setdefault(record.company_id, []).append(record)
    return [company(name, stands.get(name, []), days.get(name, [])) for name in sorted(stands.keys() | days.keys())]


def company(company_id: str, stands: list[CrmRecord], records: list[Record]) -> Row:
    """Design: "Current attributes (the newest snapshot in which the company stands)." Inferred: all NULL.

    "first_seen_date (earliest snapshot or accepted record) and first_active_date (earliest day with u > 0)":
    a day's sum is above zero where one of its records is.
    """
    current = stands[-1].attributes if stands else (None,) * len(ATTRIBUTES)
    return {
        "company_id": company_id,
        **dict(zip(ATTRIBUTES, current, strict=True)),
        "first_seen_date": min([row.file_date for row in stands] + [row.date for row in records]),
        "first_active_date": min((row.date for row in records if row.active_users > 0), default=None),
        "is_inferred": not stands,
    }
