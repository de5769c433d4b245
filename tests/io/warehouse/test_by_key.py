"""Of the dimension, only what changed is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from company_activity.errors import PublishError
from company_activity.io.warehouse.batch import PublishBatch, TablePublished
from company_activity.io.warehouse.by_key import publish_keys
from company_activity.io.warehouse.ledger import Fence, LedgerRow
from company_activity.io.warehouse.pinned import PinnedTable
from company_activity.io.warehouse.publisher import Publisher
from company_activity.io.warehouse.served import DIMENSION
from company_activity.io.warehouse.sources import Source
from company_activity.io.warehouse.warehouse import Warehouse

from support.spark.delta_table import delta_table, emptied_into_a_folder
from support.warehouse.tables import companies, execute, ledger_rows, pinned, publisher_of, served_rows

Lake = Callable[..., PinnedTable]
Publish = Callable[..., TablePublished]
Loss = Callable[[Path], None]  # what happens to the file of a version

# What only Spark and the ledger decide is the same on every engine.
on_h2 = pytest.mark.parametrize("settings", ["h2"], indirect=True)
FIRST = {"a": "Ann", "b": "Bob", "c": None}


@pytest.fixture
def lake(spark: SparkSession) -> Lake:
    """The dimension at a version, which can look back at the earlier ones."""
    frames = {}

    def lake(version: int, names: Mapping[str, str | None], *, lake_id: str = "lake-1") -> PinnedTable:
        frames[version] = companies(spark, names)
        table = pinned(spark, DIMENSION, frames[version], version, lake_id)
        vars(table)["at"] = lambda version: frames[version].select(*DIMENSION.column_names)
        return table

    return lake


@pytest.fixture
def publish(lake: Lake, warehouse: Warehouse, tmp_path: Path) -> Publish:
    return lambda version, names, run_id="run-1", **given: publish_keys(
        publisher_of(warehouse, tmp_path, run_id), lake(version, names, **given)
    )


@on_h2
def test_everything_is_sent_at_first(publish: Publish, warehouse: Warehouse) -> None:
    report = publish(4, FIRST)
    assert (report.published, report.rows) == (("all",), 3)
    assert served_rows(warehouse, "company_id, name", DIMENSION) == [("a", "Ann"), ("b", "Bob"), ("c", None)]
    assert ledger_rows(warehouse) == [("all", "lake-1@4", "3")]


def test_then_what_is_new_other_or_gone(publish: Publish, warehouse: Warehouse) -> None:
    publish(4, FIRST)
    report = publish(6, {"a": "Ann", "c": "Cyd", "d": "Dan"})
    assert report.rows == 3
    assert served_rows(warehouse, "company_id, name", DIMENSION) == [("a", "Ann"), ("c", "Cyd"), ("d", "Dan")]
    assert ledger_rows(warehouse)[-1] == ("all", "lake-1@6", "3")


@on_h2
def test_the_same_version_again_sends_nothing(publish: Publish, warehouse: Warehouse) -> None:
    publish(4, FIRST)
    report = publish(4, FIRST, "run-2")
    assert (report.published, report.already, report.rows) == ((), ("all",), 0)
    assert len(ledger_rows(warehouse)) == 1


@on_h2
def test_a_version_that_changed_no_row_moves_the_ledger_alone(publish: Publish, warehouse: Warehouse) -> None:
    publish(4, FIRST)
    report = publish(5, FIRST)
    assert (report.published, report.rows) == (("all",), 0)
    assert ledger_rows(warehouse)[-1] == ("all", "lake-1@5", "3")


@pytest.fixture
def publish_delta(spark: SparkSession, warehouse: Warehouse, tmp_path: Path) -> Callable[[Loss], TablePublished]:
    """Publish version 0 of a Delta table, let something happen to that version's file, publish version 1."""

    def publish(happening: Loss) -> TablePublished:
        path = tmp_path / "dim"
        (first, _) = delta_table(path, [companies(spark, FIRST), companies(spark, {**FIRST, "c": "Cyd"})])
        versions = [PinnedTable(spark, DIMENSION, str(path), Fence("lake-1", version)) for version in (0, 1)]
        publish_keys(publisher_of(warehouse, tmp_path), versions[0])
        happening(first)
        return publish_keys(publisher_of(warehouse, tmp_path, "run-2"), versions[1])

    return publish


@on_h2
def test_everything_is_sent_where_the_old_version_is_gone(
    publish_delta: Callable[[Loss], TablePublished], warehouse: Warehouse
) -> None:
    assert publish_delta(lambda file: file.unlink()).rows == 3
    assert served_rows(warehouse, "company_id, name", DIMENSION) == [("a", "Ann"), ("b", "Bob"), ("c", "Cyd")]


@on_h2
def test_an_old_version_that_cannot_be_read_is_not_one_that_is_gone(
    publish_delta: Callable[[Loss], TablePublished], warehouse: Warehouse
) -> None:
    with pytest.raises(Py4JJavaError, match="Is a directory"):
        publish_delta(emptied_into_a_folder)
    assert ledger_rows(warehouse) == [("all", "lake-1@0", "3")]


@on_h2
def test_everything_is_sent_from_another_lake(
    publish: Publish, lake: Lake, warehouse: Warehouse, tmp_path: Path
) -> None:
    publish(4, FIRST)
    publisher = publisher_of(warehouse, tmp_path, adopt_lake=True)
    assert publish_keys(publisher, lake(0, {"z": "Zoe"}, lake_id="lake-2")).rows == 1
    assert served_rows(warehouse, "company_id", DIMENSION) == [("z",)]


@on_h2
def test_a_table_that_someone_else_changed_is_refused_and_left_alone(publish: Publish, warehouse: Warehouse) -> None:
    publish(4, FIRST)
    execute(warehouse, ["DELETE FROM dim.companies WHERE company_id = 'b'"])
    with pytest.raises(PublishError, match="dim.companies all after its insert: 2 rows in SQL, 3 rows in the lake"):
        publish(5, {**FIRST, "a": "Anna"})
    assert served_rows(warehouse, "company_id, name", DIMENSION) == [("a", "Ann"), ("c", None)]


@on_h2
def test_changed_rows_are_found_again_if_another_run_published_meanwhile(
    publish: Publish, lake: Lake, warehouse: Warehouse, tmp_path: Path
) -> None:
    publish(4, FIRST)

    class Late(Publisher):
        """Another run publishes version 5 just before this one's transaction."""

        def run(self, batch: PublishBatch, source: Source | None) -> list[LedgerRow]:
            if batch.base_seq == 1:
                publish(5, {**FIRST, "a": "five"}, "run-5")
            return super().run(batch, source)

    late = publisher_of(warehouse, tmp_path, "run-6")
    late = Late(late.warehouse, late.files, late.run_id, late.now)
    assert publish_keys(late, lake(6, {**FIRST, "b": "six"})).published == ("all",)
    assert served_rows(warehouse, "company_id, name", DIMENSION) == [("a", "Ann"), ("b", "six"), ("c", None)]
