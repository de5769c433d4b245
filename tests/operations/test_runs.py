"""`runs`: the last records newest first, whole as JSON or as lines to read; what cannot be read is named, not fatal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from company_activity import __version__
from company_activity.errors import CrmFileRefused, PublishError
from company_activity.report.model import RunReport, StepReport

from support.cycle.place import Place
from support.report.reports import BEGAN, failed, succeeded

MOVED: dict[str, Any] = {
    "dates": [{"date": f"2025-11-{day}", "generation": 1, "content_hash": "5:x"} for day in (21, 22, 24)],
    "tables": [
        {"table": "dim.companies", "version_before": -1, "version_after": 0},
        {"table": "stg.product_usage", "version_before": 3, "version_after": 4},
    ],
}
# As 0.1 wrote them: without exit codes of their own, and without the library's version.
OF_BEFORE: dict[str, Any] = {
    "run_id": "20250101T000000Z-old000",
    "command": "run 2024-12-31",
    "started_at": "2025-01-01T00:00:00+00:00",
    "exit_code": 5,
    "failed_step": "publish",
    "error": {"kind": "PublishError", "what": "no answer", "remedy": "again"},
    "has_changed_something": True,
    "seconds": 3.0,
    "steps": [{"name": "publish", "outcome": "failed", "counts": {}}],
    "dates": [],
    "tables": [],
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, "http://127.0.0.1:1")


def record(place: Place, hours: int, report: RunReport | None = None, **more: Any) -> str:
    """The id of a recorded run, so many hours after the first."""
    began = BEGAN + timedelta(hours=hours)
    run_id = f"{began:%Y%m%dT%H%M%SZ}-abc123"
    told = replace(report or succeeded(), run_id=run_id, started_at=began, page=f"/reports/{run_id}.html")
    file(place, run_id, json.dumps(told.as_json() | {"dates": [], "tables": []} | more))
    return run_id


def file(place: Place, name: str, text: str) -> Path:
    folder = place.folder / "lake" / "ops" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{name}.json"
    written.write_text(text, encoding="utf-8")
    return written


def printed(place: Place, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[list[str], str]:
    """The lines on standard output, and all of standard error."""
    assert place.run("runs", *options) == 0
    told = capsys.readouterr()
    return told.out.splitlines(), told.err


def test_as_json_the_last_ones_come_whole_newest_first(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [record(place, hours) for hours in range(5)]
    lines, complaints = printed(place, capsys, "--last", "3", "--json")
    found = [json.loads(line) for line in lines]
    assert [one["run_id"] for one in found] == ids[:1:-1]
    assert found[0] == json.loads((place.folder / "lake" / "ops" / "runs" / f"{ids[-1]}.json").read_text("utf-8"))
    assert complaints == ""


def test_a_run_says_when_what_how_it_ended_what_it_did_and_with_what(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = record(place, 0, **MOVED)
    lines, _ = printed(place, capsys)
    assert lines == [
        "started (UTC)     run                      ended      seconds  command",
        f"2025-11-24 03:00  {run_id}  done 0           9  run 2025-11-23",
        "    ingest_usage: 1 dates fetched, 3,356 records landed",
        "    stage_usage: 1 dates, 3,356 landed, 3,300 accepted, 20 duplicates, 36 quarantined",
        "    build_activity: 1 dates built, 40 rows written",
        "    publish: 40 rows sent",
        "    dates: 2025-11-21 to 2025-11-22, 2025-11-24",
        "    tables: dim.companies new → 0, stg.product_usage 3 → 4",
        f"    with: company-activity {__version__}, H2 JDBC Driver 2.3.232",
        "    lists: Newest complete date 2025-11-23; no date of its week is missing; every company is judged.",
        f"    report: /reports/{run_id}.html",
    ]


def test_a_failed_run_says_each_step_that_failed_its_exit_code_and_remedy(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    report = failed(PublishError("no answer from db", remedy="company-activity publish --date D"), step="publish")
    report.steps.insert(0, StepReport("admit_crm", "failed", error=CrmFileRefused("x.csv: no header")))
    record(place, 0, report)
    lines, _ = printed(place, capsys)
    assert " failed 3 " in lines[1]
    assert lines[2:4] == [
        "    admit_crm (exit code 3): x.csv: no header",
        "    publish (exit code 5): no answer from db — company-activity publish --date D",
    ]


def test_a_record_of_an_older_version_is_shown_with_what_it_has(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    file(place, OF_BEFORE["run_id"], json.dumps(OF_BEFORE))
    lines, complaints = printed(place, capsys)
    assert lines[1:] == [
        "2025-01-01 00:00  20250101T000000Z-old000  failed 5         3  run 2024-12-31",
        "    publish: no answer — again",
    ]
    assert complaints == ""


UNREADABLE = {
    "cut in the middle": json.dumps(OF_BEFORE)[:100],
    "empty": "",
    "a list": "[]",
    "without a command": json.dumps({name: value for name, value in OF_BEFORE.items() if name != "command"}),
    "seconds as text": json.dumps(OF_BEFORE | {"seconds": "3"}),
    "a step without a name": json.dumps(OF_BEFORE | {"steps": [{}]}),
    "no day of the calendar": json.dumps(OF_BEFORE | {"dates": [{"date": "2025-02-30"}]}),
    "an error without words": json.dumps(OF_BEFORE | {"errors": [{"step": "publish"}]}),
    "nested without end": "[" * 100_000,
}


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["read", "json"])
@pytest.mark.parametrize("text", UNREADABLE.values(), ids=list(UNREADABLE))
def test_what_cannot_be_read_is_named_and_the_others_are_shown(
    text: str, options: tuple[str, ...], place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    older, newer = record(place, 0), record(place, 5)
    broken = file(place, "20251124T050000Z-broken", text)
    lines, complaints = printed(place, capsys, "--last", "2", *options)
    [complaint] = complaints.splitlines()
    assert complaint.startswith(f"unreadable: {broken}: it is no run record: ")
    ids = [line[18:41] for line in lines if line.startswith("2025")] or [json.loads(line)["run_id"] for line in lines]
    assert ids == [newer, older]  # the broken one takes nobody's place


def test_bytes_that_are_no_text_are_named_too(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = record(place, 0)
    latin = file(place, "20251125T000000Z-latin1", "")
    latin.write_bytes(b'"\xe9"')
    lines, complaints = printed(place, capsys, "--json")
    assert [json.loads(line)["run_id"] for line in lines] == [run_id]
    assert str(latin) in complaints


def test_a_lake_without_runs_says_so_and_as_json_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    [line], _ = printed(place, capsys)
    assert line == f"No run is recorded under {place.folder}/lake/ops/runs."
    assert printed(place, capsys, "--json") == ([], "")


def test_a_folder_that_cannot_be_listed_is_an_error(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (place.folder / "lake" / "ops").mkdir(parents=True)
    (place.folder / "lake" / "ops" / "runs").touch()  # a file where the folder should be
    assert place.run("runs") == 1
    assert "lake/ops/runs" in capsys.readouterr().err


@pytest.mark.parametrize("last", ["0", "-1", "all"])
def test_a_number_of_runs_that_is_none_is_refused(last: str, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.run("runs", "--last", last) == 2
    assert "--last" in capsys.readouterr().err


def test_help_teaches_by_example(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    lines, _ = printed(place, capsys, "--help")
    assert "  company-activity runs --last 1 --env synapse" in "\n".join(lines)
