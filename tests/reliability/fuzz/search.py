"""A search in a process of its own, and what libFuzzer says at its end."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass

from reliability.fuzz.folder import Finding, Folder
from reliability.harness.kept import ROOT

EXECUTED = re.compile(r"^stat::number_of_executed_units: +(\d+)", re.MULTILINE)
STATE = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
LAST_CHARACTERS = 2000


@dataclass(frozen=True)
class Outcome:
    """What a search did: inputs tried, edges of ours reached, inputs kept for that; and what it found."""

    seconds: float
    executions: int
    edges: int
    corpus: int
    findings: tuple[Finding, ...]
    code: int
    said: str

    @property
    def is_clean(self) -> bool:
        """Whether it went on to its end, and nothing was found."""
        return self.code == 0 and self.executions > 0 and not self.findings

    @property
    def sentence(self) -> str:
        """How much was tried, in one line."""
        tried = f"{self.executions:,} executions in {self.seconds / 60:.1f} minutes"
        ended = "" if self.code == 0 else f"; libFuzzer ended with {self.code}: {self.said}"
        return f"{tried}, {self.edges:,} edges, corpus {self.corpus:,}, {len(self.findings)} found{ended}"


def searched(name: str, folder: Folder, seconds: int) -> Outcome:
    """Search for so many seconds."""
    began = time.monotonic()
    command = [sys.executable, "-m", "reliability.fuzz.instrumented", name, str(folder.path), str(seconds)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")
    took = time.monotonic() - began
    executed = EXECUTED.search(ran.stderr)
    *_, state = [None, *STATE.finditer(ran.stderr)]
    edges, _, corpus = map(int, state.groups()) if state else (0, 0, 0)
    executions = int(executed[1]) if executed else 0
    said = ran.stderr[-LAST_CHARACTERS:]
    return Outcome(took, executions, edges, corpus, tuple(folder.findings()), ran.returncode, said)
