"""Another process that holds a lake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HOLDER = """
import sys, time
from company_activity.io.lake.lock import lake_lock
with lake_lock(sys.argv[1], 0):
    print("held", flush=True)
    time.sleep(60)
"""


def hold_elsewhere(root: Path) -> subprocess.Popen[str]:
    """Another process that holds the lake until it is killed."""
    other = subprocess.Popen([sys.executable, "-c", HOLDER, str(root)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other
