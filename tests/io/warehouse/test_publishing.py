"""Publish and validate a lake of real Delta tables, on H2."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.errors import PublishError
from company_activity.io.storage.folder import Folder
from company_activity.io.warehouse.jdbc import SqlError
from company_activity.io.warehouse.mirror import read_mirror
from company_activity.io.warehouse.publishing import PublishReport, publish_scopes
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION, ServedTable
from company_activity.io.warehouse.stage import write_stage
from company_activity.io.warehouse.validation import ValidationReport, validate_scopes
from company_activity.io.warehouse.warehouse import Warehouse, open_warehouse
from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from support.storage.calls import first_arguments
from support.warehouse.lakes import commit_companies, commit_dates
from support.warehouse.tables import DAY, NOW, execute, h2_url, served_rows, settings_for

BEFORE = date(2025, 3, 30)
HASHES = {BEFORE: "h0", DAY: "h1"}
NAMES = {"a": "Ann", "b": "Bob"}


class LakeAndWarehouse:
    """A lake and a warehouse."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.folder, self.settings = spark, folder, settings_for(folder, h2_url(folder))
        self.warehouse = open_warehouse(spark, self.settings)

    def build(self, days: Mapping[date, Mapping[str, int]], hashes: Iterable[date]) -> None:
        """Commit these dates, as building the activity table does."""
        commit_dates(self.spark, self.settings.lake.root, days, hashes)

    def know(self, names: Mapping[str, str | None]) -> None:
        commit_companies(self.spark, self.settings.lake.root, names)

    def publish(self, hashes: Mapping[date, str] = HASHES, **given: Any) -> PublishReport:
        return publish_scopes(
            self.spark, given.pop("settings", self.settings), run_id="run-1", now=NOW, hashes=hashes, **given
        )

    def validate(self, hashes: Mapping[date, str] = HASHES, dates: Iterable[date] | None = None) -> ValidationReport:
        return validate_scopes(self.spark, self.settings, hashes=hashes, dates=hashes if dates is None else dates)


@pytest.fixture(scope="module")
def template(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake and a warehouse that shows it, made once: each test works on a copy."""
    place = LakeAndWarehouse(spark, tmp_path_factory.mktemp("template"))
    place.know(NAMES)
    place.build({BEFORE: {"a": 1}, DAY: {"a": 2, "b": 3}}, HASHES)
    place.publish()
    return place.folder


@pytest.fixture
def place(spark: SparkSession, template: Path, tmp_path: Path) -> LakeAndWarehouse:
    """A lake of which nothing is published."""
    shutil.copytree(template / "lake", tmp_path / "lake", ignore=shutil.ignore_patterns("ops"))
    return LakeAndWarehouse(spark, tmp_path)


@pytest.fixture
def published(spark: SparkSession, template: Path, tmp_path: Path) -> LakeAndWarehouse:
    """A lake that is published."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return LakeAndWarehouse(spark, tmp_path)


def test_what_is_published_is_valid_and_mirrored(place: LakeAndWarehouse) -> None:
    done = place.publish()
    assert str(done.driver).startswith("H2 JDBC Driver 2.")
    assert [(t.table, t.published, t.rows) for t in done.tables] == [
        ("dim.companies", ("all",), 2),
        ("analytics.company_activity_daily", ("2025-03-30", "2025-03-31"), 3),
    ]
    compared = place.validate()
    assert (compared.rows, compared.driver) == (5, done.driver)
    mirrored = read_mirror(place.settings.lake.root, place.settings.sql.url)
    assert {day: content for (_, day), content in mirrored.items() if day} == HASHES


def test_a_repeat_sends_nothing_and_makes_a_lost_mirror_again(published: LakeAndWarehouse) -> None:
    lake, url = published.settings.lake.root, published.settings.sql.url
    shutil.rmtree(Path(lake, "ops/ledger"))
    assert published.publish().rows == 0
    assert {day: content for (_, day), content in read_mirror(lake, url).items() if day} == HASHES


def test_a_changed_company_and_a_missing_date_are_all_that_is_sent(published: LakeAndWarehouse) -> None:
    published.know({**NAMES, "b": "Bea"})
    published.build({}, [BEFORE])
    report = published.publish({DAY: "h1"})
    assert [(t.published, t.rows) for t in report.tables] == [(("all",), 1), (("2025-03-30",), 0)]
    assert served_rows(published.warehouse, "name", DIMENSION) == [("Ann",), ("Bea",)]
    assert published.validate({DAY: "h1"}, [BEFORE, DAY]).rows == 4


def test_the_versions_that_the_caller_names_are_published(place: LakeAndWarehouse) -> None:
    place.know({**NAMES, "b": "Bea"})
    place.publish(versions={"dim.companies": 1})  # 0 made the table, 1 filled it
    assert served_rows(place.warehouse, "name", DIMENSION) == [("Ann",), ("Bob",)]


def test_a_publish_that_failed_halfway_goes_on_where_it_ended(
    place: LakeAndWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one = replace(place.settings, publish=replace(place.settings.publish, max_dates_per_transaction=1))

    def failing(warehouse: Warehouse, rows: DataFrame, table: ServedTable, stage: str) -> None:
        if table is ACTIVITY and rows.head(1)[0]["activity_date"] == DAY:
            raise SqlError("the network is gone")  # for good: no SQLSTATE says that it passes
        write_stage(warehouse, rows, table, stage)

    monkeypatch.setattr("company_activity.io.warehouse.stage.write_stage", failing)
    with pytest.raises(PublishError, match="publishing at jdbc:h2:file:.*: the network is gone"):
        place.publish(settings=one_by_one)
    monkeypatch.undo()
    assert [table.already for table in place.publish(settings=one_by_one).tables] == [("all",), ("2025-03-30",)]
    assert place.validate().rows == 5


def test_what_is_served_and_is_not_the_lakes_is_named(published: LakeAndWarehouse) -> None:
    table = COMPANY_ACTIVITY_DAILY.name
    execute(
        published.warehouse,
        [
            f"UPDATE {table} SET events = events + 1 WHERE company_id = 'b'",
            f"DELETE FROM {table} WHERE activity_date = CAST('2025-03-30' AS DATE)",
            "DELETE FROM dim.companies WHERE company_id = 'b'",
            "UPDATE etl.publish_ledger SET content_hash = 'x' WHERE scope = '2025-03-30'",
        ],
    )
    with pytest.raises(PublishError) as refused:
        published.validate()
    assert refused.value.exit_code == 5
    assert refused.value.what.split("; ") == [
        f"{table} 2025-03-30: 0 rows, sum 0, sum 0 in SQL, 1 rows, sum 1, sum 10 in the lake",
        f"{table} 2025-03-31: 2 rows, sum 5, sum 51 in SQL, 2 rows, sum 5, sum 50 in the lake",
        f"{table} 2025-03-30: content x in SQL, h0 in the lake",
        "dim.companies all: 1 rows in SQL, 2 rows in the lake",
    ]


def test_what_somebody_else_changed_is_sent_again_when_its_date_is_asked_for(published: LakeAndWarehouse) -> None:
    table = COMPANY_ACTIVITY_DAILY.name
    spoil = [
        f"UPDATE {table} SET events = events + 1 WHERE company_id = 'b'",
        f"DELETE FROM {table} WHERE activity_date = CAST('2025-03-30' AS DATE)",
        "DELETE FROM dim.companies WHERE company_id = 'b'",
    ]
    execute(published.warehouse, spoil)
    assert published.publish().rows == 0  # a run trusts the ledger
    report = published.publish(repair=[DAY])
    assert [(t.published, t.rows) for t in report.tables] == [(("all",), 2), (("2025-03-31",), 2)]
    assert report.warnings == (
        "dim.companies all: changed in SQL by somebody else, sent again",
        f"{table} 2025-03-31: changed in SQL by somebody else, sent again",
    )
    assert published.publish(repair=[BEFORE, DAY]).tables[1].published == ("2025-03-30",)
    assert published.validate().rows == 5
    again = published.publish(repair=[BEFORE, DAY])
    assert (again.rows, again.warnings) == (0, ())


@pytest.mark.long
def test_a_rebuilt_lake_takes_over_on_this_machine_with_a_warning(
    spark: SparkSession, published: LakeAndWarehouse, tmp_path: Path
) -> None:
    rebuilt = LakeAndWarehouse(spark, tmp_path)
    rebuilt.settings = replace(rebuilt.settings, lake=replace(rebuilt.settings.lake, root=str(tmp_path / "rebuilt")))
    rebuilt.know({"z": "Zoe"})
    rebuilt.build({DAY: {"z": 9}}, [DAY])
    assert len(rebuilt.publish({DAY: "h9"}).warnings) == 2
    assert served_rows(published.warehouse, "company_id, active_users") == [("z", "9")]


@pytest.mark.long
def test_a_rebuilt_lake_that_takes_more_dates_than_it_brings_is_not_adopted_unasked(
    spark: SparkSession, published: LakeAndWarehouse, tmp_path: Path
) -> None:
    shown = "company_id, active_users"
    before = served_rows(published.warehouse, shown), served_rows(published.warehouse, "name", DIMENSION)
    emptied = LakeAndWarehouse(spark, tmp_path)
    emptied.settings = replace(emptied.settings, lake=replace(emptied.settings.lake, root=str(tmp_path / "emptied")))
    emptied.know({"z": "Zoe"})
    emptied.build({}, [DAY])
    with pytest.raises(PublishError, match="would delete 2 dates and has 0") as refused:
        emptied.publish({})
    assert "publish --date D --adopt-lake" in refused.value.remedy
    after = served_rows(published.warehouse, shown), served_rows(published.warehouse, "name", DIMENSION)
    assert after == before
    assert len(emptied.publish({}, adopt_lake=True).warnings) == 2


def test_three_years_of_published_dates_are_mirrored_and_read_as_one_file(
    published: LakeAndWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = "table_name, seq, scope, publish_id, content_hash, row_count, run_id, lake_id, lake_version, published_at"
    of_gone = (
        "'analytics.company_activity_daily', 100 + x, CAST(DATEADD(DAY, x, DATE '2020-01-01') AS VARCHAR(10)), 'p'"
    )
    rest = "'missing', 0, 'run-0', 'lake', 1, CURRENT_TIMESTAMP FROM SYSTEM_RANGE(1, 1095)"
    execute(published.warehouse, [f"INSERT INTO etl.publish_ledger ({columns}) SELECT {of_gone}, {rest}"])
    published.publish(adopt_lake=True)
    opened = first_arguments(monkeypatch, Folder, "read")
    mirrored = read_mirror(published.settings.lake.root, published.settings.sql.url)
    assert (len(mirrored), len(opened)) == (1095 + 3, 1)


@pytest.mark.long
def test_after_a_restored_database_the_mirror_says_what_is_published_then(published: LakeAndWarehouse) -> None:
    kept = ("etl.publish_ledger", COMPANY_ACTIVITY_DAILY.name)
    execute(published.warehouse, [f"CREATE TABLE etl.backup_{n} AS SELECT * FROM {t}" for n, t in enumerate(kept)])
    for users, content in ((5, "h2"), (6, "h3")):
        published.build({DAY: {"a": users}}, [DAY])
        published.publish({BEFORE: "h0", DAY: content})
    restored = [
        text
        for n, t in enumerate(kept)
        for text in (f"DELETE FROM {t}", f"INSERT INTO {t} SELECT * FROM etl.backup_{n}")
    ]
    execute(published.warehouse, restored)
    published.build({DAY: {"a": 7}}, [DAY])
    report = published.publish({BEFORE: "h0", DAY: "h4"})
    assert report.tables[1].published == ("2025-03-31",)
    mirrored = read_mirror(published.settings.lake.root, published.settings.sql.url)
    assert {day: content for (_, day), content in mirrored.items() if day} == {BEFORE: "h0", DAY: "h4"}
    told = (
        "analytics.company_activity_daily: the database was set back to an earlier state; what it lacks is sent again"
    )
    assert report.warnings == (told,)


def test_another_database_at_the_same_address_is_told_of_and_filled(published: LakeAndWarehouse) -> None:
    published.publish()  # its copy of the ledger is of another address
    for file in published.folder.glob("warehouse*"):
        file.unlink()
    report = published.publish()
    assert report.warnings == ("another database answers at this address than the one that was published to before",)
    assert published.validate().rows == 5


def test_a_publish_that_is_killed_leaves_no_mirror_to_trust(
    published: LakeAndWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    published.build({DAY: {"a": 5}}, [DAY])
    monkeypatch.setattr("company_activity.io.warehouse.publishing.mirror", killed)
    with pytest.raises(KeyboardInterrupt):
        published.publish({BEFORE: "h0", DAY: "h2"})
    assert read_mirror(published.settings.lake.root, published.settings.sql.url) == {}


def test_a_lake_without_the_table_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="the lake has no dim.companies"):
        LakeAndWarehouse(spark, tmp_path).publish()
