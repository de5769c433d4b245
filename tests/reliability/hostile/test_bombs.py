"""Inputs that are small to send and large to read are refused in a sentence, or read: within 64 MB and a minute.

Each is taken by a process of its own, which takes a harmless one of its kind first: what it needs besides is measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reliability.harness.cases import Cases
from reliability.hostile.bombs import BOMBS, CONTROL

pytestmark = pytest.mark.fault

TESTS = Path(__file__).resolve().parents[2]
MOST_KB = 64 * 1024
MOST_SECONDS = 60


def taken(name: str) -> dict[str, Any]:
    """What a process tells of a bomb that it took."""
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "lib")]),
        "API_URL": "http://127.0.0.1:9/usage",
    }
    command = [sys.executable, str(TESTS / "reliability/hostile/bombs.py"), name]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=10 * MOST_SECONDS)
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.row("H2")
def test_a_bomb_is_refused_within_64_mb(cases: Cases) -> None:
    for name in cases.left(BOMBS, short=3):
        with cases.one(name) as notes:
            told = taken(name)
            notes.append(f"{name}: {told['kb'] / 1024:.0f} MB, {told['seconds']:.0f} s")
            assert BOMBS[name].told in told["told"], told
            assert told["kb"] <= MOST_KB, told
            assert told["seconds"] <= MOST_SECONDS, told


def test_what_takes_more_would_be_seen() -> None:
    assert taken(CONTROL)["kb"] > MOST_KB
