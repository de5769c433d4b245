"""What differs between two versions, read from the files that only one of them has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.io.lake import changed_files as module
from company_activity.io.lake.changed_files import ChangedFiles, files_changed_by, read_changed
from company_activity.io.lake.delta import VersionGone, reading_versions
from company_activity.io.lake.delta_log import open_log
from company_activity.io.warehouse.ledger import Fence
from company_activity.io.warehouse.pinned import PinnedTable
from company_activity.io.warehouse.served import DIMENSION
from company_activity.schemas import COMPANIES

from support.spark.delta_table import delta_table, log_entry
from support.warehouse.tables import companies

Damage = Callable[[Path], Any]


def commit(**actions: dict[str, Any]) -> str:
    return "\n".join(json.dumps({kind: {"path": "part-1", **file}}) for kind, file in actions.items())


def test_a_file_that_came_and_went_is_in_neither_version() -> None:
    commits = [commit(add={}), commit(remove={}, add={"path": "part-2"}), commit(remove={"path": "part-0"})]
    assert files_changed_by(commits) == ChangedFiles(removed=("part-0",), added=("part-2",))


@pytest.mark.parametrize(
    "file",
    [
        {"dataChange": False},
        {"deletionVector": {"storageType": "u"}},
        {"partitionValues": {"date": "2025-03-31"}},
        {"path": "abfss://other@a.dfs.core.windows.net/part-1"},
        {"path": "/other/part-1"},
    ],
    ids=lambda file: next(iter(file)),
)
def test_where_a_file_is_not_a_plain_one_the_versions_are_compared_whole(file: dict[str, Any]) -> None:
    assert files_changed_by([commit(add={"dataChange": True})]) is not None
    assert files_changed_by([commit(add=file)]) is None


@pytest.fixture
def versions(spark: SparkSession, tmp_path: Path) -> tuple[Path, Path]:
    """A table of three versions, of which the middle one is passed over; the file of the first."""
    names = [{"a": "Ann", "b": "Bob"}, {"z": "Zoe"}, {"a": "Anna"}]
    folder = tmp_path / COMPANIES.path
    return folder, delta_table(folder, [companies(spark, one) for one in names])[0]


def changed(spark: SparkSession, folder: Path) -> tuple[DataFrame, DataFrame] | None:
    return read_changed(spark, COMPANIES, str(folder), open_log(str(folder.parents[1]), COMPANIES.path), 0, 2)


def named(rows: DataFrame) -> list[tuple[str, str]]:
    return sorted((row.company_id, row.name) for row in rows.collect())


def test_the_older_rows_and_the_newer_ones_are_those_of_the_files(
    spark: SparkSession, versions: tuple[Path, Path]
) -> None:
    folder, first = versions
    before, after = changed(spark, folder) or pytest.fail("nothing was read")
    assert (named(before), named(after)) == ([("a", "Ann"), ("b", "Bob")], [("a", "Anna")])
    assert before.columns == after.columns == COMPANIES.column_names
    assert dict(before.dtypes)["created_at"] == "timestamp"

    kept = first.read_bytes()
    first.write_bytes(b"torn")
    with pytest.raises(Exception, match="parquet") as torn, reading_versions():  # says nothing of the version
        named(before)
    assert not isinstance(torn.value, VersionGone)
    first.unlink()
    with pytest.raises(VersionGone), reading_versions():
        named(before)  # it went while it was read
    with pytest.raises(VersionGone), reading_versions():
        changed(spark, folder)
    first.write_bytes(kept)

    log = open_log(str(folder.parents[1]), COMPANIES.path)
    pinned = PinnedTable(spark, DIMENSION, str(folder), Fence("table-1", 2), log=log)
    assert [named(rows) for rows in pinned.changed_since(0)] == [named(before), named(after)]
    log_entry(folder, 1).unlink()  # expired
    assert changed(spark, folder) is None


@pytest.mark.parametrize("place", ["/data/lake[2025]", "/data/{a,b}", "/data/lake*", "/data/what?"])
def test_where_spark_would_take_a_path_for_a_pattern_the_versions_are_compared_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Nothing of the files is asked then: the session knows nothing."""
    monkeypatch.setattr(module, "reads_plain_files", lambda spark: True)
    log = tmp_path / COMPANIES.path / "_delta_log"
    log.mkdir(parents=True)
    for version in range(2):
        (log / f"{version:020}.json").write_text(commit(add={"path": f"part-{version}"}), encoding="utf-8")
    session: Any = None
    assert read_changed(session, COMPANIES, place, open_log(str(tmp_path), COMPANIES.path), 0, 1) is None
