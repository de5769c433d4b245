"""The folder of an export: two of them never mix, what is done is not done again, and `erase` finds a company in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from company_activity.errors import UsageError
from company_activity.io.storage.folder import Folder, open_folder
from company_activity.operations.export.folder import ExportFolder, files_in
from company_activity.operations.export.formats import FORMATS, Encoded, ExportColumn
from company_activity.operations.export.holding import holds, remove_holding
from company_activity.operations.export.places import place_of
from company_activity.operations.export.request import Plan

from support.export.hostile import HOSTILE

PLAN = Plan("0123456789ab", "0", 143, "csv", ("dim.companies",), 100)
GONE = '=c_ü "7"\n,\''


def export_in(folder: Path) -> ExportFolder:
    return ExportFolder(open_folder(str(folder)))


def test_a_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    export = export_in(tmp_path)
    export.begin(PLAN)
    assert export.plan == PLAN
    export.begin(PLAN)  # the same one goes on, or works beside it
    export.check_ours(PLAN)


@pytest.mark.parametrize("other", [replace(PLAN, since="9"), replace(PLAN, to=144), replace(PLAN, format="ndjson"),
                                   replace(PLAN, tables=()), replace(PLAN, rows_per_file=7)])  # fmt: skip
def test_a_folder_of_another_export_is_refused(tmp_path: Path, other: Plan) -> None:
    export = export_in(tmp_path)
    export.begin(other)
    with pytest.raises(UsageError, match="an export that was not finished of another range: .* — give another folder"):
        export.begin(PLAN)
    export.finish({"tables": []})
    with pytest.raises(UsageError, match="holds a finished export of another range"):
        export.begin(PLAN)


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is not empty, and no export is in it"):
        export_in(tmp_path).begin(PLAN)
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["notes.txt"]


def test_the_plan_of_another_layout_is_no_plan_of_ours(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(replace(PLAN, layout=0).text, encoding="utf-8")
    with pytest.raises(UsageError, match="an export that this version cannot read"):
        export_in(tmp_path).check_holds(PLAN)


def test_a_unit_is_done_only_while_its_files_are_whole(tmp_path: Path) -> None:
    export = export_in(tmp_path)
    file = export.write("t/part-00000.csv", Encoded(b"a\r\n", 0))
    assert export.done("t.part.x") is None
    export.note_done("t.part.x", [file])
    assert export.done("t.part.x") == [file]
    (tmp_path / "t" / "part-00000.csv").write_bytes(b"b\r\n")
    assert export.done("t.part.x") is None
    assert export.write("t/part-00000.csv", Encoded(b"a\r\n", 0)) == file
    assert export.done("t.part.x") == [file]
    assert export.decided("t.replaces", "keys") == export.decided("t.replaces", "table") == "keys"


def test_a_folder_that_another_has_taken_is_left_to_it(tmp_path: Path) -> None:
    theirs = finished(tmp_path, "csv", ["a"])
    export = export_in(tmp_path)
    ours = replace(PLAN, to=150)
    export.withdraw(ours)
    with pytest.raises(UsageError, match="was removed or begun anew by another while it was written"):
        export.check_ours(ours)
    assert theirs.lacking() == []
    assert theirs.manifest


def test_clearing_removes_what_an_export_writes_and_nothing_else(tmp_path: Path) -> None:
    export = export_in(tmp_path)
    export.begin(PLAN)
    ours = ["dim.companies/part-00000.csv", f"dim.companies/.delete-00001.csv.{'0' * 32}.tmp", "unfinished/x.json"]
    others = [
        ".keep",
        "README",
        "dim.companies/part-0.csv",
        "elsewhere/part-00000.csv",
        "dim.companies/x/part-00000.csv",
    ]
    for name in (*ours, *others):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    export.clear(PLAN)
    assert {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()} == set(others)


def test_of_a_finished_export_it_is_told_what_lacks(tmp_path: Path) -> None:
    export = finished(tmp_path, "csv", ["a"])
    assert export.lacking() == []
    (file,) = files_in(export.manifest or {})
    (tmp_path / file.path).write_bytes(b"")
    assert export.lacking() == [file.path]


def test_below_the_lake_an_unfinished_one_is_gone_on_with(tmp_path: Path) -> None:
    lake = open_folder(str(tmp_path))
    place = place_of(lake, PLAN)
    ExportFolder(place).begin(PLAN)
    later = replace(PLAN, to=150)
    assert place_of(lake, later) == place
    assert place_of(lake, replace(later, format="ndjson")) != place
    ExportFolder(place).finish({"tables": []})
    assert place_of(lake, later) != place
    assert place_of(lake, PLAN) == place


def finished(folder: Path | Folder, format_: str, ids: list[str | None], column: str = "company_id") -> ExportFolder:
    export = ExportFolder(open_folder(folder if isinstance(folder, Folder) else str(folder)))
    export.begin(replace(PLAN, format=format_))
    columns = [ExportColumn(column, "string")]
    encoded = FORMATS[format_](pa.table({column: pa.array(ids, pa.string())}), columns)
    file = export.write(f"t/part-00000.{format_}", encoded)
    table: dict[str, Any] = {"delete_files": [], "files": [vars(file)]}
    export.finish({"format": format_, "tables": [table]})
    return export


@pytest.mark.parametrize("format_", FORMATS)
def test_a_company_is_found_in_every_format_whatever_its_id(tmp_path: Path, format_: str) -> None:
    texts = [text.replace("\0", "") for text in HOSTILE]
    export = finished(tmp_path / "with", format_, [*texts, GONE])
    assert holds(export, GONE)
    assert not holds(finished(tmp_path / "without", format_, [*texts, f"{GONE}8", None]), GONE)
    assert not holds(finished(tmp_path / "other", format_, [GONE], "segment"), GONE)
    for text in texts:
        assert holds(export, text), text


def test_erasing_removes_what_holds_the_company_what_is_unfinished_and_what_cannot_be_read(tmp_path: Path) -> None:
    lake = open_folder(str(tmp_path))
    ours = lake.inside("ops/exports/0123")
    finished(ours.inside("with"), "csv", ["a", GONE])
    finished(ours.inside("without"), "csv", ["a"])
    finished(ours.inside("torn"), "parquet", ["a"])
    (tmp_path / "ops/exports/0123/torn/t/part-00000.parquet").write_bytes(b"PAR1")
    ExportFolder(ours.inside("killed")).begin(PLAN)
    ours.inside("odd").create("manifest.json", json.dumps([]))
    assert remove_holding(lake, GONE) == ["0123/killed", "0123/odd", "0123/torn", "0123/with"]
    assert {entry.path.split("/")[0] for entry in ours.entries()} == {"without"}
    assert remove_holding(lake, GONE) == []
