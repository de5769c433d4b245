"""Each environment is what its lock says, to the byte; the locks hold all that setup.cfg asks for, and all that those need."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reliability.harness.kept import ROOT
from reliability.supply.locks import EXTRAS, LOCKS, installed, locked, required

pytestmark = pytest.mark.row("D1")


def test_there_is_a_lock_for_each_environment_of_the_makefile_and_no_other() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    written = dict(pair.split("=") for pair in re.findall(r"^LOCKED := (.*)$", makefile, re.MULTILINE)[0].split())
    assert {name: tuple(extras.split(",")) for name, extras in written.items()} == EXTRAS
    assert {path.stem for path in LOCKS.glob("*.txt")} == {*EXTRAS, "build"}
    assert set(re.findall(r"^\t\$\(call install,\S+,(\w+)\)", makefile, re.MULTILINE)) == EXTRAS.keys() - {"java"}
    assert "-e '.[" not in makefile


@pytest.mark.parametrize("lock", [*EXTRAS, "build"])
def test_every_package_has_one_version_and_hashes_and_no_host_is_named(lock: str) -> None:
    assert locked(lock) != []
    assert [one.name for one in locked(lock) if not one.hashes] == []
    assert "://" not in (LOCKS / f"{lock}.txt").read_text("utf-8")


@pytest.mark.parametrize("lock", EXTRAS)
def test_a_lock_holds_what_setup_cfg_asks_for_in_a_version_that_fits(lock: str) -> None:
    found = installed(lock)
    asked = list(required(lock))
    assert len(asked) > 12
    missing = [str(one) for one in asked if canonicalize_name(one.name) not in found]
    assert missing == []
    unfit = [str(one) for one in asked if not one.specifier.contains(found[canonicalize_name(one.name)].version)]
    assert unfit == []


@pytest.mark.parametrize("lock", ["run", "dev"])
def test_a_lock_holds_all_that_its_packages_need(lock: str) -> None:
    """As those say that are installed here; what they ask for is followed to its end."""
    found = installed(lock)
    needed = set(closure(list(required(lock))))
    assert needed - found.keys() == set()
    assert len(needed) > len(found) * 0.8


def closure(wanted: list[Requirement]) -> Iterator[str]:
    """The names of all that these need, and those again."""
    seen = set()
    while wanted:
        one = wanted.pop()
        key = (canonicalize_name(one.name), frozenset(one.extras))
        if key not in seen:
            seen.add(key)
            yield key[0]
            wanted += [each for each in map(Requirement, needs(one.name)) if is_asked(each, one.extras)]


def needs(name: str) -> list[str]:
    """What an installed package says that it needs."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


def is_asked(one: Requirement, extras: set[str]) -> bool:
    """Whether it is needed on this platform, with one of these extras or without any."""
    return one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def wheel_of(folder: Path) -> Path:
    """A package of one module."""
    wheel = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as held:
        held.writestr("tiny.py", "")
        held.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        held.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        held.writestr("tiny-1.0.dist-info/RECORD", "")
    return wheel


def installing(wheel: Path, digest: str) -> subprocess.CompletedProcess[str]:
    """What pip does with a lock of this wheel, as the Makefile calls it; it only says what it would do."""
    lock = wheel.with_name("lock.txt")
    lock.write_text(f"tiny==1.0 \\\n    --hash=sha256:{digest}\n", "utf-8")
    options = ("--dry-run", "--no-index", "--find-links", str(wheel.parent), "--require-hashes", "-r", str(lock))
    return subprocess.run([sys.executable, "-m", "pip", "install", *options], capture_output=True, text=True)


def test_pip_refuses_a_package_of_which_a_byte_was_changed(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert "Would install tiny-1.0" in installing(wheel, digest).stdout
    wheel.write_bytes(wheel.read_bytes().replace(b"tiny.py", b"tinz.py"))
    refused = installing(wheel, digest)
    assert refused.returncode == 1
    assert "DO NOT MATCH THE HASHES" in refused.stderr


def test_pip_refuses_a_package_without_a_hash_beside_one_with(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("tiny==1.0\n", "utf-8")
    options = (
        "--dry-run",
        "--no-index",
        "--find-links",
        str(wheel_of(tmp_path).parent),
        "--require-hashes",
        "-r",
        str(lock),
    )
    refused = subprocess.run([sys.executable, "-m", "pip", "install", *options], capture_output=True, text=True)
    assert refused.returncode == 1
    assert "Hashes are required" in refused.stderr


def test_what_builds_the_project_is_locked_in_the_version_that_it_asks_for() -> None:
    [asked] = re.findall(
        r'^requires = \["setuptools==([\d.]+)"\]', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )
    assert installed("build")["setuptools"].version == asked
