"""What moved between two versions of the dimension, as spans of dates."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, SparkSession

from company_activity.schemas import COMPANIES, COMPANIES_HISTORY
from company_activity.transforms import dirty_spans
from company_activity.transforms.dirty_spans import spans_of_moved_companies

from support.spark.frames import frame

J, F_, M = date(2025, 1, 10), date(2025, 2, 10), date(2025, 3, 10)


def companies(spark: SparkSession, *rows: tuple[str, date, date | None]) -> DataFrame:
    named = [{"company_id": i, "first_seen_date": seen, "first_active_date": active} for i, seen, active in rows]
    return frame(spark, COMPANIES, named)


def spans(rows: DataFrame) -> set[tuple[date, date | None]]:
    return {tuple(row) for row in rows.select("first", "last").collect()}


def test_first_days_that_move_reach_59_days_beyond_the_later(spark: SparkSession) -> None:
    before = companies(
        spark, ("same", J, None), ("earlier", F_, None), ("later", J, None), ("active", J, F_), ("gone", J, None)
    )
    after = companies(
        spark, ("same", J, None), ("earlier", J, None), ("later", M, None), ("active", J, M), ("new", F_, None)
    )
    assert spans(spans_of_moved_companies(before, after)) == {
        (J, date(2025, 4, 10)),  # earlier: from the new first day to 59 days after the old one
        (J, date(2025, 5, 8)),  # later
        (F_, date(2025, 5, 8)),  # active: first_active_date moved
        (J, None),  # gone: all its rows
        (F_, None),  # new
    }


def test_a_first_active_day_that_appears_counts_from_itself(spark: SparkSession) -> None:
    found = spans_of_moved_companies(companies(spark, ("a", J, None)), companies(spark, ("a", J, M)))
    assert spans(found) == {(M, date(2025, 5, 8))}


def history(spark: SparkSession, *rows: tuple[str, str | None, date, date | None]) -> DataFrame:
    named = [
        {"company_id": i, "name": n, "valid_from": f, "valid_to": t, "src_file_name": f"{n}{f}"} for i, n, f, t in rows
    ]
    return frame(spark, COMPANIES_HISTORY, named)


LONG_AGO = date(2020, 1, 1)


def spans_of_moved_attributes(before: DataFrame, after: DataFrame, rows_from: date = LONG_AGO) -> DataFrame:
    """What the attributes of `a` move, where it has rows from a day on."""
    known = companies(after.sparkSession, ("a", rows_from, None), ("b", rows_from, None))
    return dirty_spans.spans_of_moved_attributes(before, after, known)


def test_a_rename_touches_the_dates_from_it_on_and_no_earlier_one(spark: SparkSession) -> None:
    before = history(spark, ("a", "A", J, None), ("b", "B", J, None))
    after = history(spark, ("a", "A", J, F_), ("a", "New", F_, None), ("b", "B", J, None))
    assert spans(spans_of_moved_attributes(before, after)) == {(F_, None)}


def test_a_late_snapshot_touches_its_own_period(spark: SparkSession) -> None:
    before = history(spark, ("a", "A", J, M), ("a", "New", M, None))
    after = history(spark, ("a", "A", J, F_), ("a", None, F_, M), ("a", "New", M, None))
    assert spans(spans_of_moved_attributes(before, after)) == {(F_, date(2025, 3, 9))}


def test_a_first_snapshot_touches_the_60_days_before_it(spark: SparkSession) -> None:
    after = history(spark, ("a", "A", J, None))
    assert spans(spans_of_moved_attributes(history(spark), after)) == {
        (date(2024, 11, 11), date(2025, 1, 9)),
        (J, None),
    }


def test_a_new_company_touches_no_date_before_its_first_row(spark: SparkSession) -> None:
    after = history(spark, ("a", "A", J, None))
    assert spans(spans_of_moved_attributes(history(spark), after, rows_from=J)) == {(J, None)}
    from_new_year = spans_of_moved_attributes(history(spark), after, rows_from=date(2025, 1, 1))
    assert spans(from_new_year) == {(date(2025, 1, 1), date(2025, 1, 9)), (J, None)}


def test_an_earlier_first_snapshot_moves_the_backdating(spark: SparkSession) -> None:
    before, after = history(spark, ("a", "A", M, None)), history(spark, ("a", "A", F_, None))
    assert spans(spans_of_moved_attributes(before, after)) == {
        (date(2024, 12, 12), date(2025, 1, 8)),  # backdated now, unknown before
        (F_, date(2025, 3, 9)),  # known with its contact now, backdated before
    }


def test_another_file_of_the_same_attributes_touches_nothing(spark: SparkSession) -> None:
    before = history(spark, ("a", "A", J, None))
    assert spans(spans_of_moved_attributes(before, before.withColumn("src_file_name", before.name))) == set()
