"""Commands as processes of their own, started at the same moment, and how each ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

PROGRAM = Path(sys.executable).with_name("company-activity")
Words = tuple[str, ...]
MOST_SECONDS = 1800.0  # ten runs, one after the other, on a busy machine
PATIENT = {"COMPANY_ACTIVITY__LAKE__LOCK_TIMEOUT_SECONDS": str(MOST_SECONDS)}
CODES = range(7)  # that `--help` lists
SENTENCE = re.compile(r"^[A-Z]\w+: \S.* — \S", re.MULTILINE)
BUSY = "LakeBusy: another run (process"


@dataclass(frozen=True)
class Command:
    """What a user gives: the words, so many seconds after the others, with an environment of its own."""

    words: Words
    after: float = 0.0
    environ: Mapping[str, str] = field(default_factory=dict)
    program: Words = (str(PROGRAM),)


@dataclass(frozen=True)
class Ended:
    """How a command ended, and all it printed."""

    words: Words
    code: int
    told: str

    @property
    def is_busy(self) -> bool:
        """Whether it gave up because another run held the lake."""
        return BUSY in self.told

    def check(self) -> None:
        """See that it ended as documented: a code, and a sentence with its remedy where the code is not 0."""
        assert self.code in CODES, self
        assert "Traceback" not in self.told, self
        if self.code:
            assert SENTENCE.search(self.told), self


class Started:
    """A process group with a command in it."""

    def __init__(self, command: Command, environ: Mapping[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_"))}
        self.words = command.words
        self._told: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed by `close`; a pipe would fill
        self.process = subprocess.Popen(
            [*command.program, *command.words],
            env={**kept, **PATIENT, **environ, **command.environ},
            stdout=self._told,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # its JVM is of its group
        )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def told(self) -> str:
        """What it has printed so far."""
        self._told.seek(0)
        return self._told.read().decode("utf-8", "replace")

    def ended(self, seconds: float = MOST_SECONDS) -> Ended:
        """How it ends, which it must within these seconds."""
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.words} has not ended after {seconds:.0f} s:\n{self.told()}") from None
        return Ended(self.words, code, self.told())

    def close(self) -> None:
        """Leave nothing of it behind."""
        self.signal(signal.SIGKILL)
        self.process.wait()
        self._told.close()


@contextmanager
def started(command: Command, environ: Mapping[str, str]) -> Iterator[Started]:
    """A command that runs meanwhile."""
    running = Started(command, environ)
    try:
        yield running
    finally:
        running.close()


def at_once(commands: Sequence[Command], environ: Mapping[str, str]) -> list[Ended]:
    """Start the commands, each when it is due, and wait for all of them."""
    began = time.monotonic()
    running: list[Started] = []
    try:
        for command in sorted(commands, key=lambda command: command.after):
            time.sleep(max(0.0, began + command.after - time.monotonic()))
            running.append(Started(command, environ))
        return [one.ended() for one in running]
    finally:
        for one in running:
            one.close()


def one(words: Words, environ: Mapping[str, str]) -> Ended:
    """A command alone."""
    return at_once([Command(words)], environ)[0]
