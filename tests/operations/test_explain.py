"""`explain` on the samples' lake, and on one of random histories: from what it lists, plain Python computes each cell again."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.errors import UsageError
from company_activity.operations.explain import explain
from company_activity.operations.explanation import Cell, plain
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY

from oracle.cases import merge, random_worlds
from support.cycle.place import Place
from support.explain.recomputed import recomputed
from support.lake.content import lake_at
from support.landing.histories import land_history
from support.processes.command import run_command
from support.spark.compare import same

CALENDAR = 304  # 92 dates: one set aside soon after the first, one near the last
NEVER_LANDED = date(2024, 2, 20)
SET_ASIDE = date(2024, 5, 7)
LAST = date(2024, 5, 14)
HISTORIES = 6
STEPS = "stage_crm,stage_usage,build_companies,build_activity"
COMMAND = Path(sys.executable).with_name("company-activity")
ANY_CRM = {"COMPANY_ACTIVITY__GATES__CRM_MAX_LOSS": "1", "COMPANY_ACTIVITY__GATES__CRM_MAX_BROKEN": "1"}
COMPUTED = [name for name in COMPANY_ACTIVITY_DAILY.column_names if name not in COMPANY_ACTIVITY_DAILY.unhashed]
ROWS = 100
LACKING = {"samples": {"set aside"}, "histories": set[str]()}
MISSING = {
    Cell("anybody", NEVER_LANDED): "2024-02-20 is missing: it never landed — it has no rows",
    Cell("anybody", SET_ASIDE): "2024-05-07 is missing: its newest generation, 2, was set aside",
}
Json = dict[str, Any]


@dataclass(frozen=True)
class Explained:
    """A place, and random rows of its lake: each with one of its cells explained, and then as a whole."""

    name: str
    place: Place
    cells: list[Json]
    rows: list[Json]

    @property
    def built(self) -> set[date]:
        """The dates that the activity table has."""
        return set(lake_at(self.place.settings.lake.root).activity.dates)


@pytest.fixture(
    scope="module", params=["samples", pytest.param("histories", marks=[pytest.mark.long, pytest.mark.nightly])]
)
def explained(
    request: pytest.FixtureRequest, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Explained:
    name = request.param
    folder = tmp_path_factory.mktemp("explain")
    place = request.getfixturevalue("sample_place") if name == "samples" else place_of_histories(folder)
    keys = place.table(spark, COMPANY_ACTIVITY_DAILY).select("company_id", "activity_date").collect()
    chosen = Random(1).sample(sorted((row[0], row[1]) for row in keys), ROWS)
    cells = [Cell(name, day, COMPUTED[number % len(COMPUTED)]) for number, (name, day) in enumerate(chosen)]
    rows = [Cell(name, day) for name, day in chosen]
    found = [json.loads(json.dumps(one.as_json())) for one in explain(place.settings, [*cells, *rows])]
    return Explained(name, place, found[:ROWS], found[ROWS:])


def place_of_histories(folder: Path) -> Place:
    """A place where random histories have landed, and are built."""
    place = Place(folder, "http://127.0.0.1:9/usage")
    landed, snapshots = merge(random_worlds(CALENDAR, HISTORIES))
    landed = tuple(day for day in landed if day.date != NEVER_LANDED)
    land_history(folder / "landing", place.settings.landing, (landed, snapshots))
    assert place.run("run", "--date", str(LAST), "--steps", STEPS, **ANY_CRM) == 0
    return place


def differing(explained: Json) -> list[str]:
    """The explained cells that plain Python computes otherwise, but those that it does not compute at all."""
    row = recomputed(explained)
    wrong = [cell for cell in explained["cells"] if cell["metric"] in row and not is_same(row, cell)]
    return [f"{cell['metric']}: {row[cell['metric']]!r}, explained is {cell['value']!r}" for cell in wrong]


def is_same(row: Mapping[str, Any], cell: Json) -> bool:
    return same(plain(row[cell["metric"]]), cell["value"])


def test_each_of_100_cells_is_computed_again_from_the_inputs_that_it_lists(explained: Explained) -> None:
    assert {cell["cells"][0]["metric"] for cell in explained.cells} == set(COMPUTED)
    wrong = {(one["company"]["company_id"], one["date"]): told for one in explained.cells if (told := differing(one))}
    assert not wrong


def test_each_cell_of_their_rows_is_computed_again(explained: Explained) -> None:
    assert all(
        [cell["metric"] for cell in row["cells"]] == COMPANY_ACTIVITY_DAILY.column_names for row in explained.rows
    )
    wrong = {(one["company"]["company_id"], one["date"]): told for one in explained.rows if (told := differing(one))}
    assert not wrong


def test_the_values_are_those_of_the_table(spark: SparkSession, explained: Explained) -> None:
    columns = [name for name in COMPUTED if name != "last_contact_at"]
    table = explained.place.table(spark, COMPANY_ACTIVITY_DAILY).select(*columns).collect()
    rows = {(row["company_id"], str(row["activity_date"])): row.asDict() for row in table}
    for one in explained.rows:
        values = {cell["metric"]: cell["value"] for cell in one["cells"] if cell["metric"] in columns}
        assert values == plain(rows[one["company"]["company_id"], one["date"]])


def test_the_rows_hold_what_is_to_be_explained(explained: Explained) -> None:
    days = [(row, day) for row in explained.rows for day in row["window"]]
    complete = [(row, day) for row, day in days if day["state"] == "complete"]
    crm = [row["crm"] for row in explained.rows if row["crm"]]
    counted = {
        "set aside": sum(day["date"] == str(SET_ASIDE) for _, day in days if day["active_users"] is None),
        "never landed": sum(day["generation"] is None for _, day in days),
        "before its first day": sum(day["date"] < row["company"]["first_seen_date"] for row, day in complete),
        "a record with zero": sum(day["active_users"] == 0 and bool(day["records"]) for _, day in complete),
        "no record": sum(day["active_users"] == 0 and not day["records"] for _, day in complete),
        "several records": sum(len(day["records"]) > 1 for _, day in complete),
        "conflict": sum(any(one["has_conflict"] for one in day["records"]) for _, day in complete),
        "refused": sum(bool(day["refused"]) for _, day in complete),
        "refused by the CRM": sum(bool(row["refused_crm"]) for row in explained.rows),
        "only in usage": sum(row["company"]["is_inferred"] for row in explained.rows),
        "only in the CRM": sum(row["company"]["first_active_date"] is None for row in explained.rows),
        "an older version": sum(one["valid_to"] is not None for one in crm),
        "backdated": sum(one["is_backdated"] for one in crm),
        "no version": sum(row["crm"] is None for row in explained.rows),
        "NULL": sum(cell["value"] is None for one in explained.cells for cell in one["cells"]),
    }
    assert {name for name, times in counted.items() if not times} == LACKING[explained.name], counted


def test_each_record_stands_where_it_is_said_to_have_landed(explained: Explained) -> None:
    landing = explained.place.folder / "landing"
    days = [day for row in explained.rows for day in row["window"]]
    for day in days:
        for record in day["records"]:
            assert record["file"].endswith(f"-{day['landed_by']}.ndjson")
            line = json.loads(landed_line(landing, record))
            assert (line["active_users"], line["events"]) == (record["active_users"], record["events"])
        for refused in day["refused"]:
            assert refused["reasons"]
            assert landed_line(landing, refused)
        if day["state"] == "complete":
            assert day["landed_by"]
    assert all((landing / row["crm"]["file"]).is_file() for row in explained.rows if row["crm"])


def landed_line(landing: Path, record: Json) -> str:
    """The one line of the file with the record's page and item."""
    place = f'"_page":{record["page"]},"_item":{record["item"]}}}'
    lines = Path(landing, record["file"]).read_text("utf-8").split("\n")
    (line,) = [one for one in lines if one.endswith(place)]
    return line


def test_the_rows_are_of_this_run_and_up_to_date(explained: Explained) -> None:
    assert len({row["written"]["run_id"] for row in explained.rows}) == 1
    assert {tuple(row["newer"]) for row in explained.rows} == {()}


def test_the_command_prints_a_cell_day_by_day(explained: Explained, capfd: pytest.CaptureFixture[str]) -> None:
    one = next(row for row in explained.rows if row["window"][-1]["records"])
    company, record = one["company"]["company_id"], one["window"][-1]["records"][0]
    assert explained.place.run("explain", f" {company} ", one["date"], "rolling_7d_active_users") == 0
    told = capfd.readouterr().out.splitlines()
    value = next(cell["value"] for cell in one["cells"] if cell["metric"] == "rolling_7d_active_users")
    assert told[0] == f"rolling_7d_active_users of {company} on {one['date']}: {value}"
    assert told[1] == "  Σ u over [D−6, D]"
    assert [line[:10] for line in told if line[:2] == "20"] == [day["date"] for day in one["window"][-7:]]
    assert any(f"{record['file']}, page {record['page']}, item {record['item']}" in line for line in told)
    assert any(one["written"]["run_id"] in line for line in told)


def test_the_command_prints_a_row_in_short(explained: Explained, capfd: pytest.CaptureFixture[str]) -> None:
    one = explained.rows[0]
    assert explained.place.run("explain", one["company"]["company_id"], one["date"]) == 0
    told = capfd.readouterr().out.splitlines()
    assert [
        line.split()[0] for line in told[1 : len(COMPANY_ACTIVITY_DAILY.columns) + 1]
    ] == COMPANY_ACTIVITY_DAILY.column_names
    assert not [line for line in told if line[:2] == "20"]


@pytest.mark.integration
@pytest.mark.long
@pytest.mark.nightly
def test_the_command_prints_json_in_a_process_of_its_own(explained: Explained) -> None:
    one = explained.cells[0]
    words = ["explain", one["company"]["company_id"], one["date"], one["cells"][0]["metric"], "--json"]
    assert json.loads(run_command(COMMAND, *words, **explained.place.environ)) == one


def test_what_cannot_be_explained_is_said_with_a_remedy(spark: SparkSession, explained: Explained) -> None:
    companies = explained.place.table(spark, COMPANIES).orderBy("first_seen_date", "company_id").collect()
    known, first_seen = companies[-1]["company_id"], companies[-1]["first_seen_date"]
    first, last = min(explained.built), max(explained.built)
    after = last + timedelta(days=1)
    for cell, sentence in {
        Cell("nobody-of-this-name", last): "no company 'nobody-of-this-name' in dim.companies — give an id",
        Cell(f"{known}?", last): f"did you mean {known!r}",
        Cell(known, first): f"it is first seen on {first_seen} — give a date from {first_seen} on",
        Cell(known, after): f"{after} is outside of the history, which goes from {first} to {last}",
        Cell(known, last, "active_user"): "no metric 'active_user'; did you mean active_users",
        **(MISSING if explained.name == "histories" else {}),
    }.items():
        with pytest.raises(UsageError) as refused:
            explain(explained.place.settings, [cell])
        assert sentence in str(refused.value)
        assert refused.value.remedy


def test_a_missing_date_ends_the_command_with_2(explained: Explained, capfd: pytest.CaptureFixture[str]) -> None:
    before = min(explained.built) - timedelta(days=1)
    assert explained.place.run("explain", "anybody", str(before), "events") == 2
    assert capfd.readouterr().err.startswith(f"UsageError: {before} is outside of the history")


def test_nothing_is_written(explained: Explained) -> None:
    place = explained.place
    before = written(place.folder)
    explain(place.settings, [Cell(explained.rows[0]["company"]["company_id"], max(explained.built))])
    assert written(place.folder) == before


def written(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
