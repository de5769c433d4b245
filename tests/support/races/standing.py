"""Wait until a run stands where it was told to."""

from __future__ import annotations

import time
from pathlib import Path

from support.processes.leased_run import STANDS
from support.races.at_once import Started


def wait_until_it_stands(marks: Path, run: Started) -> None:
    """Wait until the run's mark is there.

    Raises:
        AssertionError: if it ends before, with what it said.
    """
    while not (marks / STANDS).exists():
        assert run.process.poll() is None, run.told()
        time.sleep(0.1)
