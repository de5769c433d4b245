"""One record per company and file: the later line wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from company_activity.records.crm.csv_reader import CsvRecord
from company_activity.records.crm.csv_text import as_shown
from company_activity.records.crm.records import REPLACED, CrmRecord, RefusedRow


def keep_last_lines(
    records: list[CrmRecord], body: Callable[[], Iterable[CsvRecord]]
) -> tuple[list[CrmRecord], int, list[RefusedRow]]:
    """The last record of each company; how many earlier ones equal it; those that differ from it, refused.

    Records are compared with the one that wins, not with their next. `records` come in the order of lines; the `body`
    they are from is read once more for the raw text of what is refused, else all would carry theirs.
    """
    winners = {record.company_id: record for record in records}
    if len(winners) == len(records):
        return records, 0, []
    losers = [record for record in records if winners[record.company_id] is not record]
    differing = {loser.line: loser for loser in losers if not loser.repeats(winners[loser.company_id])}
    refused = [
        RefusedRow(row.line, differing[row.line].company_id, as_shown(row.raw), [REPLACED])
        for row in (body() if differing else ())
        if row.line in differing
    ]
    kept = [record for record in records if winners[record.company_id] is record]
    return kept, len(losers) - len(differing), refused
