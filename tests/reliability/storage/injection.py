"""One system call of a process that fails, as a disk would make it fail: by strace.

A first telling of a story lists the calls that write below a folder; in each further one such a call fails.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from reliability.storage.stories import Given

TESTS = Path(__file__).resolve().parents[2]
# What changes a disk; of `openat` what makes a file, or opens a folder to make it durable.
WRITES = (
    *("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "openat", "mkdir", "rmdir", "flock"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat"),
)
OPENS = re.compile(r"O_CREAT|O_TRUNC|O_RDONLY\|O_CLOEXEC\|O_DIRECTORY")
LINE = re.compile(r"(?P<name>\w+)\((?P<on>.*)\) += (?P<result>.*)")
RANDOM = re.compile(r"[0-9a-f]{32}|, \d+$")  # of a draft's name; and a length: a record tells of seconds
SECONDS = 60


@dataclass(frozen=True)
class Call:
    """A call that writes: the `nth` of its kind below the folder, the `place`th of the process, and on what."""

    name: str
    nth: int
    place: int
    on: str

    @property
    def key(self) -> str:
        """What names it in its story."""
        return f"{self.name}:{self.nth}"


@dataclass(frozen=True)
class Ended:
    """How a story ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Teller:
    """A process that forks one for each story; strace holds the fork from its first call on."""

    process: subprocess.Popen[str]
    strace: str

    def calls(self, name: str, given: Given) -> tuple[Ended, list[Call]]:
        """Tell a story; the calls with which it wrote below its place, in their order."""
        ended, lines = self._traced(name, given, [f"trace={','.join(WRITES)}"])
        return ended, list(_below(given.root, lines))

    def with_one_failing(self, name: str, given: Given, call: Call, error: str) -> Ended:
        """Tell a story in which this call fails; it must be the very one that was listed."""
        inject = f"inject={call.name}:error={error}:when={call.place}"
        ended, lines = self._traced(name, given, [f"trace={call.name}", inject])
        failed = [line for line in lines if "(INJECTED)" in line]
        assert len(failed) == 1, f"{call} did not fail: {failed or ended.err}"
        seen = LINE.fullmatch(failed[0])
        assert seen, failed
        assert _plain(seen["on"], given.root) == call.on, f"another call failed than was listed: {failed[0]}"
        return ended

    def _traced(self, name: str, given: Given, expressions: Sequence[str]) -> tuple[Ended, list[str]]:
        asked, answers = self.process.stdin, self.process.stdout
        assert asked
        assert answers
        log = given.root.with_suffix(".calls")
        asked.write(json.dumps([name, str(given.root), given.api, given.run_id]) + "\n")
        asked.flush()
        fork = int(answers.readline())
        _wait_for(fork, "State", "T")
        options = [option for one in expressions for option in ("-e", one)]
        tracer = subprocess.Popen([self.strace, "-qq", "-y", "-s", "0", "-o", log, *options, "-p", str(fork)])
        _wait_for(fork, "TracerPid", str(tracer.pid))
        os.kill(fork, signal.SIGCONT)
        code = int(answers.readline())
        tracer.wait(SECONDS)
        out, err = (given.root.with_suffix(ending).read_text(encoding="utf-8") for ending in (".out", ".err"))
        return Ended(code, out, err), log.read_text(encoding="utf-8").splitlines()


@contextmanager
def teller() -> Iterator[Teller]:
    """A running one; the test is skipped where there is no strace."""
    strace = shutil.which("strace")
    if not strace:
        pytest.skip("NO STRACE: system calls that fail are NOT tested; install it with: apt-get install strace")
    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "lib"), str(TESTS.parent / "samples")])
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("teller.py"))],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Teller(process, strace)


def _wait_for(process: int, field: str, value: str) -> None:
    """Wait until the system says this of a process."""
    ends = time.monotonic() + SECONDS
    status = Path(f"/proc/{process}/status")
    while not re.search(rf"^{field}:\t{value}\b", status.read_text(encoding="utf-8"), re.MULTILINE):
        assert time.monotonic() < ends, f"process {process} has never {field} {value}"
        time.sleep(0.001)


def _below(folder: Path, lines: Sequence[str]) -> Iterator[Call]:
    places: Counter[str] = Counter()
    nths: Counter[str] = Counter()
    for seen in filter(None, map(LINE.fullmatch, lines)):
        name, on = seen["name"], seen["on"]
        places[name] += 1
        if f"{folder}/" in on and (name != "openat" or OPENS.search(on)):
            nths[name] += 1
            yield Call(name, nths[name], places[name], _plain(on, folder))


def _plain(on: str, folder: Path) -> str:
    """A call's arguments without what differs from one telling to the next."""
    return RANDOM.sub("…", on.replace(str(folder), ""))
