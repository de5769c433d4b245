"""Azurite, Azure's storage emulator, and what it was asked for."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import unquote

import pytest

# The emulator's account: its name and key are public and the same everywhere.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
INSTALLED = Path.home() / ".cache/company-activity/node/node_modules/.bin/azurite"
QUIET_SECONDS = 0.3
WASB_PORT = 10000  # the one that Hadoop's wasb driver knows
REQUEST = re.compile(r'"(?P<method>[A-Z]+) (?P<path>[^ ?"]*)\??(?P<query>[^ "]*) HTTP/[^"]*" (?P<status>\d{3})')


@dataclass(frozen=True)
class Request:
    """One request that the emulator answered."""

    method: str
    path: str
    query: str
    status: int

    @property
    def kind(self) -> str:
        """What it was for: a listing, a table's log, a table's rows, or another file; and whether it was only looked at."""
        if "comp=list" in self.query:
            return "listing"
        place = "log" if "/_delta_log" in self.path else "rows" if self.path.endswith(".parquet") else "file"
        verb = {"GET": "read", "HEAD": "look at"}.get(self.method, "write")
        return f"{verb} {place}"


@dataclass(frozen=True)
class Emulator:
    """A running Azurite, with its access log."""

    port: int
    log: Path

    @property
    def connection(self) -> str:
        """The connection string of its account."""
        endpoint = f"http://127.0.0.1:{self.port}/{ACCOUNT}"
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};BlobEndpoint={endpoint};"

    @contextmanager
    def counted(self) -> Iterator[list[Request]]:
        """The requests that are answered meanwhile; filled at the end."""
        before = self._written()
        found: list[Request] = []
        yield found
        self._written()
        with self.log.open("rb") as log:
            log.seek(before)
            text = log.read().decode("utf-8", "replace")
        for one in REQUEST.finditer(text):
            found.append(Request(one["method"], unquote(one["path"]), one["query"], int(one["status"])))

    def _written(self) -> int:
        """The log's size once it has stopped growing: a request is logged after it was answered."""
        size = -1
        while (now := self.log.stat().st_size) != size:
            size = now
            time.sleep(QUIET_SECONDS)
        return size


def kinds(requests: list[Request]) -> Counter[str]:
    """How many requests there were of each kind."""
    return Counter(request.kind for request in requests)


@contextmanager
def emulating(folder: Path, port: int = 0) -> Iterator[Emulator]:
    """Azurite on a port, a free one if none is named; the test is skipped where it is not installed."""
    program = Path(os.environ.get("AZURITE") or INSTALLED)
    if not program.exists():
        pytest.skip(f"NO AZURITE at {program}: blob storage is NOT tested; install it with: make azurite")
    port = port or _free_port()
    log = folder / "log"
    command = [program, "--blobPort", port, "--queuePort", _free_port(), "--tablePort", _free_port()]
    command += ["--location", folder, "--skipApiVersionCheck", "--disableTelemetry"]
    with log.open("wb") as out:
        server = subprocess.Popen([str(word) for word in command], stdout=out, stderr=out)
    try:
        _wait_until_up(port, server, log)
        yield Emulator(port, log)
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of a running Azurite."""
    with emulating(tmp_path_factory.mktemp("azurite")) as emulator:
        yield emulator.connection


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def wasb_port(untested: str) -> int:
    """The one port of the emulator that `wasb://` knows; where it is taken the test is skipped, and says what is not tested."""
    if not is_free(WASB_PORT):
        pytest.skip(f"{untested}: port {WASB_PORT}, the one wasb knows, is taken")
    return WASB_PORT


@contextmanager
def wasb_alone(untested: str) -> Iterator[int]:
    """That one port, for as long as it is needed: other tests of ours wait; where a stranger has it the test is skipped."""
    with Path(gettempdir(), "company-activity.wasb.lock").open("a") as turns:
        fcntl.flock(turns, fcntl.LOCK_EX)
        yield wasb_port(untested)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_up(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if not is_free(port):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"Azurite does not start: {log.read_text(errors='replace')[-2000:]}")
