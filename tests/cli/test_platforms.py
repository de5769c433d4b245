"""A failed run looks failed and a good one good to each platform that starts it, in the way in which that one looks.

Databricks calls a wheel's entry point and ignores what it returns; it runs a script, and takes `SystemExit(0)` for a
failure. Everywhere else the exit code of the process is looked at.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from company_activity import errors
from company_activity.cli.main import RunFailed, main

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.integration

WHEEL_TASK = """
import sys
from importlib.metadata import entry_points
(entry,) = entry_points(group="console_scripts", name="company-activity")
task = entry.load()
"""
PYTHON_TASK = f"""
import runpy, sys
def task():
    runpy.run_path({str(ROOT / "jobs" / "run_daily.py")!r}, run_name="__main__")
"""
JUDGED = """
try:
    task()
except BaseException as error:
    print(f"FAILED {type(error).__name__}: {error}")
else:
    print("SUCCEEDED")
"""
GOOD = ["--date", "2025-11-23", "--dry-run"]
BAD = ["--date", "2999-01-01"]
ON_DATABRICKS = {"DATABRICKS_RUNTIME_VERSION": "17.3"}


def started(
    command: list[str], folder: Path, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    places = {
        "COMPANY_ACTIVITY__LANDING__ROOT": f"file:{folder / 'landing'}",
        "COMPANY_ACTIVITY__LAKE__ROOT": f"file:{folder / 'lake'}",
        "COMPANY_ACTIVITY__REPORT__DIR": f"file:{folder / 'reports'}",
        "COMPANY_ACTIVITY__NOTIFY__FILE": f"file:{folder / 'outbox'}",
    }
    environment = os.environ | places | (environ or {})
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("task", "command"), [(WHEEL_TASK, ["run"]), (PYTHON_TASK, [])], ids=["wheel", "script"])
def test_databricks_sees_a_good_run_return_and_a_failed_one_raise(
    task: str, command: list[str], tmp_path: Path
) -> None:
    good = started(["-c", task + JUDGED, *command, *GOOD], tmp_path, ON_DATABRICKS)
    assert good.stdout.splitlines()[-1] == "SUCCEEDED", good
    bad = started(["-c", task + JUDGED, *command, *BAD], tmp_path, ON_DATABRICKS)
    assert "FAILED RunFailed: exit code 2" in bad.stdout, bad
    assert "UsageError: 2999-01-01" in bad.stderr


def test_elsewhere_the_exit_code_tells(tmp_path: Path) -> None:
    script = str(ROOT / "jobs" / "run_daily.py")
    assert [started([script, *arguments], tmp_path).returncode for arguments in (GOOD, BAD)] == [0, 2]


def test_on_databricks_a_script_s_failure_is_its_process_s_as_well(tmp_path: Path) -> None:
    done = started([str(ROOT / "jobs" / "run_daily.py"), *BAD], tmp_path, ON_DATABRICKS)
    assert done.returncode != 0
    assert done.stderr.strip().startswith("UsageError: 2999-01-01")


def test_each_exit_code_is_raised_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(*next(iter(ON_DATABRICKS.items())))
    for kind in (errors.CompanyActivityError, errors.SettingsError, errors.GateRefused, errors.Undelivered):
        with monkeypatch.context() as patch:
            patch.setattr("company_activity.cli.main.cli.main", raising(kind))
            with pytest.raises(RunFailed, match=f"exit code {kind.exit_code},"):
                main(["run"])


def raising(kind: type[errors.CompanyActivityError]) -> Callable[..., int]:
    def command(*given: object, **named: object) -> int:
        raise kind("what")

    return command
