"""The wheel: one import name, with the settings and the DDL that it needs and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """What the wheel is built from, without a `build/` of an earlier time: setuptools packs what it finds there."""
    source = tmp_path / "source"
    for folder in ("lib", "conf", "sql"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for file in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    return source


def test_the_wheel_holds_the_package_its_conf_and_its_sql(clean: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(tmp_path), str(clean)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"company_activity"}
    held = {name for name in names if not name.endswith((".py", "/"))}
    sources = {
        f"company_activity/{p.relative_to(ROOT)}" for folder in ("conf", "sql") for p in (ROOT / folder).rglob("*.*")
    }
    deployment = {name for name in sources if name.startswith("company_activity/conf/deploy/")}
    assert "company_activity/conf/deploy/README.md" in deployment
    assert sources - deployment <= held | set(names)
    assert [name for name in names if "/deploy/" in name] == []
    package = ROOT / "lib"
    assert {str(p.relative_to(package)) for p in (package / "company_activity").rglob("*.py")} <= set(names)
    assert "company_activity/report/templates/report.html.j2" in names
    assert "company_activity/py.typed" in names


TOP = {
    *("jobs", "lib", "conf", "sql", "samples", "tests", "notebooks", ".ci"),
    *("setup.cfg", "pyproject.toml", "Makefile", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"),
    *(".gitignore", ".pre-commit-config.yaml", ".sqlfluff"),
}


def test_nothing_that_a_run_wrote_is_in_the_repository() -> None:
    """A path that is taken for a relative one makes a folder such as `file:` where the tests were started."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=False, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a clone")
    assert {name.partition("/")[0] for name in listed.stdout.splitlines()} - TOP == set()
