"""How the other companies of a date fared: their pace this week, and the days on which they were quiet.

A company is compared with those of its country if there are enough of them, else with all. A scope is
a country, or NULL for all companies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from company_activity.dates import HORIZON_DAYS, WEEK_DAYS
from company_activity.transforms.calendar import THIS_WEEK, is_whole

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.settings.model import ChurnSettings

PER_MILLE = 1000
FASTEST = 5 * PER_MILLE  # a faster week of one company says no more of the fleet
MOST_QUIET_BACK = 31  # no rule looks at a quiet day further back
# How many companies were active on each of the 60 days. Two counts go into one sum, 30 bits for each.
HALF = HORIZON_DAYS // 2
LOW = (1 << HALF) - 1
PAIR = 1 << HALF | 1
SUMS = ", ".join(f"sum(shiftright(active_mask, {back}) & {PAIR}L)" for back in range(HALF))
COUNTS = f"concat(transform(sums, s -> s & {LOW}L), transform(sums, s -> shiftright(s, {HALF})))"


def with_fleet(rows: DataFrame, fleet: DataFrame) -> DataFrame:
    """Add how the others' week went, and which of the last 32 days were quiet for them.

    Shape: `activity_date, country, …` and `fleet_figures` in; `fleet_pace` and `quiet_mask` added.

    >>> from company_activity.settings.model import ChurnSettings
    >>> rows = spark.range(24).selectExpr(
    ...     "DATE'2025-03-31' AS activity_date", "if(id < 3, NULL, 'DE') AS country",
    ...     f"{(1 << 60) - 1}L AS complete_mask", f"{(1 << 60) - 4}L AS active_mask",
    ...     "if(id < 15, 30L, 90L) AS users_7d", "6L AS whole_weeks", "300L AS baseline_user_days",
    ...     "true AS has_baseline",
    ... )
    >>> fleet = fleet_figures(rows, ChurnSettings())
    >>> with_fleet(rows, fleet).select("fleet_pace", "quiet_mask").distinct().first()[:]
    (600, 3)
    """
    figures = fleet.select(
        F.col("activity_date").alias("fleet_date"), "scope", "fleet_pace", "quiet_mask"
    )
    is_same_date = F.col("activity_date") == F.col("fleet_date")
    is_same_scope = F.col("country").eqNullSafe(F.col("scope"))
    joined = rows.join(F.broadcast(figures), is_same_date & is_same_scope, "left")
    return joined.drop("fleet_date", "scope")


def fleet_figures(rows: DataFrame, limits: ChurnSettings) -> DataFrame:
    """What each scope of a date looks at: its own companies where they are enough, else all.

    `fleet_pace` is per mille of their usual weeks, NULL where a date of the week is missing;
    `paced_companies` have one. `counts` holds for each of the 60 days, this one first, how many
    companies were active; bit i of `quiet_mask` stands for the date i days back.

    Shape: all rows of each date with `activity_date, country, complete_mask, active_mask, users_7d`
    and the columns of `with_baseline` in; `activity_date, scope, paced_companies, fleet_pace, counts,
    quiet_mask` out, key activity_date, scope.
    """
    of_all = F.max(F.when(F.col("scope").isNull(), F.struct("paces", "median", "counts")))
    beside_all = of_all.over(W.partitionBy("activity_date")).alias("all")
    own = figures_by_scope(rows, limits).select("*", beside_all)
    has_paces = F.col("paces") >= limits.fleet_companies
    have_paces = F.col("all.paces") >= limits.fleet_companies
    median = F.when(has_paces, F.col("median")).when(have_paces, F.col("all.median"))
    pace = F.least(F.coalesce(median, F.lit(PER_MILLE)), F.lit(PER_MILLE)).cast("bigint")
    is_known = is_whole(F.col("complete_mask"), THIS_WEEK)
    is_large = F.array_max("counts") >= limits.fleet_companies
    chosen = own.select(
        "activity_date",
        "scope",
        "complete_mask",
        F.when(has_paces, F.col("paces")).otherwise(F.col("all.paces")).alias("paced_companies"),
        F.when(is_known, pace).alias("fleet_pace"),
        F.when(is_large, F.col("counts")).otherwise(F.col("all.counts")).alias("counts"),
    )
    return chosen.select("*", _quiet_mask(limits).alias("quiet_mask")).drop("complete_mask")


def figures_by_scope(rows: DataFrame, limits: ChurnSettings) -> DataFrame:
    """Of each scope: how many companies have a pace, their lower median, and the active ones of each day.

    Shape: as `fleet_figures` in; `activity_date, scope, complete_mask, paces, median, counts` out, key
    activity_date, scope.
    """
    lower_median = F.expr("percentile_disc(0.5) WITHIN GROUP (ORDER BY pace)")
    summed = (
        _in_scopes(rows, limits)
        .groupBy("activity_date", "scope")
        .agg(
            F.max("complete_mask").alias("complete_mask"),
            F.count("pace").alias("paces"),
            lower_median.cast("bigint").alias("median"),
            F.expr(f"array({SUMS})").alias("sums"),
        )
    )
    known = ["activity_date", "scope", "complete_mask", "paces", "median"]
    return summed.select(*known, F.expr(COUNTS).alias("counts"))


def paces_by_scope(rows: DataFrame, limits: ChurnSettings) -> DataFrame:
    """How many companies of each scope have which pace.

    Shape: as `fleet_figures` in; `activity_date, scope, pace, companies` out, key activity_date, scope,
    pace.
    """
    paced = _in_scopes(rows, limits).where("pace IS NOT NULL")
    return paced.groupBy("activity_date", "scope", "pace").agg(F.count("*").alias("companies"))


def _in_scopes(rows: DataFrame, limits: ChurnSettings) -> DataFrame:
    """Each row for all companies, and for those of its country if it has one."""
    for_all = F.lit(None).cast("string")
    of_country = F.array(for_all, F.col("country"))
    scopes = F.when(F.col("country").isNull(), F.array(for_all)).otherwise(of_country)
    return rows.select(
        "activity_date",
        F.explode(scopes).alias("scope"),
        "complete_mask",
        "active_mask",
        _pace(limits).alias("pace"),
    )


def _pace(limits: ChurnSettings) -> Column:
    """This week per mille of the usual one; NULL for a company whose usual week is small or not known."""
    weeks = F.col("whole_weeks")
    usual = F.col("baseline_user_days")
    is_large = usual >= weeks * limits.fleet_user_days
    scaled = F.col("users_7d").cast("decimal(19,0)") * weeks.cast("decimal(1,0)")
    is_fast = scaled >= usual.cast("decimal(19,0)") * 5
    pace = F.call_function("div", scaled * PER_MILLE, usual.cast("decimal(19,0)"))
    capped = F.when(is_fast, F.lit(FASTEST)).otherwise(pace)
    return F.when(F.col("has_baseline") & is_large, capped)


def _quiet_mask(limits: ChurnSettings) -> Column:
    """The complete days on which far fewer companies were active than on the same weekdays before."""

    def add_if_quiet(mask: Column, back: Column) -> Column:
        bit = F.call_function("shiftleft", F.lit(1).cast("bigint"), back)
        return F.when(_is_quiet(back, limits), mask.bitwiseOR(bit)).otherwise(mask)

    days = F.sequence(F.lit(0), F.lit(MOST_QUIET_BACK))
    return F.aggregate(days, F.lit(0).cast("bigint"), add_if_quiet)


def _is_quiet(back: Column, limits: ChurnSettings) -> Column:
    oldest = F.least(back + WEEK_DAYS * limits.weeks, F.lit(HORIZON_DAYS - 1))
    same_weekdays = F.sequence(back + WEEK_DAYS, oldest, F.lit(WEEK_DAYS))
    complete = F.filter(same_weekdays, _is_complete)
    usual = F.sort_array(F.transform(complete, _companies))
    days = F.size(usual)
    lower_median = F.get(usual, F.floor((days - 1) / 2).cast("int"))
    is_low = _companies(back) * 100 < lower_median * limits.quiet_percent
    return _is_complete(back) & (days >= limits.least_weeks) & is_low


def _is_complete(back: Column) -> Column:
    return F.call_function("shiftright", F.col("complete_mask"), back).bitwiseAND(F.lit(1)) == 1


def _companies(back: Column) -> Column:
    return F.get(F.col("counts"), back)
