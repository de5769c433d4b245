"""A run that reads the sources must know whom it must not read: else it is exit 2, and has touched nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from company_activity.errors import SettingsError
from company_activity.io.landing.tombstones import lay
from company_activity.pipeline import CYCLE, run_steps
from company_activity.records.tombstone import tombstone_of
from company_activity.report.model import RunReport
from company_activity.run import Run
from company_activity.settings.model import EraseSettings, LakeSettings, Secret
from company_activity.steps import start
from company_activity.steps.start import check_start

from support.api.usage_api import numbered, serving
from support.landing.ingest import clock_at, settings_for
from support.landing.pages import DAY

NOW = clock_at("2025-06-01T00:00:00")
KEY = "the key of tombstones"
READ = ("ingest_usage", "stage_usage", "admit_crm", "stage_crm")


@pytest.fixture(autouse=True)
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether there is a Java does not matter here."""
    monkeypatch.setattr(start, "check_java", lambda: None)


def run(folder: Path, key: str | None, url: str = "http://127.0.0.1:9/usage") -> Run:
    settings = replace(
        settings_for(url, folder),
        lake=LakeSettings(str(folder / "lake")),
        erase=EraseSettings(None if key is None else Secret(key)),
    )
    return Run(settings, (DAY,), RunReport("run-1", "test", NOW()), NOW)


def erase(folder: Path, company_id: str) -> None:
    lay(run(folder, KEY).landing, tombstone_of(KEY, company_id), "run-0", NOW())


def landed(folder: Path) -> list[str]:
    """Every file but the tombstones, the lock and the record of the run."""
    files = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return [one for one in files if "_erased/" not in one and not one.startswith(("lake/ops/", "lake/.lock"))]


@pytest.mark.parametrize("key", [None, "secret://nobody-has-it", "another"])
@pytest.mark.parametrize("names", [*((name,) for name in READ), tuple(step.name for step in CYCLE)])
def test_without_the_key_nothing_is_read_or_written(tmp_path: Path, names: tuple[str, ...], key: str | None) -> None:
    erase(tmp_path, "gone")
    crm = tmp_path / "raw/crm/crm_2025-03-01.csv"
    crm.parent.mkdir(parents=True)
    crm.write_text("company_id,name,country,industry_tag,last_contact_at\ngone,G,DE,x,\n", encoding="utf-8")
    with serving(numbered([{"company_id": "gone"}])) as server:
        blind = run(tmp_path, key, server.url)
        run_steps(blind, names)
    [failed] = blind.report.failures
    assert (failed.name, type(failed.error), blind.report.exit_code) == ("start", SettingsError, 2)
    assert "erase.key" in str(failed.error)
    assert server.asked == []
    assert landed(tmp_path) == ["raw/crm/crm_2025-03-01.csv"]


def test_a_run_that_reads_no_source_needs_no_key(tmp_path: Path) -> None:
    erase(tmp_path, "gone")
    check_start(run(tmp_path, None), {"build_companies", "build_activity", "publish", "validate"})


def test_without_tombstones_no_key_is_needed(tmp_path: Path) -> None:
    check_start(run(tmp_path, None), READ)


def test_the_step_drops_what_the_api_sends_of_the_company(tmp_path: Path) -> None:
    erase(tmp_path, "gone")
    with serving(numbered([{"company_id": "gone"}, {"company_id": "a"}])) as server:
        seeing = run(tmp_path, KEY, server.url)
        run_steps(seeing, ["ingest_usage"])
    [step] = seeing.report.steps
    assert (step.outcome, step.counts["records_landed"]) == ("done", 1)
    [part] = [one for one in landed(tmp_path) if one.endswith(".ndjson")]
    assert "gone" not in (tmp_path / part).read_text(encoding="utf-8")


def test_a_run_that_has_laid_one_sees_it_once_it_looks_again(tmp_path: Path) -> None:
    erasing = run(tmp_path, KEY)
    assert erasing.tombstones.are_none
    lay(erasing.landing, tombstone_of(KEY, "gone"), "run-1", NOW())
    assert not erasing.tombstones.covers("gone")
    erasing.forget_tombstones()
    assert erasing.tombstones.covers("gone")
