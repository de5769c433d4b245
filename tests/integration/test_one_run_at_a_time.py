"""Two runs never share a lake: the second waits, or ends with a clear line."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from company_activity.errors import LakeBusy
from company_activity.io.lake.lock import lake_lock

from support.processes.holder import hold_elsewhere


def test_a_lake_that_is_held_is_refused_by_name(tmp_path: Path) -> None:
    other = hold_elsewhere(tmp_path)
    try:
        with (
            pytest.raises(LakeBusy, match=f"process {other.pid}"),
            lake_lock(str(tmp_path), 0.3, on_wait=lambda _: None),
        ):
            pass
    finally:
        other.kill()
        other.wait()


def test_a_second_run_waits_says_so_and_goes_on_when_the_first_is_gone(tmp_path: Path) -> None:
    other, told = hold_elsewhere(tmp_path), list[str]()
    threading.Timer(0.5, other.kill).start()
    with lake_lock(str(tmp_path), 30, on_wait=told.append):
        assert other.wait() != 0
    assert told == [f"waiting for the run of process {other.pid} on {tmp_path} to end"]


def test_the_jvm_of_a_run_holds_a_lock_of_its_own(tmp_path: Path, spark: object) -> None:
    import fcntl

    from company_activity.io.lake import lock

    lock.hold_in_jvm(spark, str(tmp_path))  # type: ignore[arg-type]
    with (tmp_path / ".lock.jvm").open("a") as file, pytest.raises(BlockingIOError):
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # what a Java file lock is on this system
