"""A revision of the dimension → its figures, counted in one pass before anything of it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from company_activity.planning.state import CompanyCounts
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, Table
from company_activity.transforms.audit import keys_of

if TYPE_CHECKING:
    from pyspark.sql import Row

    from company_activity.transforms.layout import Replacement

MEMBERS = ("inserted", "changed", "repaired")
CHANGES = (*MEMBERS, "removed")
TOUCHED = "touched"
STANDING = "standing"


@dataclass(frozen=True)
class ChangeFigures:
    """The companies of one kind of change, and how many of them only usage knows, now and before."""

    companies: int = 0
    inferred: int = 0
    were_inferred: int = 0


@dataclass
class RevisionFigures:
    """What `figures_of_revision` counted.

    `keys` are rows, different keys and forbidden NULLs of each table's fresh rows; `touched` are
    the companies whose periods change, `standing_periods` the rows that the history has.
    """

    changes: dict[str, ChangeFigures] = field(default_factory=dict)
    keys: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    touched: int = 0
    standing_periods: int = 0

    @classmethod
    def read(cls, answers: Iterable[Row]) -> RevisionFigures:
        """The figures of the collected rows."""
        found = cls()
        for what, counts in answers:
            if what in CHANGES:
                found.changes[what] = ChangeFigures(*counts)
            elif what == TOUCHED:
                (found.touched,) = counts
            elif what == STANDING:
                (found.standing_periods,) = counts
            else:
                rows, keys, nulls = counts
                found.keys[what] = (rows, keys, nulls)
        return found

    @property
    def counts(self) -> dict[str, int]:
        """The companies by what happened to them."""
        return {change: self.changes.get(change, ChangeFigures()).companies for change in CHANGES}

    def counts_after(self, before: CompanyCounts) -> CompanyCounts:
        """How many companies there are once the revision is written.

        >>> found = RevisionFigures({"inserted": ChangeFigures(3, 2), "removed": ChangeFigures(1, 0, 1)})
        >>> found.counts_after(CompanyCounts(rows=10, inferred=4))
        CompanyCounts(rows=12, inferred=5)
        """
        counts = self.counts
        inferred = before.inferred
        for change in self.changes.values():
            inferred += change.inferred - change.were_inferred
        return CompanyCounts(before.rows + counts["inserted"] - counts["removed"], inferred)


def figures_of_revision(changes: DataFrame, history: Replacement | None) -> DataFrame:
    """All that is counted of a revision: a row for each answer, so that one job gives them all.

    Shape: changed rows of `with_row_times`, and the replacement of periods (None: no snapshot
    moved), in; `what, counts` out, for `RevisionFigures.read`.

    >>> given = {"company_id": "'u'", "change": "'inserted'", "is_inferred": "true"}
    >>> names = [*COMPANIES.column_names, "change", "was_inferred"]
    >>> changes = spark.range(1).selectExpr(*(f"{given.get(n, 'false')} AS {n}" for n in names))
    >>> found = RevisionFigures.read(figures_of_revision(changes, None).collect())
    >>> found.counts["inserted"], found.changes["inserted"].inferred, found.keys["dim.companies"]
    (1, 1, (1, 1, 0))
    """
    members = changes.where("change <> 'removed'")
    answers = [_by_change(changes), _keys(members, COMPANIES)]
    if history is not None:
        answers += [
            _keys(history.fresh, COMPANIES_HISTORY),
            _rows(history.touched, TOUCHED),
            _rows(history.table, STANDING),
        ]
    return reduce(DataFrame.unionAll, answers)


def _by_change(changes: DataFrame) -> DataFrame:
    is_inferred = F.col("is_inferred") & (F.col("change") != "removed")
    counted = changes.groupBy("change").agg(
        F.count("*").alias("companies"),
        F.count_if(is_inferred).alias("inferred"),
        F.count_if("was_inferred").alias("were_inferred"),
    )
    return counted.select(*_answer(F.col("change"), "companies", "inferred", "were_inferred"))


def _keys(rows: DataFrame, table: Table) -> DataFrame:
    return keys_of(rows, table).select(*_answer(F.lit(table.name), "rows", "keys", "nulls"))


def _rows(rows: DataFrame, what: str) -> DataFrame:
    return rows.agg(F.count("*").alias("rows")).select(*_answer(F.lit(what), "rows"))


def _answer(what: Column, *counts: str) -> Iterator[Column]:
    yield what.alias("what")
    yield F.array(*map(F.col, counts)).alias("counts")
