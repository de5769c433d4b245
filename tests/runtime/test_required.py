"""A session that has the opposite of what results depend on: what it would do to us, and that it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.io.lake.delta import Lake
from company_activity.runtime.required import REQUIRED, require
from company_activity.schemas import Column, Table

from support.lake.content import replace_where
from support.spark.settings import OPPOSITE, POOL_DEFAULTS, having_set

MICROS = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 + 123_456
OLD = (
    int(datetime(1899, 12, 31, 19, tzinfo=UTC).timestamp()) * 1_000_000
)  # 1900-01-01T00:00+05:00, which a CRM may have
TIMES = Table(
    "stg.times",
    (Column("at", "timestamp", "It's \\ an instant"), Column("day", "date", "Day", nullable=False)),
    key=("day",),
    partition_by=("day",),
)
PATTERN = "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"


@pytest.fixture
def opposite(spark: SparkSession) -> Iterator[SparkSession]:
    with having_set(spark, OPPOSITE | POOL_DEFAULTS):
        yield spark


def times(spark: SparkSession, *micros: int) -> DataFrame:
    """One row a day from 2025-01-01 on."""
    rows = [(at, date(2025, 1, number)) for number, at in enumerate(micros, start=1)]
    return spark.createDataFrame(rows, "micros bigint, day date").select(
        F.timestamp_micros("micros").alias("at"), "day"
    )


def actions(lake: Path, table: Table, kind: str) -> list[dict[str, Any]]:
    lines = [
        line for file in sorted(lake.glob(f"{table.path}/_delta_log/*.json")) for line in file.read_text().splitlines()
    ]
    return [json.loads(line)[kind] for line in lines if line.startswith(f'{{"{kind}"')]


def test_every_setting_is_brought_to_ours_from_its_opposite(opposite: SparkSession) -> None:
    assert OPPOSITE.keys() == REQUIRED.keys()
    assert all(opposite.conf.get(name) != wanted for name, wanted in REQUIRED.items())
    assert require(opposite) == []
    assert {name: opposite.conf.get(name) for name in REQUIRED} == REQUIRED


def test_a_table_is_made_and_written_as_on_a_session_of_ours(opposite: SparkSession, tmp_path: Path) -> None:
    require(opposite)
    replace_where(times(opposite, MICROS, OLD), str(tmp_path), TIMES, None, {"n": 1})
    (protocol,) = actions(tmp_path, TIMES, "protocol")
    assert protocol["minReaderVersion"] == 1  # no vectors, no mapping, no TIMESTAMP_NTZ
    (metadata,) = actions(tmp_path, TIMES, "metaData")
    fields = {field["name"]: field for field in json.loads(metadata["schemaString"])["fields"]}
    assert fields["at"] == {
        "name": "at",
        "type": "timestamp",
        "nullable": True,
        "metadata": {"comment": "It's \\ an instant"},
    }
    assert not fields["day"]["nullable"]
    files = actions(tmp_path, TIMES, "add")
    assert len(files) == 2
    assert all('"minValues"' in file["stats"] for file in files)
    rows = Lake(str(tmp_path), lambda: opposite).read(TIMES).orderBy("day")
    assert [row[0] for row in rows.select(F.unix_micros("at")).collect()] == [MICROS, OLD]
    assert rows.select(F.date_format("at", PATTERN)).first()[0] == "2025-01-01T00:00:00.123456Z"  # type: ignore[index]

    replace_where(times(opposite, MICROS), str(tmp_path), TIMES, None, {"n": 2})
    assert (
        Lake(str(tmp_path), lambda: opposite).read(TIMES).count() == 1
    )  # all was replaced, not the partitions that came
    elsewhere = times(opposite, MICROS)
    with pytest.raises(Exception, match="2025-01-02|REPLACE_WHERE"):
        replace_where(elsewhere, str(tmp_path), TIMES, "day = DATE'2025-01-02'", {"n": 3})


def test_a_file_that_is_gone_is_an_error_and_not_fewer_rows(opposite: SparkSession, tmp_path: Path) -> None:
    require(opposite)
    replace_where(times(opposite, MICROS, MICROS), str(tmp_path), TIMES, None, {"n": 1})
    next(tmp_path.glob(f"{TIMES.path}/day=2025-01-01/*.parquet")).unlink()
    lake = Lake(str(tmp_path), lambda: opposite)
    with having_set(opposite, {"spark.sql.files.ignoreMissingFiles": "true"}):
        assert len(lake.read(TIMES).collect()) == 1  # what the opposite makes of it
    with pytest.raises(Exception, match="does not exist|FILE_NOT_EXIST"):
        lake.read(TIMES).collect()


def formatted(spark: SparkSession, pattern: str) -> str:
    row = spark.range(1).select(F.date_format(F.timestamp_micros(F.lit(MICROS)), pattern)).first()
    assert row is not None
    return str(row[0])


def test_what_the_opposite_would_have_told_us(spark: SparkSession) -> None:
    with having_set(spark, OPPOSITE):
        assert formatted(spark, PATTERN) == "2025-01-01T09:00:00.000123+09:00"
        assert spark.createDataFrame([], "at timestamp").schema.simpleString() == "struct<at:timestamp_ntz>"
        require(spark)
        assert formatted(spark, PATTERN) == "2025-01-01T00:00:00.123456Z"
        assert spark.createDataFrame([], "at timestamp").schema.simpleString() == "struct<at:timestamp>"


def test_a_setting_that_cannot_be_set_is_told_with_its_value_and_one_that_is_not_shown_is_passed_over() -> None:
    class Fixed:
        def __init__(self, **shown: str) -> None:
            self.conf = self
            self.shown = {name.replace("__", "."): value for name, value in shown.items()}

        def set(self, name: str, value: str) -> None:
            raise RuntimeError("[CONFIG_NOT_AVAILABLE]")

        def get(self, name: str, default: None) -> str:
            return self.shown[name]

    assert require(Fixed()) == []  # type: ignore[arg-type]
    assert require(Fixed(spark__sql__caseSensitive="FALSE")) == []  # type: ignore[arg-type]
    assert require(Fixed(spark__sql__session__timeZone="Asia/Tokyo")) == [  # type: ignore[arg-type]
        "spark.sql.session.timeZone is Asia/Tokyo here and cannot be set to UTC"
    ]
