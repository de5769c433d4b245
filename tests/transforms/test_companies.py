"""The dimension: newest attributes, first days as minima, inferred members, row times."""

from __future__ import annotations

from datetime import UTC, date, datetime

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from company_activity.schemas import COMPANIES, CRM_COMPANIES, PRODUCT_USAGE
from company_activity.transforms.companies import beside_current, build_companies, spelt_alike, with_row_times
from company_activity.transforms.crm import union_of_paths

from support.spark.frames import frame

WHO = "company_id string, name string, first_seen_date date, first_active_date date, is_inferred boolean"
THEN, NOW = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)


def test_attributes_are_the_newest_and_first_days_the_earliest(spark: SparkSession) -> None:
    snapshots = frame(
        spark,
        CRM_COMPANIES,
        [
            {"company_id": "a", "name": "Old", "file_date": date(2025, 1, 5)},
            {"company_id": "a", "name": "New", "file_date": date(2025, 1, 9)},
            {"company_id": "b", "name": None, "file_date": date(2025, 1, 9)},
        ],
    )
    usage = frame(
        spark,
        PRODUCT_USAGE,
        [
            {"company_id": "a", "date": date(2025, 1, 2), "active_users": 0},
            {"company_id": "a", "date": date(2025, 1, 4), "active_users": 3},
            {"company_id": "u", "date": date(2025, 1, 3), "active_users": 0},
        ],
    )
    expected = spark.createDataFrame(
        [
            ("a", "New", date(2025, 1, 2), date(2025, 1, 4), False),
            ("b", None, date(2025, 1, 9), None, False),
            ("u", None, date(2025, 1, 3), None, True),
        ],
        WHO,
    )
    found = build_companies(snapshots, usage).select(*expected.columns)
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


def test_of_two_paths_of_one_date_the_greatest_wins(spark: SparkSession) -> None:
    day = date(2025, 1, 5)
    staged = frame(
        spark,
        CRM_COMPANIES,
        [
            {"company_id": "a", "name": "from b", "file_date": day, "src_file_name": "b.csv"},
            {"company_id": "a", "name": "from a", "file_date": day, "src_file_name": "a.csv"},
            {"company_id": "c", "name": "only in a", "file_date": day, "src_file_name": "a.csv"},
        ],
    )
    expected = spark.createDataFrame([("a", "from b"), ("c", "only in a")], "company_id string, name string")
    found = union_of_paths(staged).select("company_id", "name")
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


def test_row_times_move_only_with_the_content(spark: SparkSession) -> None:
    def rows(*named: tuple[str, str | None, bool]) -> list[dict[str, object]]:
        return [
            {"company_id": i, "name": n, "is_inferred": f, "first_seen_date": date(2025, 1, 1)} for i, n, f in named
        ]

    current = frame(
        spark, COMPANIES, rows(("same", None, False), ("moved", "Old", False), ("met", None, True), ("left", "L", False)),
        created_at=THEN, updated_at=THEN,
    )  # fmt: skip
    now = rows(("same", None, False), ("moved", "New", False), ("met", "Met", False), ("new", "N", False))
    candidates = frame(spark, COMPANIES, now).drop("created_at", "updated_at")
    expected = spark.createDataFrame(
        [
            ("same", THEN, THEN, "unchanged"),
            ("moved", THEN, NOW, "changed"),
            ("met", THEN, NOW, "repaired"),
            ("new", NOW, NOW, "inserted"),
            ("left", THEN, NOW, "removed"),
        ],
        "company_id string, created_at timestamp, updated_at timestamp, change string",
    )
    found = candidates.transform(beside_current, current).transform(with_row_times, NOW).select(*expected.columns)
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


def test_ids_of_both_sources_that_are_spelt_alike_are_found(spark: SparkSession) -> None:
    of_the_crm = ["Acme", "caf\u00e9", "alone", "TWICE", "twice"]
    of_usage = ["ACME", "cafe\u0301", "lonely"]
    rows = [(name, False) for name in of_the_crm] + [(name, True) for name in of_usage]
    found = spelt_alike(spark.createDataFrame(rows, "company_id string, is_inferred boolean"))
    assert sorted(row.ids for row in found.collect()) == [["ACME", "Acme"], ["cafe\u0301", "caf\u00e9"]]
