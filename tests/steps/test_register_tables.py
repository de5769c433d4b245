"""`lake.catalog`: a run registers its tables by name, and the next one has nothing to do."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.runtime.local import resolved_jars, write_properties
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, TABLES

from support.cycle.place import LAST, Place
from support.processes.command import run_command

STEP = ("run", "--date", LAST, "--steps", "register_tables")
IN_THE_SESSION = {"COMPANY_ACTIVITY__LAKE__CATALOG": "spark_catalog"}
ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "conf" / "spark" / "local.conf"
COMMAND = Path(sys.executable).with_name("company-activity")
COUNT = f"""
from pyspark.sql import SparkSession
session = SparkSession.builder.getOrCreate()
print(session.table("{COMPANY_ACTIVITY_DAILY.name}").count())
"""


def newest_steps(place: Place) -> list[dict[str, object]]:
    """What the newest run says of its steps."""
    newest = max((place.folder / "lake/ops/runs").glob("*.json"))
    steps: list[dict[str, object]] = json.loads(newest.read_text("utf-8"))["steps"]
    return steps


def test_every_table_is_found_by_its_name(spark: SparkSession, sample_place: Place, tmp_path: Path) -> None:
    with sample_place.copied(tmp_path / "place", tmp_path / "api") as place:
        assert place.run(*STEP) == 0
        assert newest_steps(place) == []  # by path alone: there is no such step
        try:
            assert place.run(*STEP, **IN_THE_SESSION) == 0
            assert [table.name for table in TABLES if not spark.catalog.tableExists(table.name)] == []
            by_name = spark.table(COMPANY_ACTIVITY_DAILY.name).count()
            assert by_name == place.table(spark, COMPANY_ACTIVITY_DAILY).count()
        finally:
            for schema in sorted({table.name.split(".")[0] for table in TABLES}):
                spark.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")  # the names alone: the tables are external
        (step,) = newest_steps(place)
        assert (step["outcome"], step["counts"]) == ("done", {"tables": len(TABLES)})
        assert step["warnings"] == ["this session's catalog is in memory: the names end with it"]
        assert not (place.folder / "lake" / "ops" / "names").exists()  # so nothing is remembered

        on = ("run", "--date", LAST, "--steps", "build_activity,register_tables,publish")
        assert place.run(*on, COMPANY_ACTIVITY__LAKE__CATALOG="no-such") == 2
        assert [step["outcome"] for step in newest_steps(place)] == ["nothing", "failed", "nothing"]  # the rest goes on


@pytest.mark.long
@pytest.mark.nightly
@pytest.mark.integration
def test_a_metastore_keeps_the_names_and_a_second_run_starts_no_spark(
    spark: SparkSession, sample_place: Place, tmp_path: Path
) -> None:
    with sample_place.copied(tmp_path / "place", tmp_path / "api") as place:
        properties = with_metastore(tmp_path)
        in_the_lake = place.table(spark, COMPANY_ACTIVITY_DAILY).count()
        chosen = place.environ | IN_THE_SESSION | {"COMPANY_ACTIVITY__SPARK__PROPERTIES": str(properties)}
        run_command(COMMAND, *STEP, **chosen)
        assert len(list((place.folder / "lake/ops/names/spark_catalog").glob("*.json"))) == len(TABLES)

        run_command(COMMAND, *STEP, **chosen, SPARK_HOME="/here is no Spark")
        assert [step["outcome"] for step in newest_steps(place)] == ["nothing"]

        counted = run_command(
            sys.executable, "-c", COUNT, PYSPARK_SUBMIT_ARGS=f'--properties-file "{properties}" pyspark-shell'
        )
        assert int(counted.splitlines()[-1]) == in_the_lake


def with_metastore(folder: Path) -> Path:
    """This machine's properties, with a Hive metastore in a Derby database of its own."""
    added = {
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder}/metastore;create=true",
    }
    lines = [f"{key} {value}" for key, value in added.items()]
    target = folder / "spark.conf"
    write_properties(target, TEMPLATE, resolved_jars())
    target.write_text("\n".join([target.read_text("utf-8"), *lines]) + "\n", encoding="utf-8")
    return target
