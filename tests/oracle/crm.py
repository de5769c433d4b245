"""CRM snapshots: rows to accepted records, one per company and snapshot date (design §6, "CRM CSV")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from .fields import is_bad_company_id, parse_timestamp, trim
from .model import CrmRow, Row, Snapshot
from .optional import Optional, optional_values

MAX_TEXT = 1024
Attributes = tuple[object, ...]


@dataclass(frozen=True)
class CrmRecord:
    """One accepted row: a row of `stg.crm_companies`."""

    company_id: str
    name: str | None
    country: str | None
    industry_tag: str | None
    last_contact_at: datetime | None
    file_date: date
    src_file_name: str
    line: int
    optional: Optional = Optional()

    @property
    def attributes(self) -> Attributes:
        """What the history compares."""
        return self.name, self.country, self.industry_tag, self.last_contact_at, *self.optional

    @property
    def row(self) -> Row:
        """The record by the columns of its table, and its line."""
        return {**{name: value for name, value in vars(self).items() if name != "optional"}, **self.optional._asdict()}


@dataclass(frozen=True)
class RefusedRow:
    """One quarantined row: "path […] and line", and why."""

    file_date: date
    path: str
    line: int
    reasons: tuple[str, ...]
    company_id: str | None


@dataclass(frozen=True)
class CrmFile:
    """A file taken apart: "in = accepted + duplicates + quarantined, asserted per file"."""

    snapshot: Snapshot
    accepted: tuple[CrmRecord, ...]
    duplicates: int
    quarantined: tuple[RefusedRow, ...]


def read_files(snapshots: Iterable[Snapshot]) -> list[CrmFile]:
    """Every file by (date, path). "A path has one content": two of one path are the caller's mistake."""
    ordered = sorted(snapshots, key=lambda snapshot: (snapshot.file_date, snapshot.path))
    if len({snapshot.path for snapshot in ordered}) < len(ordered):
        raise ValueError("one path with several contents")
    return [read_file(snapshot) for snapshot in ordered]


def read_file(snapshot: Snapshot) -> CrmFile:
    """Rows that break no rule, then "within a file the later line wins"."""
    winners: dict[str, CrmRecord] = {}
    quarantined: list[RefusedRow] = []
    duplicates = 0
    for row in sorted(snapshot.rows, key=lambda row: row.line, reverse=True):
        record, reasons = to_record(row, snapshot), sorted(row_reasons(row, snapshot.file_date))
        winner = winners.get(record.company_id)
        if not reasons and winner is None:
            winners[record.company_id] = record
        elif not reasons and winner is not None and winner.attributes == record.attributes:
            duplicates += 1
        else:
            company_id = None if row.company_id is None else record.company_id
            why = tuple(reasons) or ("DUPLICATE_KEY",)
            quarantined.append(RefusedRow(snapshot.file_date, snapshot.path, row.line, why, company_id))
    return CrmFile(snapshot, tuple(reversed(winners.values())), duplicates, tuple(reversed(quarantined)))


def union_by_date(files: Iterable[CrmFile]) -> dict[date, dict[str, CrmRecord]]:
    """Design: "A snapshot date is the union of its paths; […] the greatest path wins"."""
    union: dict[date, dict[str, CrmRecord]] = {}
    for file in sorted(files, key=lambda file: (file.snapshot.file_date, file.snapshot.path)):
        stands = union.setdefault(file.snapshot.file_date, {})
        stands.update({record.company_id: record for record in file.accepted})
    return union


def to_record(row: CrmRow, snapshot: Snapshot) -> CrmRecord:
    """The row typed; a last contact that cannot be read is None here and a reason there."""
    contact = trimmed_time(row.last_contact_at)
    return CrmRecord(
        company_id=trim(row.company_id or ""),
        name=null_if_blank(row.name),
        country=null_if_blank(row.country),
        industry_tag=null_if_blank(row.industry_tag),
        last_contact_at=None if contact is None else parse_timestamp(contact),
        file_date=snapshot.file_date,
        src_file_name=snapshot.path,
        line=row.line,
        optional=optional_values(row),
    )


def null_if_blank(text: str | None) -> str | None:
    """Design: "An empty or blank field is NULL […]; other text is kept exactly"."""
    return None if text is None or text.strip(" ") == "" else text


def trimmed_time(text: str | None) -> str | None:
    """Design: "dates, times and numbers are trimmed of blanks and tabs first"; what is blank is NULL."""
    return (text or "").strip(" \t") or None


def row_reasons(row: CrmRow, file_date: date) -> Iterator[str]:
    """Design: "for CRM […] `BAD_TIMESTAMP, FUTURE`", "a CRM text > 1,024", `BAD_COMPANY_ID`."""
    if is_bad_company_id(trim(row.company_id or "")):
        yield "BAD_COMPANY_ID"
    texts = (null_if_blank(text) for text in (row.name, row.country, row.industry_tag))
    if any(text is not None and len(text) > MAX_TEXT for text in texts):
        yield "OUT_OF_RANGE"
    contact = trimmed_time(row.last_contact_at)
    if contact is not None:
        yield from contact_reasons(parse_timestamp(contact), file_date)


def contact_reasons(contact: datetime | None, file_date: date) -> Iterator[str]:
    """The reasons of a last contact that is not NULL.

    "`FUTURE` (last contact after the end of the day that follows the snapshot)"; the midnight that ends that
    day is already after it.
    """
    end_of_next_day = datetime.combine(file_date + timedelta(days=2), time(), UTC)
    if contact is None:
        yield "BAD_TIMESTAMP"
    elif contact >= end_of_next_day:
        yield "FUTURE"
