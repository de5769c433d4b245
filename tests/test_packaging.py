"""The wheel: one import name, with the settings and the DDL that it needs and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[1]


def test_the_wheel_holds_the_package_its_conf_and_its_sql(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"company_activity"}
    held = {name for name in names if not name.endswith((".py", "/"))}
    sources = {
        f"company_activity/{p.relative_to(ROOT)}" for folder in ("conf", "sql") for p in (ROOT / folder).rglob("*.*")
    }
    assert sources <= held | set(names)
    package = ROOT / "lib"
    assert {str(p.relative_to(package)) for p in (package / "company_activity").rglob("*.py")} <= set(names)
    assert "company_activity/report/templates/report.html.j2" in names
    assert "company_activity/py.typed" in names
