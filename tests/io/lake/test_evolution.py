"""A table that an older version made is extended, never dropped: what it lacks is NULL, what stands is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity import errors
from company_activity.io.lake.delta import VersionGone, read_table
from company_activity.schemas import Column, Table

from support.lake.content import lake_at, newest_state, newest_version, note_state, read_version, replace_where
from support.spark.settings import having_set

OLD = Table(
    "stg.t",
    (
        Column("a", "bigint", "Key", nullable=False),
        Column("is_b", "boolean", "Was never NULL", nullable=False),
        Column("day", "date", "Day", nullable=False),
    ),
    key=("a",),
    partition_by=("day",),
)
NEW = replace(
    OLD,
    columns=(
        OLD.columns[0],
        Column("tags", "array<string>", "It's new", nullable=False),
        replace(OLD.columns[1], nullable=True),
        Column("name", "string", "New as well", personal=True),
        OLD.columns[2],
    ),
)
FIRST, SECOND = "day = DATE'2025-01-01'", "day = DATE'2025-01-02'"


@pytest.mark.long
@pytest.mark.nightly
def test_a_table_gains_columns_and_loses_a_not_null(spark: SparkSession, tmp_path: Path) -> None:
    lake = str(tmp_path)
    replace_where(spark.sql("SELECT 1L a, true is_b, DATE'2025-01-01' day"), lake, OLD, FIRST, {"n": 1})
    made = newest_version(lake, OLD.path)
    assert [tuple(row) for row in read_table(spark, lake, NEW).select("a", "tags", "is_b", "name").collect()] == [
        (1, None, True, None)
    ]
    fresh = spark.sql("SELECT 2L a, array('x') tags, CAST(NULL AS boolean) is_b, 'N' name, DATE'2025-01-02' day")
    replace_where(fresh, lake, NEW, SECOND, {"n": 2})
    rows = read_table(spark, lake, NEW).orderBy("a").select("a", "tags", "is_b", "name").collect()
    assert [tuple(row) for row in rows] == [(1, None, True, None), (2, ["x"], None, "N")]
    assert read_version(spark, lake, NEW, made).columns == NEW.column_names  # as it was before it was extended
    assert newest_state(lake, NEW.path)["n"] == 2
    (file,) = Path(lake, OLD.path, "day=2025-01-01").glob("*.parquet")
    file.with_name(f".{file.name}.crc").unlink()
    kept = file.read_bytes()
    file.write_bytes(b"torn")
    with pytest.raises(Exception, match=r"parquet") as torn:  # a read that fails says nothing of the version
        read_version(spark, lake, OLD, made)
    assert not isinstance(torn.value, VersionGone)
    file.unlink()
    with pytest.raises(VersionGone):
        read_version(spark, lake, OLD, made)
    file.write_bytes(kept)

    standing = newest_version(lake, NEW.path)
    replace_where(fresh, lake, NEW, SECOND, {"n": 3})
    note_state(spark, lake, NEW, {"n": 4})
    assert newest_version(lake, NEW.path) == standing + 2  # extended once, and never looked at again

    other = replace(NEW, columns=(replace(NEW.columns[0], type="string"), *NEW.columns[1:]))
    with pytest.raises(errors.LakeUnfit, match=r"stg\.t\.a is bigint in the lake, and string"):
        replace_where(fresh, lake, other, SECOND, {"n": 5})


def test_a_table_without_a_state_is_brought_to_its_declaration_once_though_no_row_is_written(
    spark: SparkSession, tmp_path: Path
) -> None:
    nothing = spark.createDataFrame([], OLD.struct)
    replace_where(nothing, str(tmp_path), OLD, FIRST, None)
    standing = newest_version(str(tmp_path), OLD.path)
    replace_where(nothing, str(tmp_path), OLD, FIRST, None)
    assert newest_version(str(tmp_path), OLD.path) == standing + 1  # a commit that names no row, and no ALTER


def test_a_table_whose_column_somebody_renamed_is_refused_and_not_read_as_null(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = str(tmp_path)
    replace_where(spark.sql("SELECT 1L a, true is_b, DATE'2025-01-01' day"), lake, OLD, FIRST, {"n": 1})
    uri = f"{lake}/{OLD.path}"
    mapped = "'delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5'"
    spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ({mapped})")
    spark.sql(f"ALTER TABLE delta.`{uri}` RENAME COLUMN a TO b")
    assert read_table(spark, lake, OLD).select("a").first() == (None,)  # what reading it would come to
    with pytest.raises(errors.LakeUnfit, match=r"stg\.t has the Delta feature columnMapping.*DROP FEATURE"):
        lake_at(lake).check_features([OLD])


@pytest.mark.long
@pytest.mark.nightly
def test_deletion_vectors_are_read_right_and_refused_until_they_are_purged(spark: SparkSession, tmp_path: Path) -> None:
    lake = str(tmp_path)
    rows = spark.sql("SELECT explode(array(1L, 2L)) a, true is_b, DATE'2025-01-01' day").coalesce(1)
    replace_where(rows, lake, OLD, FIRST, {"n": 1})
    uri = f"{lake}/{OLD.path}"
    spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    spark.sql(f"DELETE FROM delta.`{uri}` WHERE a = 2")
    with having_set(spark, {"spark.databricks.delta.stats.skipping": "true"}):  # else Delta refuses to read vectors
        assert [row.a for row in read_table(spark, lake, OLD).collect()] == [
            1
        ]  # Spark knows them; the row is in its file
    with pytest.raises(errors.LakeUnfit, match="deletionVectors") as refused:
        lake_at(lake).check_features([OLD])
    for statement in ("SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')", "APPLY (PURGE)"):
        assert statement in refused.value.remedy
    spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')")
    with pytest.raises(errors.LakeUnfit, match="deletionVectors"):
        lake_at(lake).check_features([OLD])
    spark.sql(f"REORG TABLE delta.`{uri}` APPLY (PURGE)").collect()
    lake_at(lake).check_features([OLD])


@pytest.mark.long
@pytest.mark.nightly
def test_a_table_that_an_older_version_made_with_deletion_vectors_is_refused_when_it_is_extended(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = str(tmp_path)
    with having_set(spark, {"spark.databricks.delta.properties.defaults.enableDeletionVectors": "true"}):
        made = spark.sql("SELECT 1L a, true is_b, DATE'2025-01-01' day")
        made.write.format("delta").partitionBy("day").save(f"{lake}/{OLD.path}")
    with pytest.raises(errors.LakeUnfit, match=r"stg\.t has the Delta feature deletionVectors"):
        replace_where(made, lake, OLD, FIRST, {"n": 1})
