"""The risk episodes that moved dates touch: built again, judged, and committed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.gates.verdict import key_checks, refuse_defects
from company_activity.planning.episodes import Began, EpisodesState
from company_activity.report.model import StepReport
from company_activity.runtime.compute import cached, uncache
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, RISK_EPISODES
from company_activity.transforms.episodes import as_row, episodes_of, flagged_rows
from company_activity.transforms.layout import ROWS_PER_FILE, bucket_count, with_ended_apart

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

    from company_activity.planning.episodes import Moved
    from company_activity.run import Run

FIGURES = ("before", "rows", "keys", "nulls", "changed")


def revise_episodes(run: Run, moved: Moved) -> StepReport:
    """Build again what the moved dates touch, and replace it where it differs; the state is committed in any case.

    Raises:
        GateRefused: if a key stands twice among the rows to write, or a NULL where there must be none.
    """
    lake = run.lake
    touched = touched_by(moved)
    # One reading of the table is gone on with, compared with the outcome, and, if it is small, written again.
    rows_before = lake.episodes.rows or 0
    is_small = rows_before <= ROWS_PER_FILE
    table = lake.read(RISK_EPISODES)
    known = cached(table if is_small else table.where(touched or "true"))
    standing = known.where(touched or "true")
    fresh = standing
    try:
        fresh = cached(rebuilt(run, moved, standing))
        found = compared(standing, fresh).collect()
        before, rows, keys, nulls, changed = (
            sum(of_date[name] for of_date in found) for name in FIGURES
        )
        verdicts = refuse_defects(key_checks(RISK_EPISODES.name, rows, keys, nulls))
        untouched = 0 if touched is None else rows_before - before
        episodes = rows + untouched
        began = beginnings(None if touched is None else lake.episodes.began, found)
        state = EpisodesState.of(lake.activity.hashes, episodes, began)
        if changed or not lake.exists(RISK_EPISODES):
            if touched is None or not is_small:
                lake.replace(RISK_EPISODES, in_files(fresh, rows), touched, state.as_json())
            else:
                # A small table is one file, which is written whole: to cut rows out of it takes Delta two jobs more.
                whole = fresh.unionByName(known.where(f"NOT ({touched})"))
                lake.replace(RISK_EPISODES, in_files(whole, episodes), None, state.as_json())
        else:
            lake.note(RISK_EPISODES, state.as_json())
    finally:
        uncache(fresh)
        uncache(known)
    counts = {
        "dates_moved": len(moved.dates),
        "episodes_changed": changed,
        "episodes": episodes,
    }
    return StepReport("build_episodes", "done" if changed else "nothing", counts, verdicts=verdicts)


def in_files(fresh: DataFrame, rows: int) -> DataFrame:
    """The rows as they are written: few in one file, many with the ended ones apart, which later runs do not open."""
    if rows <= ROWS_PER_FILE:
        return fresh.coalesce(1)
    return with_ended_apart(fresh, bucket_count(rows), "ended_on")


def touched_by(moved: Moved) -> str | None:
    """SQL that selects the episodes that the moved dates may touch; None for all of them."""
    if not moved.is_known:
        return None
    return f"ended_on IS NULL OR ended_on >= DATE'{moved.dates[0]}'"


def rebuilt(run: Run, moved: Moved, standing: DataFrame) -> DataFrame:
    """What the touched episodes should be.

    Where all moved dates are newer than what was built, open episodes are gone on with. Else each company's rows are
    read from the first moved date on, or from where its episode began that stood then.
    """
    limits = run.settings.metrics.churn
    activity = run.lake.read(COMPANY_ACTIVITY_DAILY)
    if moved.goes_on:
        new = activity.where(F.col("activity_date") >= F.lit(moved.dates[0]))
        return episodes_of(flagged_rows(new, limits).unionByName(as_row(standing)))
    if not moved.is_known:
        return episodes_of(flagged_rows(activity, limits))
    first = F.lit(moved.dates[0])
    open_then = standing.where(F.col("started_on") < first)
    (earliest,) = open_then.agg(F.min("started_on")).first() or (None,)
    read = activity.where(F.col("activity_date") >= F.coalesce(F.lit(earliest), first))
    begins = open_then.select("company_id", F.col("started_on").alias("begins_on"))
    rows = flagged_rows(read, limits).join(F.broadcast(begins), "company_id", "left")
    is_read = F.col("day") >= F.coalesce("begins_on", first)
    return episodes_of(rows.where(is_read).drop("begins_on"))


def compared(standing: DataFrame, fresh: DataFrame) -> DataFrame:
    """How many episodes stood `before`; of those to write how many rows, keys and forbidden NULLs; how many `changed`.

    Of those that go (`then`) and of those that come (`now`) also what the state keeps, see `Began`; NULL for none.

    Shape: `started_on, before, rows, keys, nulls, changed, then, then_hashes, now, now_hashes`, key started_on. A key
    that stands in several rows to write counts once.

    >>> column = {"bigint": "1L", "date": "DATE'2025-03-01'", "array<string>": "array('x')"}
    >>> texts = [f"{column.get(c.type, repr('a'))} AS {c.name}" for c in RISK_EPISODES.columns]
    >>> one = spark.range(1).selectExpr(*texts)
    >>> worse = one.withColumn("peak_missing_user_days", F.lit(9))
    >>> compared(one, one).first()[1:6], compared(one, worse.union(worse)).first()[1:6]
    ((1, 1, 1, 0, 0), (1, 2, 1, 0, 1))
    """
    columns = RISK_EPISODES.column_names
    required = [c.name for c in RISK_EPISODES.columns if not c.nullable]
    has_null = reduce(or_, (F.col(name).isNull() for name in required))
    is_new = F.col("is_new")
    row = F.struct(*columns)
    before = standing.select(*columns, F.lit(False).alias("is_new"))
    after = fresh.select(*columns, F.lit(True).alias("is_new"))
    by_key = (
        before.unionByName(after)
        .groupBy(*RISK_EPISODES.key)
        .agg(
            F.max(F.when(~is_new, row)).alias("then"),
            F.max(F.when(is_new, row)).alias("now"),
            F.count_if(~is_new).alias("before"),
            F.count_if(is_new).alias("rows"),
            F.count_if(is_new & has_null).alias("nulls"),
        )
    )
    is_changed = ~F.col("then").eqNullSafe(F.col("now"))
    company = F.xxhash64("company_id").cast("decimal(38,0)")
    return by_key.groupBy("started_on").agg(
        F.sum("before").alias("before"),
        F.sum("rows").alias("rows"),
        F.count_if(F.col("now").isNotNull()).alias("keys"),
        F.sum("nulls").alias("nulls"),
        F.count_if(is_changed).alias("changed"),
        F.count("then").alias("then"),
        F.sum(F.when(F.col("then").isNotNull(), company)).alias("then_hashes"),
        F.count("now").alias("now"),
        F.sum(F.when(F.col("now").isNotNull(), company)).alias("now_hashes"),
    )


def beginnings(standing: Mapping[date, Began] | None, found: Iterable[Row]) -> dict[date, Began]:
    """What the state keeps of each date on which episodes began, once those of `compared` are replaced.

    Where nothing is known of those that stand (None), all of them are replaced.
    """
    began = dict(standing or {})
    for row in found:
        day = row["started_on"]
        gone = Began()
        if standing is not None:
            gone = Began(row["then"], int(row["then_hashes"] or 0))
        new = Began(row["now"], int(row["now_hashes"] or 0))
        mark = began.pop(day, Began()).changed_to(gone, new)
        if mark.companies:
            began[day] = mark
    return began
