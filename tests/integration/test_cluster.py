"""The cycle on a real cluster: executors in processes of their own, which see the lake and nothing else of the driver's.

Landing, reports, outbox and the place of the settings are hidden from the workers, as on another machine. Their
time zone is not UTC, their home and working folder are others, and their Python finds the library because it is
installed there, as a wheel is on a pool.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.landing.within_reach import COPIES
from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from support.cycle.place import FIRST, SAMPLES, Place, serving
from support.lake.content import content_by_date, noted_by_date
from support.spark.cluster import Cluster, standalone
from support.warehouse import postgres as database
from support.warehouse.postgres import postgres

pytestmark = pytest.mark.long

__all__ = ["postgres"]  # a fixture: found by its name

WEEKS = str(date.fromisoformat(FIRST) + timedelta(weeks=3, days=-1))
DATES = ("--from", FIRST, "--to", WEEKS)


@dataclass(frozen=True)
class Apart(Place):
    """A place whose lake lies in a folder that executors share with the driver; the rest is the driver's alone."""

    shared: Path
    sql_url: str

    @property
    def environ(self) -> dict[str, str]:
        return super().environ | {
            "COMPANY_ACTIVITY__LAKE__ROOT": str(self.shared / "lake"),
            "COMPANY_ACTIVITY__SQL__URL": self.sql_url,
            "COMPANY_ACTIVITY__SQL__USER": "postgres",
        }


@dataclass(frozen=True)
class Driven:
    """The place, the cluster that worked for it, and the properties that a driver starts with."""

    place: Apart
    cluster: Cluster
    properties: Path
    database: str

    def says(self, *arguments: str, **more: str) -> tuple[int, str]:
        """A command in a process of its own, from a folder of its own; its exit code, and all that it said."""
        own = {name: text for name, text in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_"))}
        environ: Mapping[str, str] = (
            own | self.place.environ | {"COMPANY_ACTIVITY__SPARK__PROPERTIES": str(self.properties)}
        )
        command = [str(Path(sys.executable).with_name("company-activity")), *arguments]
        ran = subprocess.run(
            command, cwd=self.place.folder, env={**environ, **more}, capture_output=True, text=True, check=False
        )
        return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory, postgres: database.Cluster) -> Iterator[Driven]:
    """A cluster of two workers, and a place of which nothing has been run yet."""
    folder = tmp_path_factory.mktemp("cluster")
    alone, shared = folder / "driver", folder / "shared"
    alone.mkdir()
    shared.mkdir()
    url = postgres.new_database()
    with serving(alone, SAMPLES / "usage") as served, standalone(folder / "spark", 2, [alone]) as cluster:
        place = Apart(alone, served.api_url, shared, url)
        place.drop_crm(*sorted((SAMPLES / "crm").glob("*.csv")))
        yield Driven(place, cluster, cluster.properties(alone / "spark.conf"), url.rpartition("/")[2])


def test_a_cluster_builds_and_publishes_what_one_process_does(
    spark: SparkSession, driven: Driven, postgres: database.Cluster, tmp_path: Path
) -> None:
    code, said = driven.says("run", *DATES)
    assert code == 0, said
    assert min(driven.cluster.said(": Finished task")) > 0  # both workers had a share in it
    assert sum(driven.cluster.said(f"/{COPIES}/")) > 0  # where they read what they could not see landed

    with serving(tmp_path, SAMPLES / "usage") as alone:
        alone.drop_crm(*sorted((SAMPLES / "crm").glob("*.csv")))
        steps = "admit_crm,ingest_usage,stage_usage,stage_crm,build_companies,build_activity"
        assert alone.run("run", *DATES, "--steps", steps) == 0
    lake = driven.place.settings.lake.root
    assert noted_by_date(lake) == noted_by_date(alone.settings.lake.root)
    assert noted_by_date(lake) == content_by_date(spark, lake)

    figures = ["count(*)", "sum(active_users)", "sum(events)", "count(usage_density)", "max(activity_date)"]
    served = postgres.sql(f"SELECT {', '.join(figures)} FROM {COMPANY_ACTIVITY_DAILY.name}", driven.database)
    (built,) = driven.place.table(spark, COMPANY_ACTIVITY_DAILY).selectExpr(*figures).collect()
    assert served.split("|") == [str(figure) for figure in built]


def test_nothing_of_the_landing_stays_in_the_lake(driven: Driven) -> None:
    assert [path for path in Path(driven.place.settings.lake.root, COPIES).rglob("*") if path.is_file()] == []


def test_a_second_run_has_nothing_to_do(driven: Driven) -> None:
    code, said = driven.says("run", *DATES)
    assert (code, "Nothing new was published" in said, "starting Spark" in said) == (0, True, False), said


def test_what_is_served_is_what_the_cluster_reads_back(driven: Driven) -> None:
    code, said = driven.says("validate", *DATES)
    assert code == 0, said


def test_a_database_of_one_process_is_refused_before_anything_is_sent(driven: Driven) -> None:
    h2 = f"jdbc:h2:file:{driven.place.shared}/warehouse;MODE=MSSQLServer;DATABASE_TO_UPPER=FALSE"
    code, said = driven.says("publish", *DATES, COMPANY_ACTIVITY__SQL__URL=h2, COMPANY_ACTIVITY__SQL__USER="sa")
    assert (code, "can be opened by one process alone" in said) == (2, True), said
    assert list(driven.place.shared.glob("warehouse*")) == []
