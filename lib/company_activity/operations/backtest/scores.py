"""How well the rows at risk tell what happened: figures of the activity table against known churns.

A day is right for a company that churned less than 30 days before it, or churns within 30 days after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import TYPE_CHECKING

from pyspark.sql import Window as W
from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS
from company_activity.runtime.compute import cached, uncache
from company_activity.transforms.call_lists import most_missing_first

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Row

FUTURE_DAYS = 30  # a flag is right so long before a churn, and after it
BEFORE_DAYS = 14  # a churn is found by a flag so long before the last active day, or on it
ENTERING_ROWS = 7  # not at risk for so many judged rows: the next flag is a new alert
FIRST_TEN = 10
DECILES = 10
NEEDED = (
    "company_id",
    "activity_date",
    "is_churn_risk",
    "days_since_last_active",
    "missing_user_days_7d",
)


@dataclass(frozen=True)
class Period:
    """The dates that are judged: the 60 days that each reads are known, and the 30 after it."""

    first: date
    last: date

    @classmethod
    def of(cls, built: Collection[date], until: date) -> Period:
        """The dates to judge of those that are built, where churns are known up to `until`.

        >>> built = [date(2025, 1, 1) + timedelta(days=n) for n in range(90)]
        >>> Period.of(built, date(2025, 12, 31))
        Period(first=datetime.date(2025, 3, 1), last=datetime.date(2025, 3, 1))
        """
        known = min(max(built), until)
        return cls(
            min(built) + timedelta(days=HORIZON_DAYS - 1), known - timedelta(days=FUTURE_DAYS)
        )

    @property
    def known_until(self) -> date:
        """The last date whose churns are known."""
        return self.last + timedelta(days=FUTURE_DAYS)


@dataclass(frozen=True)
class Churns:
    """The churned customers that can be judged, by when they were first at risk around their last active day.

    `leads` are the days from the first flag to the last active day, of those found by then; `delays` the days from
    the last active day to the first flag, of those flagged within 30 days after it; `missed` were not flagged by
    then, nor were `open`, whose 30 days are not over yet.
    """

    leads: tuple[int, ...] = ()
    delays: tuple[int, ...] = ()
    missed: int = 0
    open: int = 0

    @property
    def judged(self) -> int:
        return len(self.leads) + len(self.delays) + self.missed + self.open

    @property
    def found(self) -> float | None:
        """The share at risk by the last active day."""
        return share(len(self.leads), self.judged)

    @property
    def lead(self) -> float | None:
        return float(median(self.leads)) if self.leads else None

    @property
    def delay(self) -> float | None:
        return float(median(self.delays)) if self.delays else None


@dataclass(frozen=True)
class Bin:
    """Company-days that lacked from `low` to `high` user-days, and how many of them churned within 30 days.

    `low` is None where what is missing is not known.
    """

    low: int | None
    high: int | None
    company_days: int
    churned: int

    @property
    def share(self) -> float | None:
        return share(self.churned, self.company_days)


@dataclass(frozen=True)
class Scores:
    """What one set of constants came to. Days are days of a company that was a customer on them.

    `due` are those on which a flag is right, `right` those of them that were flagged. `listed` stood among the first
    ten of their date's list.
    """

    company_days: int
    due: int
    flagged: int
    right: int
    alerts: int
    right_alerts: int
    listed: int
    right_listed: int
    churns: Churns
    calibration: tuple[Bin, ...]

    @property
    def precision(self) -> float | None:
        return share(self.right, self.flagged)

    @property
    def recall(self) -> float | None:
        return share(self.right, self.due)

    @property
    def alerts_a_week(self) -> float | None:
        """Of a hundred companies, how many enter risk in 7 days."""
        return None if not self.company_days else 700 * self.alerts / self.company_days

    @property
    def alerts_of_churn(self) -> float | None:
        return share(self.right_alerts, self.alerts)

    @property
    def alerts_of_none(self) -> float | None:
        return share(self.alerts - self.right_alerts, self.alerts)

    @property
    def right_of_ten(self) -> float | None:
        return share(self.right_listed, self.listed)


def share(part: int, whole: int) -> float | None:
    """A share; None of nothing."""
    return part / whole if whole else None


def score(
    rows: DataFrame, churned: Mapping[str, date], period: Period, gone_after_days: int
) -> Scores:
    """Judge the rows at risk on every date of the period, and every known churn.

    Shape: `company_id, activity_date, is_churn_risk, days_since_last_active, missing_user_days_7d` in.
    """
    known = cached(rows.select(*NEEDED).transform(with_truth, churned))
    try:
        listed = (F.col("place") <= FIRST_TEN) & F.col("is_flagged")
        customers = known.transform(with_entering).transform(customers_on, period, gone_after_days)
        counts = customers.transform(with_place).agg(
            F.count("*").alias("company_days"),
            F.count_if("is_right").alias("due"),
            F.count_if("is_flagged").alias("flagged"),
            F.count_if(F.col("is_flagged") & F.col("is_right")).alias("right"),
            F.count_if("is_entering").alias("alerts"),
            F.count_if(F.col("is_entering") & F.col("is_right")).alias("right_alerts"),
            F.count_if(listed).alias("listed"),
            F.count_if(listed & F.col("is_right")).alias("right_listed"),
        )
        (found,) = counts.collect()
        churns = churns_of(first_flags(known).collect(), period)
        still_here = known.transform(customers_on, period, gone_after_days)
        calibration = calibration_of(still_here.transform(by_missing).collect())
    finally:
        uncache(known)
    return Scores(**found.asDict(), churns=churns, calibration=calibration)


def with_truth(rows: DataFrame, churned: Mapping[str, date]) -> DataFrame:
    """Add `churned_on` (NULL of a company that did not), `is_right`, and `is_flagged` (not where it is not judged)."""
    truth = rows.sparkSession.createDataFrame(
        sorted(churned.items()), "company_id string, churned_on date"
    )
    days_left = _days_left()
    is_right = days_left.between(1 - FUTURE_DAYS, FUTURE_DAYS)
    return (
        rows.join(F.broadcast(truth), "company_id", "left")
        .withColumn("is_right", F.coalesce(is_right, F.lit(False)))
        .withColumn("is_flagged", F.coalesce("is_churn_risk", F.lit(False)))
    )


def _days_left() -> Column:
    return F.datediff("churned_on", "activity_date")


def with_entering(rows: DataFrame) -> DataFrame:
    """Add `is_entering`: at risk, and on none of the company's 7 judged rows before.

    >>> days = spark.range(12).selectExpr(
    ...     "'a' AS company_id", "date_add(DATE'2025-03-01', CAST(id AS INT)) AS activity_date",
    ...     "if(id = 9, NULL, id IN (1, 3, 11)) AS is_churn_risk", "id IN (1, 3, 11) AS is_flagged",
    ... )
    >>> found = with_entering(days).where("is_entering").collect()
    >>> [row.activity_date.day for row in found]
    [2]
    """
    is_judged = F.col("is_churn_risk").isNotNull()
    before = (
        W.partitionBy("company_id", is_judged)
        .orderBy("activity_date")
        .rowsBetween(-ENTERING_ROWS, -1)
    )
    was_flagged = F.coalesce(F.max("is_flagged").over(before), F.lit(False))
    return rows.withColumn("is_entering", F.col("is_flagged") & ~was_flagged)


def customers_on(rows: DataFrame, period: Period, gone_after_days: int) -> DataFrame:
    """The rows of the period on whose date the company was a customer: active by then, and not gone.

    Gone is who has been silent for `gone_after_days`, or churned 30 days ago or earlier.
    """
    is_judged = F.col("activity_date").between(F.lit(period.first), F.lit(period.last))
    is_active = F.col("days_since_last_active") < gone_after_days
    is_here = F.coalesce(_days_left() > -FUTURE_DAYS, F.lit(True))
    return rows.where(is_judged & is_active & is_here)


def with_place(rows: DataFrame) -> DataFrame:
    """Add `place`: where a row at risk stands in its date's list, counted from 1."""
    of_the_date = W.partitionBy("activity_date", "is_flagged").orderBy(*most_missing_first())
    return rows.withColumn("place", F.row_number().over(of_the_date))


def first_flags(rows: DataFrame) -> DataFrame:
    """When each churned company was last active up to its churn, and first at risk around that day.

    Shape: the columns of `with_truth` in; `company_id, churned_on, last_active, first_flag` out (the last in days
    after `last_active`, from −14 to 30; NULL where there is none), key company_id.
    """
    last_of_row = F.date_sub("activity_date", F.col("days_since_last_active").cast("int"))
    is_by_churn = F.col("activity_date") <= F.col("churned_on")
    of_company = W.partitionBy("company_id")
    last_active = F.max(F.when(is_by_churn, last_of_row)).over(of_company)
    days_after = F.datediff("activity_date", "last_active")
    is_near = days_after.between(-BEFORE_DAYS, FUTURE_DAYS)
    return (
        rows.where("churned_on IS NOT NULL")
        .withColumn("last_active", last_active)
        .groupBy("company_id", "churned_on", "last_active")
        .agg(F.min(F.when(F.col("is_flagged") & is_near, days_after)).alias("first_flag"))
    )


def churns_of(flags: Iterable[Row], period: Period) -> Churns:
    """The churns that can be judged: the last active day is known, and the 60 days that it reads."""
    leads = []
    delays = []
    missed = open_ = 0
    for _, churned_on, last_active, first_flag in flags:
        if last_active is None or last_active < period.first or churned_on > period.known_until:
            continue
        if first_flag is None and last_active + timedelta(days=FUTURE_DAYS) > period.known_until:
            open_ += 1
        elif first_flag is None:
            missed += 1
        elif first_flag <= 0:
            leads.append(-first_flag)
        else:
            delays.append(first_flag)
    return Churns(tuple(sorted(leads)), tuple(sorted(delays)), missed, open_)


def by_missing(customers: DataFrame) -> DataFrame:
    """Of those that have not churned yet: by what is missing, how many days, and of how many a churn followed."""
    churns_soon = F.coalesce(_days_left() <= FUTURE_DAYS, F.lit(False))
    return (
        customers.where(F.coalesce(_days_left() > 0, F.lit(True)))
        .groupBy("missing_user_days_7d")
        .agg(F.count("*").alias("company_days"), F.count_if(churns_soon).alias("churned"))
    )


def calibration_of(counted: Iterable[tuple[int | None, int, int]]) -> tuple[Bin, ...]:
    """Company-days by what they lack: not known, nothing, and tenths of the rest; equal values stay together.

    `counted` holds what is missing, the company-days that lack so much, and those of them that churned.

    >>> for found in calibration_of([(None, 5, 1), (0, 90, 2), (1, 15, 3), (2, 5, 4)]):
    ...     print(found)
    Bin(low=None, high=None, company_days=5, churned=1)
    Bin(low=0, high=0, company_days=90, churned=2)
    Bin(low=1, high=1, company_days=15, churned=3)
    Bin(low=2, high=2, company_days=5, churned=4)
    """
    ordered = sorted(counted, key=lambda one: (one[0] is not None, one[0] or 0))
    total = sum(days for missing, days, _ in ordered if missing)
    tenths: dict[int, list[tuple[int | None, int, int]]] = {}
    before = 0
    for one in ordered:
        missing, days, _ = one
        if not missing:
            tenths[-2 if missing is None else -1] = [one]
            continue
        tenths.setdefault(before * DECILES // total, []).append(one)
        before += days
    return tuple(
        Bin(group[0][0], group[-1][0], sum(days for _, days, _ in group), sum(n for *_, n in group))
        for group in tenths.values()
    )
