"""What cells of the activity table are computed from, read from lake and landing: each table once for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from company_activity.dates import (
    BACKDATED_DAYS,
    EPOCH_INSTANT,
    HORIZON_DAYS,
    MICROSECOND,
    DateRange,
    spans,
)
from company_activity.errors import LandingMissing
from company_activity.operations.explanation import Cell, Day, Row, Runs
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    PRODUCT_USAGE,
    QUARANTINE,
)
from company_activity.transforms.history import ATTRIBUTES, with_reach

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from company_activity.io.lake.delta import Lake
    from company_activity.io.landing.landing import Landing
    from company_activity.planning.state import Marks

READ = (COMPANIES, COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, QUARANTINE, COMPANIES_HISTORY)
RECORD = ("file", "page", "item", "ts", "active_users", "events", "has_conflict")
REFUSED = ("file", "page", "item", "reasons", "raw", "rules_version", "run_id")
REFUSED_CRM = ("file", "line", "date", "reasons", "raw", "rules_version", "run_id")
PERIOD = (*ATTRIBUTES, "valid_from", "valid_to", "file", "reaches_from")
WORKERS = 16  # manifests that are read at once
Key = tuple[str, date]
Grouped = Mapping[tuple[Any, ...], Sequence[Row]]


@dataclass(frozen=True)
class Inputs:
    """What stands of the companies that are asked about, on the dates that their formulas read.

    `companies` are the rows of the dimension, `rows` those of the activity table. `records` and `refused` (of usage)
    are by company and date, `periods` and `refused_crm` by company, `marks` and `runs` by date.
    """

    companies: Mapping[str, Row]
    rows: Mapping[Key, Row]
    records: Grouped
    refused: Grouped
    periods: Grouped
    refused_crm: Grouped
    marks: Marks
    runs: Mapping[date, Runs]

    def window(self, cell: Cell) -> tuple[Day, ...]:
        """The days that the cell's formulas read, oldest first."""
        return tuple(self._day(cell.company_id, day) for day in cell.window)

    def _day(self, company_id: str, day: date) -> Day:
        mark = self.marks.get(day)
        return Day(
            day,
            is_complete=mark is not None and not mark.is_missing,
            generation=None if mark is None else mark.generation,
            runs=self.runs.get(day, Runs()),
            records=tuple(self.records.get((company_id, day), ())),
            refused=tuple(self.refused.get((company_id, day), ())),
        )

    def crm(self, cell: Cell) -> Row | None:
        """The period of the history whose attributes the date takes; None where no formula reads it."""
        for period in self.periods.get((cell.company_id,), ()) if cell.reads_crm else ():
            is_ended = period["valid_to"] is not None and period["valid_to"] <= cell.day
            if period["reaches_from"] <= cell.day and not is_ended:
                return period
        return None

    def crm_refused(self, cell: Cell) -> tuple[Row, ...]:
        """What was refused of the snapshots around the date; nothing where no formula reads the CRM."""
        refused = self.refused_crm.get((cell.company_id,), ()) if cell.reads_crm else ()
        return tuple(row for row in refused if row["date"] in _around(cell.day))


def read_inputs(lake: Lake, landing: Landing, cells: Sequence[Cell]) -> Inputs:
    """Read what the cells need of each table. What is not there has no entry.

    Raises:
        LandingCorrupt: if the manifest of a date is broken.
    """
    companies = lake.read(COMPANIES)  # it starts the session: before that no column can be named
    is_asked_for = F.col("company_id").isin(sorted({cell.company_id for cell in cells}))
    dates = {cell.day for cell in cells}
    window = {day for cell in cells for day in cell.window}
    around = spans(day for date_asked_for in dates for day in _around(date_asked_for))
    in_container = F.lit(landing.at(""))
    path = F.when(F.col("feed") == "usage", F.concat(in_container, "path")).otherwise(F.col("path"))

    rows = lake.read(COMPANY_ACTIVITY_DAILY).where(_is_in("activity_date", spans(dates)))
    records = (
        lake.read(PRODUCT_USAGE)
        .where(_is_in("date", spans(window)))
        .withColumn("file", F.concat(in_container, "src_file_name"))
        .orderBy("date", "page", "item")
    )
    refused = (
        lake.read(QUARANTINE)
        .where(_is_in("date", around))
        .withColumn("file", path)
        .orderBy("date", "page", "item", "file", "line")
    )
    periods = lake.read(COMPANIES_HISTORY).withColumnRenamed("src_file_name", "file")

    of_companies = collected(companies.where(is_asked_for))
    of_activity = collected(rows.where(is_asked_for))
    set_aside = collected(refused.where(is_asked_for))
    of_usage = [row for row in set_aside if row["feed"] == "usage"]
    of_crm = [row for row in set_aside if row["feed"] == "crm"]
    by_day = ("company_id", "date")
    by_company = ("company_id",)
    return Inputs(
        companies={row["company_id"]: row for row in of_companies},
        rows={(row["company_id"], row["activity_date"]): row for row in of_activity},
        records=grouped(collected(records.where(is_asked_for)), by_day, RECORD),
        refused=grouped(of_usage, by_day, REFUSED),
        periods=grouped(collected(with_reach(periods.where(is_asked_for))), by_company, PERIOD),
        refused_crm=grouped(of_crm, by_company, REFUSED_CRM),
        marks=lake.staging.marks,
        runs=runs_by_date(landing, lake.staging.marks, window),
    )


def near_ids(companies: DataFrame, company_id: str, most: int = 5) -> list[str]:
    """The ids that one may have meant, the nearest first: up to a third of the letters may be other ones.

    >>> companies = spark.sql("VALUES ('c_101'), ('C_101'), ('c_201'), ('d_777') AS t(company_id)")
    >>> near_ids(companies, "c_1O1")
    ['C_101', 'c_101']
    """
    distance = F.levenshtein(F.lower("company_id"), F.lower(F.lit(company_id)))
    is_near = F.col("distance") <= max(1, len(company_id) // 3)
    measured = companies.select("company_id", distance.alias("distance")).where(is_near)
    nearest = measured.orderBy("distance", "company_id").limit(most)
    return [row["company_id"] for row in nearest.collect()]


def runs_by_date(landing: Landing, marks: Marks, days: Iterable[date]) -> dict[date, Runs]:
    """By date the runs that made the generation that is staged, as the landing tells."""
    known = [day for day in sorted(days) if day in marks]
    with ThreadPoolExecutor(WORKERS) as workers:
        found = workers.map(lambda day: runs_of(landing, day, marks[day].generation), known)
        return dict(zip(known, found, strict=True))


def runs_of(landing: Landing, day: date, generation: int) -> Runs:
    """The run that fetched what a generation holds, and the one that set the date back to it or aside."""
    try:
        manifest = landing.manifest(day, generation)
        if not manifest.is_complete:
            return Runs(rolled_back_by=manifest.run_id)
        if manifest.restored_generation is None:
            return Runs(landed_by=manifest.run_id)
        restored = landing.manifest(day, manifest.restored_generation)
    except LandingMissing:
        return Runs()
    return Runs(landed_by=restored.run_id, rolled_back_by=manifest.run_id)


def collected(rows: DataFrame) -> Sequence[Row]:
    """The rows, here; a timestamp as its moment in UTC, for Python's own zone must not leak in."""
    moments = [name for name, kind in rows.dtypes if kind == "timestamp"]
    plain = [
        F.unix_micros(name).alias(name) if name in moments else F.col(name) for name in rows.columns
    ]
    found: list[dict[str, Any]] = [row.asDict() for row in rows.select(*plain).collect()]
    for row in found:
        for name in moments:
            if row[name] is not None:
                row[name] = EPOCH_INSTANT + row[name] * MICROSECOND
    return found


def grouped(rows: Iterable[Row], key: Sequence[str], shown: Sequence[str]) -> Grouped:
    """The rows by their key, in their order, each with the columns to show."""
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in key)].append({name: row[name] for name in shown})
    return found


def _around(day: date) -> DateRange:
    """The snapshots that may give a date its attributes, or might have; its window of usage is among them."""
    return DateRange(day - timedelta(days=HORIZON_DAYS - 1), day + timedelta(days=BACKDATED_DAYS))


def _is_in(column: str, ranges: Iterable[DateRange]) -> Column:
    """The column's date is in one of the ranges."""
    is_in = F.lit(False)
    for one in ranges:
        is_in = is_in | F.col(column).between(F.lit(one.first), F.lit(one.last))
    return is_in
