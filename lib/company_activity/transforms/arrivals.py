"""Usage that has arrived → its figures, counted in one pass before anything of it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from company_activity.gates.reasons import is_accepted, split_by_reasons
from company_activity.schemas import PRODUCT_USAGE
from company_activity.transforms.audit import nulls

if TYPE_CHECKING:
    from pyspark.sql import Row


@dataclass(frozen=True)
class PartFigures:
    """A part: its lines, and those of them that are broken."""

    lines: int = 0
    broken: int = 0


@dataclass(frozen=True)
class DateFigures:
    """A date: its records, how many copies they were kept of, and their sums."""

    records: int = 0
    copies: int = 0
    active_users: int = 0
    events: int = 0


@dataclass
class Arrivals:
    """What `figures_of_arrivals` counted.

    `keys` are the different keys of the accepted rows before they were deduplicated: counted in
    what a `groupBy` on the key gives, they would be right whatever it gave. `fields` are the most
    frequent fields beyond the contract and how often they occur, of `different_fields` in all.
    """

    parts: dict[str, PartFigures] = field(default_factory=dict)
    dates: dict[date, DateFigures] = field(default_factory=dict)
    rows: int = 0
    nulls: int = 0
    keys: int = 0
    fields: list[tuple[str, int]] = field(default_factory=list)
    different_fields: int = 0

    @classmethod
    def read(cls, answers: Iterable[Row]) -> Arrivals:
        """The figures of the collected rows."""
        found = cls()
        for what, name, day, counts in answers:
            if what == "part":
                found.parts[name] = PartFigures(*counts)
            elif what == "date":
                found.dates[day] = DateFigures(*counts)
            elif what == "kept":
                found.rows, found.nulls = counts
            elif what == "keys":
                (found.keys,) = counts
            elif what == "field":
                found.fields.append((name, *counts))
            else:
                (found.different_fields,) = counts
        return found

    @property
    def most_frequent_fields(self) -> list[str]:
        """The most frequent first, equally frequent ones by name."""
        return [name for name, _ in sorted(self.fields, key=lambda one: (-one[1], one[0]))]


def figures_of_arrivals(
    parsed: DataFrame, records: DataFrame, most_fields: int, characters: int
) -> DataFrame:
    """All that is counted of arriving usage: a row for each answer, so that one job gives them all.

    Of the fields beyond the contract the `most_fields` most frequent are named, by their first
    `characters`.

    Shape: `parse_usage` and `keep_latest_record` in; `what, name, day, counts` out, for
    `Arrivals.read`.

    >>> parsed = spark.sql(
    ...     "VALUES ('p', 'a', array(), array('plan')), ('p', 'b', array('NEGATIVE'), array())"
    ...     " AS t(src_file_name, company_id, reasons, extras)"
    ... ).selectExpr("*", "DATE'2025-03-01' AS date", "0 AS ts")
    >>> given = {"company_id": "'a'", "date": "DATE'2025-03-01'", "active_users": "3L"}
    >>> columns = [f"{given.get(name, '0L')} AS {name}" for name in PRODUCT_USAGE.column_names]
    >>> records = spark.range(1).selectExpr(*columns, "1L AS copies")
    >>> found = Arrivals.read(figures_of_arrivals(parsed, records, 20, 64).collect())
    >>> found.parts, found.dates[date(2025, 3, 1)].active_users, found.most_frequent_fields
    ({'p': PartFigures(lines=2, broken=1)}, 3, ['plan'])
    >>> found.rows, found.keys, found.nulls, found.different_fields
    (1, 1, 0, 1)
    """
    accepted, _ = split_by_reasons(parsed)
    names = parsed.select(F.explode("extras").alias("name")).groupBy("name").count()
    beginning = F.substring("name", 1, characters).alias("name")
    most_frequent = names.select(beginning, "count").orderBy(F.desc("count"), "name")
    answers = [
        _lines_by_part(parsed),
        _records_by_date(records),
        records.agg(F.count("*").alias("rows"), nulls(PRODUCT_USAGE)).select(
            *_answer("kept", "rows", "nulls")
        ),
        accepted.agg(F.count_distinct(*PRODUCT_USAGE.key).alias("keys")).select(
            *_answer("keys", "keys")
        ),
        most_frequent.limit(most_fields).select(*_answer("field", "count", name=F.col("name"))),
        names.agg(F.count("*").alias("count")).select(*_answer("fields", "count")),
    ]
    return reduce(DataFrame.unionAll, answers)


def _lines_by_part(parsed: DataFrame) -> DataFrame:
    lines = parsed.groupBy("src_file_name").agg(
        F.count("*").alias("lines"),
        F.count_if(~is_accepted()).alias("broken"),
    )
    return lines.select(*_answer("part", "lines", "broken", name=F.col("src_file_name")))


def _records_by_date(records: DataFrame) -> DataFrame:
    kept = records.groupBy("date").agg(
        F.count("*").alias("records"),
        F.sum("copies").alias("copies"),
        F.sum("active_users").alias("active_users"),
        F.sum("events").alias("events"),
    )
    counts = ("records", "copies", "active_users", "events")
    return kept.select(*_answer("date", *counts, day=F.col("date")))


def _answer(
    what: str, *counts: str, name: Column | None = None, day: Column | None = None
) -> Iterator[Column]:
    """The columns of a row that answers `what`."""
    no_value = F.lit(None)
    yield F.lit(what).alias("what")
    yield (no_value if name is None else name).cast("string").alias("name")
    yield (no_value if day is None else day).cast("date").alias("day")
    yield F.array(*(F.col(count).cast("bigint") for count in counts)).alias("counts")
