"""What only Spark can do for an erasure: names out of tables, the last look, old files, the database's leftovers."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from company_activity.errors import CompanyActivityError
from company_activity.io.lake.old_files import Keep, LogUnclear, old_files
from company_activity.io.warehouse.scrub import scrub
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.operations.erase.rows import rows_of
from company_activity.schemas import COMPANIES_HISTORY, CRM_COMPANIES, TABLES, Table

if TYPE_CHECKING:
    from company_activity.run import Run

A_WHILE = timedelta(days=2)  # so that no clock is far enough behind to keep a file
NAMED = (CRM_COMPANIES, COMPANIES_HISTORY)  # whose rows have the name of a company


def names_in_tables(run: Run, company_id: str) -> set[str]:
    """The names that staging and history have of a company."""
    named = [
        rows_of(run, table, company_id).select("name") for table in NAMED if run.lake.exists(table)
    ]
    if not named:
        return set()
    rows = reduce(DataFrame.union, named).distinct().collect()
    return {row["name"] for row in rows if row["name"]}


def scrub_tables(run: Run, company_id: str) -> int:
    """See that no table has rows of the company, then remove every file that a table has given up; how many.

    Raises:
        CompanyActivityError: naming the tables that have rows still.
    """
    run.lake.forget()  # somebody else may have committed since it was read
    made = [table for table in TABLES if run.lake.exists(table)]
    left = [
        rows_of(run, table, company_id)
        .agg(F.count("*").alias("rows"))
        .withColumn("table", F.lit(table.name))
        for table in made
        if "company_id" in table.column_names  # a roll-up names nobody
    ]
    if left:
        rows = reduce(DataFrame.unionByName, left).where("rows > 0").collect()
        if rows:
            told = ", ".join(f"{row['table']} ({row['rows']:,} rows)" for row in rows)
            raise CompanyActivityError(
                f"the company is still in {told}",
                remedy="erase again; if they stay, report it: a step did not take them out",
            )
    return sum(_remove_old_files(run, table) for table in made)


def _remove_old_files(run: Run, table: Table) -> int:
    """Remove every file that the table has given up, be it a moment ago; how many.

    Raises:
        CompanyActivityError: if its log does not tell for certain which these are.
    """
    folder = run.lake.files.inside(table.path)
    keep = Keep(run.clock() + A_WHILE)
    try:
        found = old_files(folder, keep)
    except LogUnclear as unclear:
        raise CompanyActivityError(
            f"old files of {table.name} may hold the company: {unclear}",
            remedy=f"restore {run.lake.uri(table)}/_delta_log, or move the table aside; then erase again",
        ) from None
    for file in found:
        folder.delete(file.path)
    return len(found)


def scrub_warehouse(run: Run, company_id: str) -> None:
    """Delete rows that somebody else left there, drop abandoned staging tables, and let the database forget both."""
    warehouse = open_warehouse(run.spark, run.settings)
    with warehouse.reported("scrubbing", again="company-activity erase COMPANY"):
        scrub(warehouse, company_id)
