"""Azurite, Azure's storage emulator, as a fixture: a connection string to an account of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# The emulator's account: its name and key are public and the same everywhere.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
INSTALLED = Path.home() / ".cache/company-activity/node/node_modules/.bin/azurite"


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running Azurite on a free port; the test is skipped where it is not installed."""
    program = Path(os.environ.get("AZURITE") or INSTALLED)
    if not program.exists():
        pytest.skip(f"NO AZURITE at {program}: blob storage is NOT tested; install it with: make azurite")
    port = _free_port()
    folder = tmp_path_factory.mktemp("azurite")
    command = [program, "--blobPort", port, "--queuePort", _free_port(), "--tablePort", _free_port()]
    command += ["--location", folder, "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log)
    try:
        _wait_until_up(port, server, folder / "log")
        endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
        yield f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};BlobEndpoint={endpoint};"
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_up(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"Azurite does not start: {log.read_text(errors='replace')[-2000:]}")
