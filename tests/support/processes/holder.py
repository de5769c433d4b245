"""Another process that holds a lake."""

from __future__ import annotations

import os
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


LEASED = """
import sys, time
from support.processes import leased_run
from company_activity.io.lake import lock
from company_activity.io.storage import blob_lease
from company_activity.io.storage.folder import Folder
blob_lease.LEASE_SECONDS = leased_run.LEASE_SECONDS
Folder.lease = leased_run.leased_at(sys.argv[2])
with lock.lake_lock(sys.argv[1], 0, files=Folder(None, "")):
    print("held", flush=True)
    time.sleep(60)
"""


def lease_elsewhere(root: str, connection: str) -> subprocess.Popen[str]:
    """Another process that holds a lake in a blob store until it is killed."""
    tests = Path(__file__).resolve().parents[2]
    words = [sys.executable, "-c", LEASED, root, connection]
    other = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(tests)})
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other
