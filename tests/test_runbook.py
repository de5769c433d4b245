"""The runbook: its shell blocks are run, in order, on the samples; each command ends with the exit code that stands beside it, else 0."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from company_activity.cli.main import COMMANDS, cli

ROOT = Path(__file__).parents[1]
RUNBOOK = ROOT / "jobs" / "RUNBOOK.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"#.*\bexit (\d+)\b")
OURS = "company-activity"


@dataclass(frozen=True)
class Line:
    """A command of the runbook, its line number, and the exit code it ends with."""

    number: int
    text: str

    @property
    def exit_code(self) -> int:
        expected = EXPECTED.search(self.text)
        return int(expected[1]) if expected else 0

    @property
    def arguments(self) -> list[str]:
        """What follows our command's name; empty if the line has another command."""
        words = shlex.split(self.text, comments=True)
        return words[words.index(OURS) + 1 :] if OURS in words else []


def lines() -> list[Line]:
    """The commands of all blocks."""
    text = RUNBOOK.read_text(encoding="utf-8")
    found = []
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1)) + 1
        found += [Line(first + number, line) for number, line in enumerate(block[1].splitlines()) if line.strip()]
    return found


def script() -> str:
    """All commands as one script that tells each line and its exit code, and stops at the first that differs."""
    parts = ["set -u"]
    for line in lines():
        parts += [
            f"echo {shlex.quote(f'>> {line.number}: {line.text}')}",
            line.text,
            f'code=$?; [ $code = {line.exit_code} ] || {{ echo ">> line {line.number} ended with $code"; exit 99; }}',
        ]
    return "\n".join(parts) + "\n"


def test_every_command_of_the_runbook_can_be_given() -> None:
    ours = [line.arguments for line in lines() if line.arguments]
    assert {words[0] for words in ours} >= set(COMMANDS) - {"report"}
    for name, *given in ours:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, name
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in given if word.startswith("--")} <= known, (name, given)


def test_every_link_of_the_runbook_has_its_heading() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


@pytest.mark.spark
@pytest.mark.long
@pytest.mark.nightly
def test_the_runbook_runs_from_an_empty_folder(tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("COMPANY_ACTIVITY_")}
    environ = own | {"TMPDIR": str(tmp_path), "HOME": os.environ["HOME"]}
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    told = subprocess.run(["bash", "-c", script()], cwd=ROOT, env=environ, capture_output=True, text=True)
    print(told.stdout, told.stderr, sep="\n")
    assert told.returncode == 0, "\n".join((told.stdout + told.stderr).splitlines()[-40:])
    assert told.stdout.count(">> ") == len(lines())
