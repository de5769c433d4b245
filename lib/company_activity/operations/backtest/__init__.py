"""How well the list of companies at risk foretold known churns, under the constants in force and under others.

It writes nothing to the lake and takes no lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from company_activity.errors import UsageError
from company_activity.operations.backtest.scores import FUTURE_DAYS, NEEDED, Period, Scores, score
from company_activity.operations.constants import IN_FORCE, Table
from company_activity.schemas import COMPANIES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.operations.constants import Constants
    from company_activity.records.churned import Churned
    from company_activity.settings.model import Settings

FEW_CHURNS = 20


@dataclass(frozen=True)
class Backtest:
    """What each set of constants came to, by its name, and what there is to say about it.

    `unknown` are the companies of the file that the lake does not have.
    """

    period: Period
    scores: Mapping[str, Scores]
    remarks: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def backtest(
    settings: Settings,
    churned: Churned,
    others: Sequence[Constants],
    until: date | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Backtest:
    """Judge the constants in force, then each of the others, on the same dates and companies.

    Churns are known up to `until`, by default to the newest date. That there is something to judge is checked before
    Spark starts.

    Raises:
        UsageError: if no date can be judged.
        LakeUnfit: if somebody gave a table a feature that ours are made without.
    """
    table = Table.of(settings)
    period = period_of(table, until)
    say(f"judging {period.first} to {period.last}")
    gone_after_days = settings.metrics.churn.gone_after_days
    if not table.is_up_to_date:
        say("the table is older than its sources or constants: its rows are computed")

    def scores_of(rows: DataFrame) -> Scores:
        return score(rows, churned.dates, period, gone_after_days)

    scores = {IN_FORCE: scores_of(table.rows(table.dates))}
    for other in others:
        say(f"computing {len(table.dates):,} dates under {other.name}")
        scores[other.name] = scores_of(table.rows_under(other.metrics, table.dates).select(*NEEDED))
    unknown = unknown_of(table, churned)
    remarks = remarks_on(churned, len(unknown), scores[IN_FORCE].churns.judged)
    return Backtest(period, scores, tuple(remarks), tuple(unknown))


def period_of(table: Table, until: date | None) -> Period:
    """The dates to judge.

    Raises:
        UsageError: if there is none.
    """
    if not table.dates:
        raise UsageError(
            "the lake has no activity yet",
            remedy="fill it first: company-activity run --from A --to B",
        )
    first, last = table.dates[0], table.dates[-1]
    period = Period.of(table.dates, until or last)
    if period.last < period.first:
        needed = period.first + timedelta(days=FUTURE_DAYS)
        raise UsageError(
            f"no date can be judged: the lake has {first} to {last}, churns are known until {period.known_until}",
            remedy=f"the first date to judge needs the 60 days up to it and 30 after it: both up to {needed}",
        )
    return period


def unknown_of(table: Table, churned: Churned) -> list[str]:
    """The companies that the lake does not know."""
    companies = table.lake.read(COMPANIES)
    ids = [(company_id,) for company_id in churned.dates]
    asked = table.lake.spark.createDataFrame(ids, "company_id string")
    return sorted(row[0] for row in asked.join(companies, "company_id", "left_anti").collect())


def remarks_on(churned: Churned, unknown: int, judged: int) -> Iterator[str]:
    """What of the file does not count, and whether the rest is enough to tell.

    >>> from company_activity.records.churned import Churned
    >>> churned = Churned({"a": date(2025, 1, 1), "b": date(2025, 1, 2)}, repeated=3)
    >>> for remark in remarks_on(churned, unknown=1, judged=1):
    ...     print(remark)
    1 of 2 churned customers can be judged: too few to tell, figures mean something from 20 on
    churned customers that are not in the lake: 1
    lines that repeat an earlier one: 3
    """
    if judged < FEW_CHURNS:
        yield (
            f"{judged:,} of {len(churned.dates):,} churned customers can be judged: too few to tell,"
            f" figures mean something from {FEW_CHURNS} on"
        )
    if unknown:
        yield f"churned customers that are not in the lake: {unknown:,}"
    if churned.repeated:
        yield f"lines that repeat an earlier one: {churned.repeated:,}"
