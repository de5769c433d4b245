"""Run a command and count what its whole process tree takes; the result is a file of JSON.

    python tree.py [--cap-mib N] FIGURES COMMAND…

A process of its own, which becomes the parent of whatever the command leaves behind (a JVM outlives the Python that
started it). So nothing is lost: each process is waited for, and the kernel adds up the CPU seconds. With a cap the
proportional memory (PSS) of the tree is sampled, and the tree is ended when it passes the cap.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

SET_CHILD_SUBREAPER = 36  # of prctl(2)
SAMPLE_SECONDS = 0.25
PATIENCE_SECONDS = 60  # for what still runs after the command's own process has ended
OVER_THE_CAP = 137


class Watcher:
    """Samples the memory of this process's descendants, and ends them at the cap."""

    def __init__(self, cap_mib: float) -> None:
        self.cap_mib = cap_mib
        self.peak_mib = 0.0
        self.has_ended_it = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            now_mib = sum(map(pss_mib, descendants(os.getpid())))
            self.peak_mib = max(self.peak_mib, now_mib)
            if now_mib > self.cap_mib:
                self.has_ended_it = True
                end(descendants(os.getpid()))


def descendants(root: int) -> list[int]:
    """The living processes below one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            children.setdefault(parent_of(int(entry.name)), []).append(int(entry.name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def parent_of(pid: int) -> int:
    """The parent of a process; -1 where the process is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return -1
    return int(stat.rpartition(")")[2].split()[1])


def pss_mib(pid: int) -> float:
    """The memory of a process, each page that it shares divided by how many share it; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def end(pids: list[int]) -> None:
    """Kill these processes."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


@dataclass
class Used:
    """What ended processes have used: CPU seconds, and the most memory (RSS) that any one of them had."""

    cpu: float = 0.0
    max_rss_mib: float = 0.0

    def add(self, used: resource.struct_rusage) -> None:
        self.cpu += used.ru_utime + used.ru_stime
        self.max_rss_mib = max(self.max_rss_mib, used.ru_maxrss / 1024)


def wait_for_all(total: Used) -> None:
    """Wait until no child is left, and add what they used. What does not end in time is killed."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            pid, _, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid:
            total.add(used)
            continue
        if time.monotonic() > deadline:
            end(descendants(os.getpid()))
        time.sleep(0.01)


def run(command: list[str], cap_mib: float | None) -> dict[str, float]:
    """The figures of a command that has run."""
    ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    watcher = Watcher(cap_mib) if cap_mib else None
    began = time.perf_counter()
    started = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: end(descendants(os.getpid())))
    if watcher:
        watcher.start()
    _, status, used = os.wait4(started.pid, 0)
    wall = time.perf_counter() - began
    total = Used()
    total.add(used)
    wait_for_all(total)
    figures = {**asdict(total), "wall": wall, "exit_code": os.waitstatus_to_exitcode(status)}
    if watcher:
        watcher.stop()
        figures["peak_mib"] = watcher.peak_mib
        if watcher.has_ended_it:
            figures["exit_code"] = OVER_THE_CAP
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cap-mib", type=float)
    parser.add_argument("figures", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    figures = run(given.command, given.cap_mib)
    given.figures.write_text(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
