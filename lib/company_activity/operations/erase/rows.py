"""Rows of a company that the landing no longer holds: taken out of staging and quarantine themselves.

The id comes as a row and not as a literal: plans are kept by event logs. Predicates name dates and paths.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.io.lake.delta import dates_predicate
from company_activity.io.landing.crm_known import KnownFiles
from company_activity.planning.state import GenerationMark, StagedFigures
from company_activity.schemas import CRM_COMPANIES, PRODUCT_USAGE, QUARANTINE, Table
from company_activity.transforms.crm import paths_predicate
from company_activity.work.admit_crm import staged_ids

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.run import Run


def rows_of(run: Run, table: Table, company_id: str) -> DataFrame:
    """The company's rows of a table."""
    return run.lake.read(table).join(_one(run, company_id), "company_id", "left_semi")


def take_out_usage(run: Run, company_id: str, landed: Collection[date]) -> list[date]:
    """Take the company out of staged dates that have not landed, and mark them as other content; the dates."""
    lake = run.lake
    if not lake.exists(PRODUCT_USAGE):
        return []
    held = rows_of(run, PRODUCT_USAGE, company_id).select("date").distinct().collect()
    days = sorted(day for (day,) in held if day not in landed)
    if not days:
        return []
    lake.look_at(PRODUCT_USAGE)
    standing = lake.read(PRODUCT_USAGE).where(F.col("date").isin(days))
    rows = standing.join(_one(run, company_id), "company_id", "left_anti")
    figures = dict.fromkeys(days, StagedFigures(0, 0, 0))
    sums = F.count("*"), F.sum("active_users"), F.sum("events")
    for day, *found in rows.groupBy("date").agg(*sums).collect():
        figures[day] = StagedFigures(*found)
    staging = lake.staging
    marks = {day: _other_content(staging.marks[day]) for day in days}
    state = staging.with_staged(marks, figures).as_json()
    lake.replace(PRODUCT_USAGE, rows, dates_predicate("date", days), state)
    return days


def take_out_crm(run: Run, company_id: str, landed: Collection[str]) -> list[str]:
    """Take the company out of staged CRM files that are no longer there; their paths."""
    lake = run.lake
    if not lake.exists(CRM_COMPANIES):
        return []
    held = rows_of(run, CRM_COMPANIES, company_id).select("src_file_name", "file_date").distinct()
    found = {path: str(day) for path, day in held.collect() if path not in landed}
    if not found:
        return []
    lake.look_at(CRM_COMPANIES)
    predicate = paths_predicate("src_file_name", list(found))
    standing = lake.read(CRM_COMPANIES).where(predicate)
    rows = standing.join(_one(run, company_id), "company_id", "left_anti")
    known = KnownFiles(lake.files, lake.crm)
    companies = dict(lake.crm.companies)
    for path, day in found.items():
        staged = known.find(path)
        other = hashlib.sha256(f"erased\n{staged.sha256 if staged else ''}".encode()).hexdigest()
        known.replace_file(path, day, other, "", staged.columns if staged else ())
    for day in set(found.values()):
        ids = staged_ids(run, date.fromisoformat(day), frozenset())
        companies[day] = len(ids - {company_id})
    known.write_notes()
    kept = {day: count for day, count in sorted(companies.items()) if count}
    lake.replace(CRM_COMPANIES, rows, predicate, known.state(kept).as_json())
    known.sweep(set(found.values()))
    return sorted(found)


def take_out_quarantine(run: Run, company_id: str) -> int:
    """Take the company's records out of the quarantine, where nothing stages their date or path again; how many."""
    lake = run.lake
    if not lake.exists(QUARANTINE):
        return 0
    rows = rows_of(run, QUARANTINE, company_id)
    places = rows.groupBy("feed", "date").count().collect()
    if not places:
        return 0
    lake.look_at(QUARANTINE)
    predicate = " OR ".join(
        f"(feed = '{feed}' AND date = DATE'{day}')" for feed, day, _ in sorted(places)
    )
    is_other = F.col("company_id").isNull() | F.col("is_gone").isNull()
    gone = _one(run, company_id).withColumn("is_gone", F.lit(True))
    standing = lake.read(QUARANTINE).where(predicate)
    kept = standing.join(F.broadcast(gone), "company_id", "left").where(is_other).drop("is_gone")
    lake.replace(QUARANTINE, kept, predicate, dict(lake.state(QUARANTINE)))
    return sum(count for *_, count in places)


def _one(run: Run, company_id: str) -> DataFrame:
    """The id as a row."""
    return run.spark.createDataFrame([(company_id,)], "company_id string")


def _other_content(mark: GenerationMark) -> GenerationMark:
    """The mark of the same generation with a company less: what reads it must see that it changed."""
    digest = hashlib.sha256(f"erased\n{mark.digest}".encode()).hexdigest()
    return replace(mark, digest=digest[:16])
