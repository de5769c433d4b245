"""`run --outcome NAME` keeps how the run ended where a scheduler can read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from company_activity.cli.main import main
from company_activity.io.lake.outcomes import fields_of
from company_activity.pipeline import NAMED_IN_OUTCOME

from support.api.usage_api import Answer, in_turn, page, serving

DAY = ["--date", "2025-11-23", "--steps", "ingest_usage,notify", "--outcome", "run-1"]


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, folder in {"LANDING__ROOT": "landing", "LAKE__ROOT": "lake", "REPORT__DIR": "reports"}.items():
        monkeypatch.setenv(f"COMPANY_ACTIVITY__{name}", str(tmp_path / folder))
    monkeypatch.setenv("COMPANY_ACTIVITY__NOTIFY__FILE", str(tmp_path / "outbox"))
    monkeypatch.setenv("COMPANY_ACTIVITY__API__MAX_ATTEMPTS", "1")
    return tmp_path / "lake"


def test_a_failed_run_leaves_its_codes_and_a_later_one_takes_its_place(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = lake / "ops/outcomes/run-1.json"
    with serving(in_turn(Answer(status=500), page([]))) as api:
        monkeypatch.setenv("COMPANY_ACTIVITY__API__URL", api.url)
        assert main(["run", *DAY]) == 3
        failed = json.loads(file.read_text("utf-8"))
        assert main(["run", *DAY]) == 0
    assert list(failed) == fields_of(NAMED_IN_OUTCOME)
    assert (failed["exit_code"], failed["ingest_usage_exit_code"], failed["notify_exit_code"]) == (3, 3, 0)
    assert failed["error"] == failed["ingest_usage_error"]
    assert "2025-11-23" in failed["error"]
    good = json.loads(file.read_text("utf-8"))
    assert {value for field, value in good.items() if field != "run_id"} == {0, ""}


@pytest.mark.parametrize("name", ["../run", "a/b", ".run", "run 1", "x" * 101])
def test_a_name_that_leads_elsewhere_is_refused(lake: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *DAY[:-1], name]) == 2
    assert "is no name of a file" in capsys.readouterr().err
    assert not lake.exists()
