"""The risk episodes that moved dates touch: built again, judged, and committed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.gates.verdict import key_checks, refuse_defects
from company_activity.planning.episodes import EpisodesState
from company_activity.report.model import StepReport
from company_activity.runtime.compute import cached, uncache
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, RISK_EPISODES
from company_activity.transforms.audit import keys_of
from company_activity.transforms.episodes import as_row, episodes_of, flagged_rows
from company_activity.transforms.layout import bucket_count, with_ended_apart

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.planning.episodes import Moved
    from company_activity.run import Run


def revise_episodes(run: Run, moved: Moved) -> StepReport:
    """Build again what the moved dates touch, and replace it where it differs; the state is committed in any case.

    Raises:
        GateRefused: if a key stands twice among the rows to write, or a NULL where there must be none.
    """
    lake = run.lake
    touched = touched_by(moved)
    standing = lake.read(RISK_EPISODES).where(touched or "true")
    fresh = cached(rebuilt(run, moved, standing))
    try:
        (figures,) = keys_of(fresh, RISK_EPISODES).collect()
        verdicts = refuse_defects(key_checks(RISK_EPISODES.name, *figures))
        before, changed = compared(standing, fresh).first() or (0, 0)
        rows = figures["rows"] + untouched(run, touched, before)
        state = EpisodesState.of(lake.activity.hashes, rows).as_json()
        if changed or not lake.exists(RISK_EPISODES):
            laid = with_ended_apart(fresh, bucket_count(figures["rows"]), "ended_on")
            lake.replace(RISK_EPISODES, laid, touched, state)
        else:
            lake.note(RISK_EPISODES, state)
    finally:
        uncache(fresh)
    counts = {"dates_moved": len(moved.dates), "episodes_changed": changed, "episodes": rows}
    return StepReport("build_episodes", "done" if changed else "nothing", counts, verdicts=verdicts)


def untouched(run: Run, touched: str | None, touched_before: int) -> int:
    """How many episodes stand as they are."""
    if touched is None:
        return 0
    before = run.lake.episodes.rows
    return (run.lake.read(RISK_EPISODES).count() if before is None else before) - touched_before


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
    """How many episodes stood, and how many are new, gone or other ones: one row.

    >>> column = {"bigint": "1L", "date": "DATE'2025-03-01'", "array<string>": "array('x')"}
    >>> texts = [f"{column.get(c.type, repr('a'))} AS {c.name}" for c in RISK_EPISODES.columns]
    >>> one = spark.range(1).selectExpr(*texts)
    >>> worse = one.withColumn("peak_missing_user_days", F.lit(9))
    >>> compared(one, one).first()[:], compared(one, worse).first()[:]
    ((1, 0), (1, 1))
    """
    columns = RISK_EPISODES.column_names
    key = list(RISK_EPISODES.key)
    before = standing.select(*key, F.struct(*columns).alias("then"))
    after = fresh.select(*key, F.struct(*columns).alias("now"))
    is_other = ~F.col("then").eqNullSafe(F.col("now"))
    return before.join(after, key, "full_outer").agg(F.count("then"), F.count_if(is_other))
