"""Spark 4.1, ANSI on, gives the content that Spark 3.5 gives; so does another number of shuffle partitions.

Each is a process or a session of its own. The suite's own tests on Spark 4.1 are `make test-spark4`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from oracle.cases import merge, random_worlds
from oracle.world import build
from support.cycle.place import FIRST, LAST, SAMPLES, Place
from support.lake.content import content, noted_by_date
from support.orders.hash_histories import Hashes, hashes_of, write_inputs
from support.orders.histories import complete_days, landed_lines, staged_snapshots
from support.warehouse.postgres import Cluster, postgres

pytestmark = pytest.mark.long

__all__ = ["postgres"]  # a fixture: found by its name

ROOT = SAMPLES.parent
BIN = ROOT / ".venv-spark4" / "bin"
PROPERTIES = ROOT / ".local" / "spark4" / "spark.conf"
HISTORIES = 20
SEED = 28  # its calendar holds a year's end, a leap day, missing dates and dates that never landed
needs_spark_4 = pytest.mark.skipif(not PROPERTIES.is_file(), reason="Spark 4 is not set up: make spark4")


def run(*command: str | Path, **environ: str) -> str:
    """What a process of the other environment prints; no setting of this session's Spark reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_"))}
    done = subprocess.run(command, env=kept | environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def on_spark_4(tmp_path_factory: pytest.TempPathFactory, sample_place: Place) -> tuple[Place, dict[str, str]]:
    """The sample cycle run on Spark 4 from the same landing, and the environment that it ran in."""
    folder = tmp_path_factory.mktemp("spark4")
    place = Place(folder, sample_place.api_url)
    shutil.copytree(sample_place.folder / "landing", folder / "landing")  # records name their part and when it came
    properties = folder / "spark.conf"
    properties.write_text(PROPERTIES.read_text("utf-8") + "\nspark.sql.shuffle.partitions 1\n", encoding="utf-8")
    environ = place.environ | {"COMPANY_ACTIVITY__SPARK__PROPERTIES": str(properties)}
    run(BIN / "company-activity", "run", "--from", FIRST, "--to", LAST, **environ)
    return place, environ


@needs_spark_4
def test_spark_4_builds_the_same_content(on_spark_4: tuple[Place, dict[str, str]], sample_place: Place) -> None:
    assert noted_by_date(on_spark_4[0].settings.lake.root) == noted_by_date(sample_place.settings.lake.root)


@needs_spark_4
def test_spark_3_reads_what_spark_4_wrote(
    spark: SparkSession, on_spark_4: tuple[Place, dict[str, str]], sample_place: Place
) -> None:
    by_spark_4, by_spark_3 = on_spark_4[0].settings.lake.root, sample_place.settings.lake.root
    assert content(spark, by_spark_4) == content(spark, by_spark_3)


@needs_spark_4
def test_spark_4_publishes_to_postgres_what_spark_3_built(
    spark: SparkSession, on_spark_4: tuple[Place, dict[str, str]], sample_place: Place, postgres: Cluster
) -> None:
    url = postgres.new_database()
    warehouse = {"COMPANY_ACTIVITY__SQL__URL": url, "COMPANY_ACTIVITY__SQL__USER": "postgres"}
    run(BIN / "company-activity", "publish", "--from", FIRST, "--to", LAST, **on_spark_4[1] | warehouse)
    figures = ["count(*)", "sum(active_users)", "sum(events)", "count(usage_density)", "max(activity_date)"]
    served = postgres.sql(f"SELECT {', '.join(figures)} FROM analytics.company_activity_daily", url.rsplit("/", 1)[-1])
    (lake,) = sample_place.table(spark, COMPANY_ACTIVITY_DAILY).selectExpr(*figures).collect()
    assert served.split("|") == [str(figure) for figure in lake]


@contextmanager
def shuffle_partitions(spark: SparkSession, number: int) -> Iterator[None]:
    before = str(spark.conf.get("spark.sql.shuffle.partitions"))
    spark.conf.set("spark.sql.shuffle.partitions", str(number))
    yield
    spark.catalog.clearCache()  # a cached plan keeps the partitions it was made with
    spark.conf.set("spark.sql.shuffle.partitions", before)


@pytest.fixture(scope="module")
def histories(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 random histories, written for any Spark to read."""
    folder = tmp_path_factory.mktemp("histories")
    history = merge(random_worlds(SEED, HISTORIES))
    complete = [day.date for day in complete_days(history)]
    write_inputs(folder, landed_lines(spark, history), staged_snapshots(spark, build(*history)), complete)
    return folder


@pytest.fixture(scope="module")
def by_one_partition(spark: SparkSession, histories: Path) -> Hashes:
    with shuffle_partitions(spark, 1):
        return hashes_of(spark, histories)


def test_both_formulations_have_one_hash_a_date(histories: Path, by_one_partition: Hashes) -> None:
    complete = json.loads((histories / "complete.json").read_text(encoding="utf-8"))
    assert sorted(by_one_partition["windows"]) == complete
    assert by_one_partition["windows"] == by_one_partition["slices"]


@pytest.mark.nightly
def test_seven_shuffle_partitions_give_the_hashes_of_one(
    spark: SparkSession, histories: Path, by_one_partition: Hashes
) -> None:
    with shuffle_partitions(spark, 7):
        assert hashes_of(spark, histories) == by_one_partition


@pytest.mark.nightly
@needs_spark_4
def test_spark_4_gives_random_histories_the_same_hashes(histories: Path, by_one_partition: Hashes) -> None:
    command = (BIN / "python", "-m", "support.orders.hash_histories", PROPERTIES, histories)
    told = json.loads(run(*command, PYTHONPATH=str(ROOT / "tests")).splitlines()[-1])
    assert (told.pop("version"), told.pop("ansi")) == ("4.1.1", "true")
    assert told == by_one_partition
