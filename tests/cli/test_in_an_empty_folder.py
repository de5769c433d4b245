"""The command as it is installed, in a folder that holds nothing: `make parity` runs this from the wheel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from company_activity.settings.loading import PACKAGE, WHEEL_CONF

pytestmark = pytest.mark.integration
COMMAND = Path(sys.executable).with_name("company-activity")


def run(folder: Path, *command: str) -> str:
    """What a command says in this folder, with no setting but the shipped ones."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COMPANY_ACTIVITY", "API_"))}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_help_lists_the_commands(tmp_path: Path) -> None:
    said = run(tmp_path, str(COMMAND), "--help")
    assert {"run", "plan", "doctor", "migrate"} <= set(said.split())


def test_plan_of_an_empty_landing_writes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    said = run(tmp_path, "env", f"COMPANY_ACTIVITY_HOME={home}", str(COMMAND), "plan", "--date", "2025-11-23")
    assert "2025-11-23" in said
    assert list(tmp_path.rglob("*")) == [home]


def test_what_is_kept_lies_in_the_working_directory_and_not_among_the_packages(tmp_path: Path) -> None:
    code = "from company_activity.settings.loading import load_settings; print(load_settings('local').lake.root)"
    home = tmp_path if WHEEL_CONF.is_dir() else PACKAGE.parents[1]
    assert run(tmp_path, sys.executable, "-c", code).strip() == str(home / ".local" / "lake")
