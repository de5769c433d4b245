"""Files that the tables have given up, and that no version which is still asked for has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from company_activity.io.lake.old_files import Keep, LogUnclear, old_files
from company_activity.io.warehouse.ledger import WHOLE
from company_activity.io.warehouse.mirror import last_mirrored, mirror_files
from company_activity.operations.maintain.heap import Heap, days_before, in_folder
from company_activity.planning.state import TableVersion
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, TABLES, Table
from company_activity.steps.publish import WITHOUT_DATES

if TYPE_CHECKING:
    from company_activity.run import Run

KIND = "table_files"


def table_files(run: Run) -> Iterator[Heap]:
    """What may go of each table that is made, a heap for each."""
    since = days_before(run.now, run.settings.maintain.tables_days)
    asked_for = list(versions_asked_for(run))
    for table in TABLES:
        if not run.lake.exists(table):
            continue
        run.progress.say(f"looking for old files of {table.name}")
        log = run.lake.log(table)
        versions = [
            one.version for of, one in asked_for if of == table and one.table_id == log.table_id
        ]
        folder = run.lake.files.inside(table.path)
        try:
            files = old_files(folder, Keep(since, versions))
        except LogUnclear as unclear:
            yield in_folder(KIND, folder, [], [f"{table.name}: {unclear}"])
        else:
            yield in_folder(KIND, folder, files)


def versions_asked_for(run: Run) -> Iterator[tuple[Table, TableVersion]]:
    """The versions that the next run compares today's with; without them it would build, or send, everything anew.

    The activity table names those of the dimension and its history that it was built from. The ledger names those of
    the tables without dates which the warehouse shows. Its mirror may be behind it, never before it, unless
    somebody restored the database: an older version needs no less.
    """
    built_from = run.lake.activity.sources
    if built_from.companies:
        yield COMPANIES, built_from.companies
    if built_from.history:
        yield COMPANIES_HISTORY, built_from.history
    ledger = last_mirrored(mirror_files(run.lake.files), run.settings.sql.url)
    for table in WITHOUT_DATES:
        published = ledger.tables.get(table.name, {}).get(WHOLE) if ledger else None
        if published:
            yield table, TableVersion(published.fence.lake_id, published.fence.version)
