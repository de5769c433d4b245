"""The notebooks run on the samples and show what the samples hold; each is stored without output and defines nothing."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from company_activity.runtime.local import resolved_jars
from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from support.cycle.place import LAST, SAMPLES, Place, environment
from support.notebooks.execution import (
    NOTEBOOKS,
    Shown,
    code_cells,
    execute,
    is_parameters,
    read_notebook,
    with_parameters,
)

NAMES = ["look_at_the_landing", "follow_a_company", "check_a_day", "explore_churn"]
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@pytest.fixture(params=NAMES)
def notebook(request: pytest.FixtureRequest) -> Any:
    return read_notebook(NOTEBOOKS / f"{request.param}.ipynb")


def test_these_are_all_there_are() -> None:
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == sorted(NAMES)


def test_it_is_stored_without_output(notebook: Any) -> None:
    assert [cell for cell in code_cells(notebook) if cell.outputs or cell.execution_count is not None] == []


def test_it_says_nothing_of_the_machine_that_wrote_it(notebook: Any) -> None:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert notebook.metadata == {"kernelspec": kernel, "language_info": {"name": "python"}}
    assert {name for cell in notebook.cells for name in cell.metadata} == {"tags"}
    assert not re.search(r"/home/|/Users/|/root/|[A-Z]:\\\\", json.dumps(notebook))


def test_it_defines_nothing(notebook: Any) -> None:
    nodes = [node for cell in code_cells(notebook) for node in ast.walk(ast.parse(cell.source))]
    assert [ast.unparse(node) for node in nodes if isinstance(node, DEFINITIONS)] == []


def test_its_first_code_cell_holds_its_parameters_and_nothing_else(notebook: Any) -> None:
    first, *others = code_cells(notebook)
    assert is_parameters(first)
    assert not any(is_parameters(cell) for cell in others)
    assigned = {}
    for statement in ast.parse(first.source).body:
        assert isinstance(statement, ast.Assign), "Synapse and papermill read plain assignments"
        (target,) = statement.targets
        assigned[ast.unparse(target)] = ast.literal_eval(statement.value)
    assert assigned["environment"] == "local"
    assert assigned["activity_date"] == ""
    assert assigned.keys() <= {"environment", "activity_date", "company_id", "days", "churned"}
    given = ast.parse(others[0].source)
    calls = [node for node in ast.walk(given) if isinstance(node, ast.Call) and ast.unparse(node.func) == "chosen"]
    handed = {keyword.arg: ast.unparse(keyword.value) for call in calls for keyword in call.keywords}
    assert handed == {name: name for name in assigned}, "a Databricks job sets every parameter"


# --- as they are, on a laptop: no session yet, the defaults ---


@pytest.fixture(scope="module")
def alone(sample_place: Place) -> Callable[[str], Shown]:
    """Execute one notebook as it is stored, on the samples."""

    def executed(name: str) -> Shown:
        with environment(sample_place.environ):
            return execute([read_notebook(NOTEBOOKS / f"{name}.ipynb")])

    return executed


def items_of(day: str) -> list[Any]:
    """The items that the sample API sends for a date, in its order."""
    return list(json.loads((SAMPLES / "usage" / f"{day}.json").read_text(encoding="utf-8"))["items"])


def oddities_since(first: str) -> list[tuple[str, str]]:
    """The date and the reasons of each sample record from `first` on that has to be refused."""
    with (SAMPLES / "truth" / "oddities.csv").open(encoding="utf-8", newline="") as file:
        return [
            (row["date"], row["reasons"]) for row in csv.DictReader(file) if row["date"] >= first and row["reasons"]
        ]


@pytest.mark.long
@pytest.mark.nightly
def test_the_landing_shows_each_date_with_what_was_refused_of_it(alone: Callable[[str], Shown]) -> None:
    shown = alone("look_at_the_landing")
    (title,) = shown.pictures
    days = sorted(path.stem for path in (SAMPLES / "usage").glob("*.json"))[-30:]
    records = sum(len(items_of(day)) for day in days)
    refused = len(oddities_since(days[0]))
    assert "30 of 30 dates are complete" in title
    assert f"{refused} of {records:,} records refused" in title
    usage, crm = shown.tables
    last = usage[-1]
    assert [last[0], last[1]] == [LAST, "complete"]
    assert str(len(items_of(LAST))) in last
    assert "NEGATIVE 1, WRONG_TYPE 1" in last
    assert len([row for row in usage if row[0] in days]) == 30
    snapshots = [row for row in crm if row[0].endswith(".csv")]
    assert [row[0] for row in snapshots] == [f"raw/crm/{p.name}" for p in sorted((SAMPLES / "crm").glob("*.csv"))]
    assert [row[4] for row in snapshots] == ["34", "36", "35", "37"]


@pytest.mark.long
@pytest.mark.nightly
def test_a_company_is_followed_from_its_landed_lines_to_its_curve(
    alone: Callable[[str], Shown], sample_place: Place, spark: SparkSession
) -> None:
    shown = alone("follow_a_company")
    (title,) = shown.pictures
    assert "c_130 Falling Water: at risk since" in title
    assert len(shown.pngs) == 1
    days, records, refused, dimension, history, row = shown.tables
    assert [line[0] for line in days if line[0].startswith("2025-")][-1] == LAST
    day = "2025-11-18"
    places = [str(at) for at, item in enumerate(items_of(day), start=1) if item["company_id"] == "c_130"]
    found = [line for line in records if day in line]
    assert [line[records[0].index("item")] for line in found] == places
    assert {line[records[0].index("became")] for line in found} == {"staged"}
    assert all(f"date={day}/gen=000001/usage_{day}" in line[records[0].index("file")] for line in found)
    assert len(refused) == 1, "no record of it was refused: only the heading"
    assert ["name", "Falling Water"] in dimension
    assert "valid_from" in history[0]
    assert [line[0] for line in row[1:]] == COMPANY_ACTIVITY_DAILY.column_names


@pytest.mark.long
@pytest.mark.nightly
def test_a_day_agrees_on_every_hop(alone: Callable[[str], Shown]) -> None:
    shown = alone("check_a_day")
    assert f"{LAST}: fit to use. All 8 comparisons agree." in shown.text
    compared, landed, flags = shown.tables
    (records,) = [line for line in compared if "records" in line]
    assert records[3:] == ["landed 30", "accepted 27 + duplicates 1 + quarantined 2 = 30", "True"]
    (served,) = [line for line in compared if "lake → SQL" in line]
    assert served[3].startswith("40 rows")
    assert served[3] == served[4]
    assert landed[-1][0] == LAST
    assert sum(int(line[2]) for line in flags[1:]) == 40


@pytest.mark.long
@pytest.mark.nightly
def test_churn_is_drawn_by_reason_over_time_against_the_usual_week_and_by_example(
    alone: Callable[[str], Shown], sample_place: Place, spark: SparkSession
) -> None:
    shown = alone("explore_churn")
    by_reason, over_time, against_usual, of_all, *alarms = shown.pictures
    listed, unnamed, examples = shown.tables
    risky, judged = on_the_last_day(sample_place, spark)
    assert f"{risky} of {judged} judged companies are at risk on 23 Nov" in by_reason
    assert f"{risky} companies at risk on 23 Nov" in over_time
    assert "lacks most" in against_usual
    state = unnamed[0].index("is_churn_risk")
    others = [line for line in unnamed if line[0].startswith(("c_", "C_"))]
    assert f"less than half of the usual week, {len(others)} of them not at risk" in of_all
    assert {line[state] for line in others} <= {"False"}
    lacking = [float(line[listed[0].index("missing_user_days_7d")]) for line in listed if line[0].startswith("c_")]
    assert len(lacking) == risky
    assert lacking == sorted(lacking, reverse=True)
    kinds = ["true alarm", "false alarm", "miss"]
    assert [line[1] for line in examples[1:]] == kinds
    with (SAMPLES / "truth" / "churn.csv").open(encoding="utf-8", newline="") as file:
        churned = {row["company_id"] for row in csv.DictReader(file)}
    assert [line[2] in churned for line in examples[1:]] == [True, False, True]
    for picture, kind, line in zip(alarms, kinds, examples[1:], strict=True):
        assert f"{kind.capitalize()}: {line[2]} " in picture
        assert "at the fleet's pace" in picture
    assert len(shown.pngs) == 7


def on_the_last_day(place: Place, spark: SparkSession) -> tuple[int, int]:
    """How many companies are at risk, and how many are judged, by the lake itself."""
    rows = place.table(spark, COMPANY_ACTIVITY_DAILY).where(F.col("activity_date") == F.lit(LAST))
    counted = rows.agg(F.count_if("is_churn_risk"), F.count("is_churn_risk")).first()
    assert counted
    return counted[0], counted[1]


# --- as on a pool: a session stands, and the scheduler gives parameters ---

A_POOL = """
import os
from company_activity.runtime.java import use_java
use_java()
from pyspark.sql import SparkSession
spark = (
    SparkSession.builder.appName("a pool").master("local[1]")
    .config("spark.jars", {jars!r})
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.sql.session.timeZone", "America/Los_Angeles")
    .config("spark.databricks.delta.snapshotPartitions", "1")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.sql.warehouse.dir", {folder!r})
    .getOrCreate()
)
stands = spark.sparkContext.applicationId
"""
IS_THE_SAME = "print('the session that stood:', reader.spark.sparkContext.applicationId == stands)"


@pytest.mark.long
@pytest.mark.nightly
def test_on_a_pool_its_session_and_the_scheduler_s_parameters_are_used(sample_place: Place, tmp_path: Path) -> None:
    """In a folder that is not the checkout, with a settings file by its path, for another date and company."""
    settings = tmp_path / "pool.yaml"
    lines = ["api: {url: 'http://127.0.0.1:9/usage'}"]
    lines += [f"landing: {{root: '{sample_place.folder}/landing'}}", f"lake: {{root: '{sample_place.folder}/lake'}}"]
    lines += [f"sql: {{url: '{sample_place.settings.sql.url}', user: sa}}", "report: {dir: 'unused'}"]
    settings.write_text("\n".join(lines), encoding="utf-8")
    given = {"environment": str(settings), "activity_date": "2025-11-17", "days": 21, "company_id": "c_105"}
    notebooks = []
    for name in NAMES:
        stored = read_notebook(NOTEBOOKS / f"{name}.ipynb")
        own = ast.parse(code_cells(stored)[0].source).body
        names = {ast.unparse(node.targets[0]) for node in own if isinstance(node, ast.Assign)}
        changed = with_parameters(stored, {key: value for key, value in given.items() if key in names})
        code_cells(changed)[-1].source += f"\n{IS_THE_SAME}"
        notebooks.append(changed)
    pool = A_POOL.format(jars=",".join(map(str, resolved_jars())), folder=str(tmp_path / "warehouse"))
    shown = execute(notebooks, first=pool, folder=tmp_path)

    assert shown.text.count("the session that stood: True") == 4
    assert "2025-11-17: fit to use. All 8 comparisons agree." in shown.text
    landing, company, by_reason, *_ = shown.pictures
    assert "21 of 21 dates are complete" in landing
    assert "c_105" in company
    assert "on 17 Nov" in company
    assert "on 17 Nov" in by_reason
    records = next(table for table in shown.tables if "became" in table[0])
    refused = [line for line in records if "refused" in line]
    assert [line[1] for line in refused] == ["2025-11-17"], "true for a count, and the record stays visible"
    assert "WRONG_TYPE" in refused[0]
    assert date.fromisoformat(records[-1][1]) <= date(2025, 11, 17)
