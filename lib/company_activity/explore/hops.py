"""Is a date fit to use? What each hop of the data's path must have in common with the one before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import functions as F

from company_activity.dates import DateRange
from company_activity.errors import CompanyActivityError
from company_activity.explore.landed import COMPLETE, NOT_LANDED
from company_activity.explore.reader import as_pandas
from company_activity.gates.reasons import split_by_reasons
from company_activity.io.warehouse.figures import figures_by, nothing
from company_activity.io.warehouse.replace import served_by_scope
from company_activity.io.warehouse.served import ACTIVITY
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.schemas import (
    COMPANIES,
    COMPANY_ACTIVITY_DAILY,
    PRODUCT_USAGE,
    QUARANTINE,
)
from company_activity.transforms.audit import first_seen, rows_of_the_spine
from company_activity.transforms.usage import keep_latest_record, parse_usage

if TYPE_CHECKING:
    from company_activity.explore.reader import Reader


@dataclass(frozen=True)
class Comparison:
    """A figure before a hop and after it. They agree where they are equal; None: not compared."""

    hop: str
    what: str
    before: str
    after: str
    agrees: bool | None


def check_day(reader: Reader, day: date) -> pd.DataFrame:
    """Compare the date's figures hop by hop: `hop, what, before, after, agrees`, a row a comparison.

    Each figure is counted anew in the files and tables themselves; none is taken from a run's
    report. A date that is not complete is not fit to use; its hops behind the landing have to be
    empty. SQL is asked over JDBC. Where it cannot be, `agrees` is <NA> and `after` says why.
    """
    compared = [
        _state(reader, day),
        _generation(reader, day),
        _records(reader, day),
        *_sums(reader, day),
        *_spine(reader, day),
        _served(reader, day),
    ]
    return pd.DataFrame(compared).astype({"agrees": "boolean"})


def verdict(day: date, compared: pd.DataFrame) -> str:
    """One sentence: whether the date is fit to use, and which hops are not.

    >>> compared = pd.DataFrame(
    ...     [("landing → staging", True), ("lake → SQL", False)], columns=["hop", "agrees"]
    ... )
    >>> verdict(date(2025, 11, 23), compared.astype({"agrees": "boolean"}))
    '2025-11-23: do not use it yet. 1 of 2 comparisons differ: lake → SQL.'
    """
    differing = compared[compared["agrees"].eq(False).fillna(False)]
    unknown = compared[compared["agrees"].isna()]
    if len(differing):
        hops = ", ".join(dict.fromkeys(differing["hop"]))
        return (
            f"{day}: do not use it yet. {len(differing)} of {len(compared)} comparisons differ:"
            f" {hops}."
        )
    if len(unknown):
        hops = ", ".join(dict.fromkeys(unknown["hop"]))
        return f"{day}: nothing differs, but {hops} could not be compared."
    return f"{day}: fit to use. All {len(compared)} comparisons agree."


def caveats(reader: Reader, day: date) -> pd.DataFrame:
    """How many companies have which `data_quality_flag` on the date, and how many are not judged."""
    rows = reader.rows(COMPANY_ACTIVITY_DAILY, DateRange(day, day))
    counted = rows.groupBy("data_quality_flag").agg(
        F.count("*").alias("companies"),
        F.count_if(F.col("is_churn_risk").isNull()).alias("not_judged"),
    )
    return as_pandas(counted.orderBy(F.desc("companies"), "data_quality_flag"))


def _compared(hop: str, what: str, before: object, after: object) -> Comparison:
    return Comparison(hop, what, str(before), str(after), before == after)


def _state(reader: Reader, day: date) -> Comparison:
    """The API was paged to its end: else nothing is known of the date, which is not the same as no use."""
    landed = reader.landing.newest(day)
    return _compared("API → landing", "state", COMPLETE, landed.state if landed else NOT_LANDED)


def _generation(reader: Reader, day: date) -> Comparison:
    """The newest generation that landed is the one that staging has."""
    landed = reader.landing.newest(day)
    marks = reader.lake.staging.marks
    before = landed.generation if landed else None
    after = marks[day].generation if day in marks else None
    return _compared("landing → staging", "newest generation", before, after)


def _records(reader: Reader, day: date) -> Comparison:
    """Records that the manifest counts = staged + repeated + quarantined.

    Repeats are counted in the landed lines, the others in their tables.
    """
    landed = reader.landing.newest(day)
    complete = [landed] if landed and landed.is_complete else []
    lines = reader.landed_lines(complete).transform(parse_usage)
    good, _ = split_by_reasons(lines)
    counted = good.transform(keep_latest_record).agg(F.sum(F.col("copies") - 1)).first()
    repeated = (counted[0] if counted else None) or 0
    only = DateRange(day, day)
    staged = reader.rows(PRODUCT_USAGE, only).count()
    quarantined = reader.rows(QUARANTINE, only).where("feed = 'usage'").count()
    before = sum(manifest.rows for manifest in complete)
    total = staged + repeated + quarantined
    return Comparison(
        "landing → staging",
        "records",
        f"landed {before:,}",
        f"accepted {staged:,} + duplicates {repeated:,} + quarantined {quarantined:,} = {total:,}",
        before == total,
    )


def _sums(reader: Reader, day: date) -> list[Comparison]:
    """Users and events: the sums of the staged records are those of the activity rows."""
    only = DateRange(day, day)
    sums = [F.coalesce(F.sum(name), F.lit(0)) for name in ("active_users", "events")]
    staged = reader.rows(PRODUCT_USAGE, only).agg(*sums).collect()[0]
    activity = reader.rows(COMPANY_ACTIVITY_DAILY, only).agg(*sums).collect()[0]
    hop = "staging → activity"
    return [
        _compared(hop, "sum of users", f"{staged[0]:,}", f"{activity[0]:,}"),
        _compared(hop, "sum of events", f"{staged[1]:,}", f"{activity[1]:,}"),
    ]


def _spine(reader: Reader, day: date) -> list[Comparison]:
    """A row for each company seen by then, and none twice; no row at all on a missing date."""
    rows = reader.rows(COMPANY_ACTIVITY_DAILY, DateRange(day, day))
    count, keys = rows.agg(F.count("*"), F.count_distinct("company_id")).collect()[0]
    seen = rows_of_the_spine(dict(first_seen(reader.rows(COMPANIES)).collect()), [day])[day]
    landed = reader.landing.newest(day)
    wanted = seen if landed and landed.is_complete else 0
    hop = "companies → activity"
    return [
        _compared(hop, "a row each", f"{wanted:,}", f"{count:,}"),
        _compared(hop, "no company twice", f"{count:,} rows", f"{keys:,} rows"),
    ]


def _served(reader: Reader, day: date) -> Comparison:
    """What SQL serves of the date has the rows and sums of the lake."""
    scope = day.isoformat()
    rows = reader.rows(COMPANY_ACTIVITY_DAILY, DateRange(day, day))
    in_lake = figures_by(rows, ACTIVITY, "activity_date").get(scope, nothing(ACTIVITY))
    hop = "lake → SQL"
    what = "rows, sums of users and events"
    try:
        warehouse = open_warehouse(reader.spark, reader.settings)
        with warehouse.reported("checking a day"):
            in_sql = warehouse.asked(lambda sql: served_by_scope(sql, ACTIVITY, [scope]))[scope]
    except CompanyActivityError as error:
        return Comparison(hop, what, str(in_lake), f"not asked: {error}", None)
    return _compared(hop, what, in_lake, in_sql)
