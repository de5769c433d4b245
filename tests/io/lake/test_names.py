"""The lake's tables by name: each registered once, none taken from what has the name already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.errors import CatalogError, SettingsError
from company_activity.io.lake.delta import Lake
from company_activity.io.lake.names import Names, is_same_place, register
from company_activity.schemas import Column, Table
from company_activity.settings.loading import load_settings

from support.lake.content import newest_version

OURS = Table("named.days", (Column("a", "bigint", "Key", nullable=False),), key=("a",))
SEEN = replace(OURS, name="named.seen")  # the name of a view
GONE = replace(OURS, name="named.gone")  # the name of a table whose files are gone
HERE = "spark_catalog"
ONELAKE = "abfss://%s@onelake.dfs.fabric.microsoft.com"
GUID = "0b1c2d3e-1111-2222-3333-444455556666"


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Iterator[Lake]:
    """A lake with one table, in a folder whose name has to be quoted; the schema goes with it."""
    lake = Lake(str(tmp_path / "it's a lake"), lambda: spark)
    lake.replace(OURS, spark.sql("SELECT 1L a"), None, {"n": 1})
    yield lake
    spark.sql("DROP SCHEMA IF EXISTS named CASCADE")


def test_a_table_has_its_name_once_and_nothing_loses_its_own(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    before = newest_version(lake.root, OURS.path)
    for _ in range(2):
        register(spark, HERE, OURS, lake.uri(OURS))
    assert [row.a for row in spark.table("named.days").collect()] == [1]
    assert newest_version(lake.root, OURS.path) == before  # no commit of its own

    other = Lake(str(tmp_path / "other"), lambda: spark)
    other.replace(OURS, spark.sql("SELECT 2L a"), None, {"n": 1})
    with pytest.raises(
        CatalogError, match=r"`named`\.`days` stands for file:.*lake.* and not for file:.*other"
    ) as taken:
        register(spark, HERE, OURS, other.uri(OURS))
    assert "DROP TABLE `named`.`days`" in taken.value.remedy
    assert [row.a for row in spark.table("named.days").collect()] == [1]

    spark.sql("CREATE VIEW named.seen AS SELECT 3L a")
    with pytest.raises(CatalogError, match="stands for a view"):
        register(spark, HERE, SEEN, lake.uri(OURS))
    assert [row.a for row in spark.table("named.seen").collect()] == [3]

    gone = Lake(str(tmp_path / "gone"), lambda: spark)
    gone.replace(GONE, spark.sql("SELECT 4L a"), None, {"n": 1})
    register(spark, HERE, GONE, gone.uri(GONE))
    (tmp_path / "gone").rename(tmp_path / "moved")
    with pytest.raises(CatalogError, match=r"named.*gone") as lost:
        register(spark, HERE, GONE, lake.uri(OURS))
    assert "DROP TABLE `named`.`gone`" in lost.value.remedy

    with pytest.raises(CatalogError, match=r"named\.days could not be registered as `no-such`") as refused:
        register(spark, "no-such", OURS, lake.uri(OURS))
    assert lake.uri(OURS) in refused.value.remedy


def test_what_is_registered_is_remembered_by_catalog_and_table_id(tmp_path: Path) -> None:
    names = Names(str(tmp_path), "main")
    names.keep(OURS, "id-1", "abfss://lake@acme.dfs.core.windows.net/named/days")
    asked = [(OURS, "id-1"), (GONE, "id-1")]
    assert names.missing(asked) == [GONE]
    assert names.missing([(OURS, "id-2")]) == [OURS]  # moved aside, and built again
    assert Names(str(tmp_path), "other").missing(asked) == [OURS, GONE]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("file:/a/it%27s", "file:///a/it's", True),
        ("abfss://lake@acme.dfs.core.windows.net/a/b/", "abfss://lake@acme.dfs.core.windows.net/a//b", True),
        ("abfss://lake@acme.dfs.core.windows.net/a", "abfss://raw@acme.dfs.core.windows.net/a", False),
        ("dbfs:/a", "file:/a", False),
        ("/a", "file:/a", True),
        (
            f"{ONELAKE % 'Sales'}/Lake.Lakehouse/Files/a",
            f"{ONELAKE % GUID}/{GUID}/Files/a",
            True,
        ),  # by name, and by GUID
        (f"{ONELAKE % 'Sales'}/Lake.Lakehouse/Files/a", f"{ONELAKE % 'Sales'}/Other.Lakehouse/Files/a", False),
        (f"{ONELAKE % 'Sales'}/Lake.Lakehouse/Files/a", f"{ONELAKE % GUID}/{GUID}/Files/b", False),
    ],
)
def test_catalogs_write_a_place_each_in_their_way(one: str, other: str, same: bool) -> None:
    assert is_same_place(one, other) is same


@pytest.mark.parametrize("catalog", ["", "main", "spark_catalog", "hive_metastore", "my-unit", "_x9"])
def test_a_catalog_is_one_name(catalog: str) -> None:
    assert load_settings(environ={"COMPANY_ACTIVITY__LAKE__CATALOG": catalog}).lake.catalog == catalog


@pytest.mark.parametrize("catalog", ["a.b", "`a`", "9a", "a b", "main\n", "ü", "a;DROP TABLE b", "x" * 129])
def test_what_is_no_such_name_is_refused(catalog: str) -> None:
    with pytest.raises(SettingsError, match=r"lake\.catalog"):
        load_settings(environ={"COMPANY_ACTIVITY__LAKE__CATALOG": catalog})
