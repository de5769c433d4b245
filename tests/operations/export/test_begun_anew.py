"""An export that cannot be finished does not block the same command: it is begun anew from what is served now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from company_activity.errors import CompanyActivityError, PublishError
from company_activity.io.storage.folder import lake_folder
from company_activity.io.warehouse.ledger import MISSING, WHOLE, LedgerRow
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION
from company_activity.operations.export import by_key, writing
from company_activity.operations.export.formats import Encoded
from company_activity.operations.export.positions import Positions
from company_activity.operations.export.table_writer import TableWriter

from support.cycle.place import Place
from support.export.noted import FIRST, began, export, files_below, out_of, publish, row
from support.landing.mortal import Killed

pytestmark = pytest.mark.usefixtures("no_spark")

ONE_TABLE = ("--table", ACTIVITY.name)
AGAIN = (row(ACTIVITY, "2025-03-01", 4), row(ACTIVITY, "2025-03-02", 5), FIRST[2])


@pytest.fixture(params=["out", "lake"])
def where(request: pytest.FixtureRequest, place: Place) -> tuple[str, ...]:
    """An --out, or none."""
    return ("--out", str(out_of(place))) if request.param == "out" else ()


def reading(*found: int | BaseException) -> Any:
    """One file for each unit that is read, with so many rows; or what reading it raises. The lake's tables are ours."""
    answers = iter(found)

    def encoded(self: TableWriter, rows: object) -> Iterator[Encoded]:
        answer = next(answers)
        if isinstance(answer, BaseException):
            raise answer
        yield Encoded(f"{answer} rows".encode(), answer)

    return mock.patch.multiple(TableWriter, encoded=encoded)


@pytest.fixture(autouse=True)
def our_lake(request: pytest.FixtureRequest) -> Iterator[None]:
    """The rows were published from the lake that there is, unless a test is about that."""
    if "another_lake" in request.node.name:
        yield
        return
    with mock.patch.object(writing, "check_lake"):
        yield


def manifest_in(place: Place) -> dict[str, Any]:
    """The one finished export that there is: every file of its folder is named, or is one of its own two."""
    (file,) = [one for one in place.folder.rglob("manifest.json") if "2025-04-01" not in str(one)]
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    named = [one["path"] for table in found["tables"] for one in (*table["files"], *table["delete_files"])]
    assert files_below(file.parent) == sorted([*named, "manifest.json", "plan.json"])
    others = {name.split("/")[1] for name in files_below(place.folder / "lake/ops/exports")} - {file.parent.name}
    assert {name for name in others if "2025-04-01" not in name} == set()
    return found


def test_one_from_another_lake_goes_on_when_that_lake_was_adopted(
    place: Place, where: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    publish(place, *FIRST)
    assert export(place, "0", *ONE_TABLE, *where) == 5
    assert "was published from another lake table, lake — company-activity publish" in capsys.readouterr().err
    adopted = [row(ACTIVITY, f"2025-03-0{day}", 4 + day, MISSING, "new") for day in (1, 2)]
    publish(place, *adopted)
    assert export(place, "0", *ONE_TABLE, *where) == 0
    assert "is begun anew: analytics.company_activity_daily was published from another" in capsys.readouterr().out
    assert manifest_in(place)["next"] == 6


GONE = PublishError("its version can no longer be read")
ROWS = "1 rows in the lake, 2 were published"
Case = tuple[int | PublishError, str, tuple[LedgerRow, ...], tuple[int | PublishError, ...], int]
CASES: dict[str, Case] = {
    "a wrong count, and published again": (1, ROWS, AGAIN, (2, 2), 6),
    "a wrong count, and the lake set right": (1, ROWS, FIRST, (2, 2), 3),
    "a version gone, and published again": (GONE, GONE.what, AGAIN, (GONE, 2, 2), 6),
    # Nothing that is done is wrong: the second date is read, and the first one stays.
    "a version gone, and the lake set right": (GONE, GONE.what, FIRST, (2,), 3),
}


@pytest.mark.parametrize("case", CASES)
def test_one_that_the_lake_failed_goes_on_when_it_was_mended(
    place: Place, where: tuple[str, ...], capsys: pytest.CaptureFixture[str], case: str
) -> None:
    """Its second date fails. Then the same command is given again."""
    failure, told, served, reads, end = CASES[case]
    began(place)
    asked = (*ONE_TABLE, *where, "--rows-per-file", "2")  # each date is a unit of its own
    with reading(2, failure):
        assert export(place, "0", *asked) == 5
    assert told in capsys.readouterr().err
    publish(place, *served)
    with reading(*reads):
        assert export(place, "0", *asked) == 0
    assert ("is begun anew" in capsys.readouterr().out) == (len(reads) > 1)
    found = manifest_in(place)
    assert (found["tables"][0]["rows"], found["next"]) == (4, end)


def test_one_whose_failure_stays_fails_each_time_and_leaves_no_manifest(place: Place, where: tuple[str, ...]) -> None:
    began(place)
    for _ in range(3):
        with reading(GONE, GONE):
            assert export(place, "0", *ONE_TABLE, *where) == 5
    assert [one for one in place.folder.rglob("manifest.json") if "2025-04-01" not in str(one)] == []


def test_one_whose_end_had_its_time_is_begun_anew(
    place: Place, where: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    began(place)
    with reading(Killed()), pytest.raises(Killed):
        export(place, "0", *ONE_TABLE, *where)
    publish(place, *AGAIN)
    Positions.of(lake_folder(place.settings), place.settings.sql.url).folder.delete("000000000003.json")
    with reading(4):
        assert export(place, "0", *ONE_TABLE, *where) == 0
    assert "is begun anew: no export ended at 3, or its note has had its time" in capsys.readouterr().out
    assert manifest_in(place)["next"] == 6


def test_one_whose_older_version_has_gone_since_gives_the_whole_table(place: Place, where: tuple[str, ...]) -> None:
    began(place)
    publish(place, *FIRST[:2], row(DIMENSION, WHOLE, 2, "lake@2", version=2))
    asked = ("--table", DIMENSION.name, *where)
    with (
        mock.patch.object(by_key, "_changes_since", return_value=mock.Mock()),
        mock.patch.object(by_key, "_write_changes", side_effect=Killed),
        pytest.raises(Killed),
    ):
        export(place, "3", *asked)
    with mock.patch.object(by_key, "_changes_since", return_value=None), reading(2):
        assert export(place, "3", *asked) == 0
    (table,) = manifest_in(place)["tables"]
    assert (table["replaces"], table["rows"]) == ("table", 2)


def test_a_store_that_does_not_answer_is_no_reason_to_begin_anew(place: Place, where: tuple[str, ...]) -> None:
    began(place)
    asked = (*ONE_TABLE, *where, "--rows-per-file", "2")
    failure = CompanyActivityError("no answer")
    with reading(2, failure):
        assert export(place, "0", *asked) == 1
    with reading(failure):
        assert export(place, "0", *asked) == 1
    with reading(2):  # the first date was done the first time
        assert export(place, "0", *asked) == 0
    assert manifest_in(place)["tables"][0]["rows"] == 4


def test_a_file_of_somebody_else_in_an_out_stays(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    began(place)
    asked = (*ONE_TABLE, "--out", str(out_of(place)))
    with reading(1):
        assert export(place, "0", *asked) == 5
    (out_of(place) / ACTIVITY.name / "notes.txt").write_text("mine", encoding="utf-8")
    with reading():
        assert export(place, "0", *asked) == 2
    assert "is not empty, and no export is in it — give another folder" in capsys.readouterr().err
    assert files_below(out_of(place)) == [f"{ACTIVITY.name}/notes.txt"]
