"""One record per company and file: the later line wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from company_activity.records.crm.csv_reader import CsvRecord
from company_activity.records.crm.csv_text import as_shown
from company_activity.records.crm.records import REPLACED, CrmRecord, RefusedRow


def keep_last_lines(
    records: list[CrmRecord],
    body: Callable[[], Iterable[CsvRecord]],
) -> tuple[list[CrmRecord], int, list[RefusedRow]]:
    """The last record of each company, the number of earlier equal ones, and the others, refused.

    Each record is compared with its company's last, not with the next. `records` come in the order of
    lines. `body` is the file they are from: it is read again for the raw text of refused rows, so that
    accepted records need not hold theirs.
    """
    winners = {record.company_id: record for record in records}
    if len(winners) == len(records):
        return records, 0, []
    kept: list[CrmRecord] = []
    duplicates = 0
    differing: dict[int, CrmRecord] = {}
    for record in records:
        winner = winners[record.company_id]
        if record is winner:
            kept.append(record)
        elif record.repeats(winner):
            duplicates += 1
        else:
            differing[record.line] = record
    return kept, duplicates, refuse_rows(differing, body)


def refuse_rows(
    replaced: dict[int, CrmRecord],
    body: Callable[[], Iterable[CsvRecord]],
) -> list[RefusedRow]:
    """The rows of these lines for the quarantine, with their raw text."""
    if not replaced:
        return []
    refused = []
    for row in body():
        if row.line in replaced:
            company_id = replaced[row.line].company_id
            refused.append(RefusedRow(row.line, company_id, as_shown(row.raw), [REPLACED]))
    return refused
