"""The wheel: one import name, with the settings and the DDL that it needs and nothing else, the same bytes from any clone."""

from __future__ import annotations

import configparser
import email
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from email.message import Message
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[1]
GIT = ("git", "-c", "user.name=tests", "-c", "user.email=tests@localhost")
# It says nothing of folders, whether the tests were started by make or not.
MAKE_WHEEL = ("make", "--no-print-directory", "wheel", f"BIN={Path(sys.executable).parent}")


def run(*command: str, cwd: Path, umask: int = 0o022, environ: Mapping[str, str] | None = None) -> str:
    """What a command prints; it runs as in a shell with this umask."""
    done = subprocess.run(
        command, cwd=cwd, umask=umask, env=os.environ | dict(environ or {}), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_a_clone() -> bool:
    return subprocess.run(("git", "rev-parse"), cwd=ROOT, capture_output=True).returncode == 0


def build(clone: Path, umask: int = 0o022, **environ: str) -> Path:
    """What `make wheel` leaves in `dist`, with the tools of the environment that runs this test."""
    run(*MAKE_WHEEL, cwd=clone, umask=umask, environ=environ)
    (wheel,) = (clone / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone of the last commit, with one more commit: a file deep under `conf/deploy`."""
    if not is_a_clone():
        pytest.skip("not a clone: `make wheel` builds a commit")
    clone = tmp_path_factory.mktemp("one") / "clone"
    run(*GIT, "clone", "--quiet", str(ROOT), str(clone), cwd=ROOT)
    deep = clone / "conf" / "deploy" / "platform" / "pipelines" / "daily.json"
    deep.parent.mkdir(parents=True)
    deep.write_text("{}", "utf-8")
    run(*GIT, "add", "--force", str(deep), cwd=clone)
    run(*GIT, "commit", "--quiet", "--message", "deploy", cwd=clone)
    return clone


@pytest.fixture(scope="module")
def wheel(clone: Path) -> Path:
    return build(clone)


@pytest.mark.long
def test_the_wheel_holds_the_package_its_conf_and_its_sql_and_nothing_else(clone: Path, wheel: Path) -> None:
    tracked = run("git", "ls-files", cwd=clone).splitlines()
    package = {name.removeprefix("lib/") for name in tracked if name.startswith("lib/company_activity/")}
    data = {f"company_activity/{name}" for name in tracked if name.startswith(("conf/", "sql/"))}
    deployment = {
        name for name in data if name.startswith(("company_activity/conf/deploy/", "company_activity/conf/locks/"))
    }
    assert "company_activity/conf/deploy/platform/pipelines/daily.json" in deployment
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == package | data - deployment
    assert {"company_activity/py.typed", "company_activity/conf/base.yaml"} < held


@pytest.mark.long
def test_it_names_itself_and_what_it_requires_as_setup_cfg_does(clone: Path, wheel: Path) -> None:
    version = run(sys.executable, "-c", "import company_activity as ours; print(ours.__version__)", cwd=clone / "lib")
    assert wheel.name == f"company_activity-{version.strip()}-py3-none-any.whl"
    told = metadata_of(wheel)
    assert (told["Name"], told["Version"], told["Requires-Python"]) == ("company-activity", version.strip(), ">=3.11")
    declared = configparser.ConfigParser()
    declared.read(clone / "setup.cfg", "utf-8")
    required = [line for line in told.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert required == declared["options"]["install_requires"].split()


def metadata_of(wheel: Path) -> Message:
    """The wheel's METADATA."""
    with zipfile.ZipFile(wheel) as held:
        (name,) = (name for name in held.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(held.read(name))


@pytest.mark.long
def test_another_clone_with_other_modes_times_and_strays_gives_the_same_bytes(
    clone: Path, wheel: Path, tmp_path: Path
) -> None:
    other = tmp_path / "a clone of another name"
    run("git", "clone", "--quiet", str(clone), str(other), cwd=tmp_path, umask=0o077)
    for file in other.rglob("*.yaml"):
        os.utime(file, (981_173_106, 981_173_106))  # 2001
    (other / "conf" / "mine.yaml").write_text("api: {key: secret}\n", "utf-8")
    (other / "build" / "lib" / "company_activity").mkdir(parents=True)
    (other / "build" / "lib" / "company_activity" / "of_before.py").write_text("", "utf-8")
    run("git", "config", "core.autocrlf", "true", cwd=other)
    again = build(other, umask=0o077, TZ="Asia/Tokyo")
    assert hashlib.sha256(again.read_bytes()).hexdigest() == hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.mark.long
def test_two_builds_at_once_do_not_meet(clone: Path, wheel: Path) -> None:
    expected = hashlib.sha256(wheel.read_bytes()).hexdigest()
    both = [
        subprocess.Popen(MAKE_WHEEL, cwd=clone, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(2)
    ]
    said = [one.communicate()[0].decode() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert [line.split()[0] for line in said] == [expected, expected]
    assert list((clone / ".local").iterdir()) == []


@pytest.mark.long
def test_its_files_are_of_the_time_that_is_given(clone: Path) -> None:
    of_2024 = build(clone, SOURCE_DATE_EPOCH="1711929600")
    assert {file.date_time for file in zipfile.ZipFile(of_2024).infolist()} == {(2024, 4, 1, 0, 0, 0)}


def test_without_a_commit_it_says_so_in_one_line_and_builds_nothing(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (tmp_path / "dist").mkdir()
    environ = os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    done = subprocess.run(MAKE_WHEEL, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.returncode == 2
    told, *_ = done.stderr.splitlines()
    assert told == "not a clone: the wheel is built from a commit"
    assert list((tmp_path / "dist").iterdir()) == []


@pytest.mark.long
def test_a_file_that_git_does_not_know_is_told_and_what_else_lies_in_dist_is_kept(clone: Path) -> None:
    """`dist` has copies of the deployment too, with somebody's names filled in."""
    filled_in = clone / "dist" / "synapse" / "mine.json"
    filled_in.parent.mkdir(parents=True)
    filled_in.write_text("{}", "utf-8")
    module = clone / "lib" / "company_activity" / "not_added.py"
    module.write_text("", "utf-8")
    done = subprocess.run(MAKE_WHEEL, cwd=clone, capture_output=True, text=True)
    module.unlink()
    assert done.returncode == 0, done.stderr
    assert "uncommitted changes are not in the wheel" in done.stderr.splitlines()
    assert filled_in.exists()


TOP = {
    *("jobs", "lib", "conf", "sql", "samples", "tests", "notebooks", ".ci"),
    *("setup.cfg", "pyproject.toml", "Makefile", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"),
    *(".gitignore", ".pre-commit-config.yaml", ".sqlfluff"),
}


def test_nothing_that_a_run_wrote_is_in_the_repository() -> None:
    """A path that is taken for a relative one makes a folder such as `file:` where the tests were started."""
    if not is_a_clone():
        pytest.skip("not a clone")
    listed = run("git", "ls-files", cwd=ROOT).splitlines()
    assert {name.partition("/")[0] for name in listed} - TOP == set()
