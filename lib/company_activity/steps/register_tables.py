"""Lake → catalog: every table under its name, once, where `lake.catalog` says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from company_activity.errors import CatalogError
from company_activity.io.lake.names import Names, is_lasting, register
from company_activity.report.model import StepReport
from company_activity.schemas import TABLES

if TYPE_CHECKING:
    from company_activity.run import Run


def register_tables(run: Run) -> StepReport:
    """Register the tables that are made and not yet known to be registered; without one of those no Spark starts.

    What the catalog refuses is an error of this step alone: rows are read and written by path, so the run goes on.
    """
    catalog = run.settings.lake.catalog
    names = Names(run.lake.files, catalog)
    made = [table for table in TABLES if run.lake.exists(table)]
    missing = names.missing((table, run.lake.log(table).table_id) for table in made)
    report = StepReport("register_tables", "done" if missing else "nothing")
    if not missing:
        report.notes = [f"every table has its name in {catalog}"]
        return report
    lasts = is_lasting(run.spark, catalog)
    for table in missing:
        location = run.lake.uri(table)
        try:
            register(run.spark, catalog, table, location)
        except CatalogError as error:
            report.outcome = "failed"
            report.error = error
            return report
        if lasts:
            names.keep(table, run.lake.log(table).table_id, location)
    report.counts = {"tables": len(missing)}
    if not lasts:
        report.warnings = ["this session's catalog is in memory: the names end with it"]
    return report
