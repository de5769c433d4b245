"""An audit says what is known against a package, and says so where nobody could be asked; ruff's S rules are clean or explained."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from reliability.harness.kept import ROOT
from reliability.supply.audit import main

pytestmark = pytest.mark.row("D1")
EXPLAINED = re.compile(r"# noqa: S\d+ — \S.*")


def auditor(folder: Path, script: str) -> Path:
    """A program in pip-audit's place."""
    path = folder / "pip-audit"
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("script", "code", "told"),
    [
        ("exit 0", 0, "run: nothing known\n1 of 1 locks were asked about, 0 have something known"),
        ("echo 'Found 1 known vulnerability' >&2; echo requests; exit 1", 1, "run:\nrequests\n"),
        ("echo 'Name or service not known' >&2; exit 1", 0, "NOT ASKED: run: .*: Name or service not known\n"),
        ("exit 1", 0, "NOT ASKED: run: .*: it said nothing\n"),
    ],
    ids=["nothing known", "something known", "no network", "no word"],
)
def test_an_audit_fails_only_on_what_is_known(
    script: str, code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(auditor(tmp_path, script), ("run",)) == code
    said = capsys.readouterr()
    assert re.search(told, said.out + said.err)


def test_without_the_auditor_it_says_that_nobody_was_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(tmp_path / "none", ("run",)) == 0
    assert "NOT ASKED: run" in capsys.readouterr().err


def ruff(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "ruff"), "check", "--no-cache", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_the_security_rules_of_ruff_are_clean(tmp_path: Path) -> None:
    assert "S" in re.findall(
        r'"(\w+)"', re.findall(r"^select = (.*)$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0]
    )
    clean = ruff("--select", "S", "lib", "jobs", "conf", "samples", "tests")
    assert clean.returncode == 0, clean.stdout
    planted = tmp_path / "planted.py"
    planted.write_text("import pickle\n\npickle.loads(b'')\n", "utf-8")
    assert "S301" in ruff("--config", str(ROOT / "pyproject.toml"), "--select", "S", str(planted)).stdout


def test_each_exception_to_them_has_its_reason() -> None:
    texts = [path.read_text("utf-8") for folder in ("lib", "jobs", "conf") for path in (ROOT / folder).rglob("*.py")]
    exceptions = [line for text in texts for line in text.splitlines() if "noqa: S" in line]
    assert len(exceptions) > 5
    assert [line for line in exceptions if not EXPLAINED.search(line)] == []
