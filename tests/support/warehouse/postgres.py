"""PostgreSQL as a fixture: a cluster of the test run's own, on a free port, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
import trustme

from support.landing.azurite import _free_port as free_port

# A crash of the machine may take the test's data: waiting for the disk would be most of a test's time.
QUICK = ("-c", "fsync=off")


@dataclass(frozen=True)
class Cluster:
    """A running server; each test gets a database of its own."""

    programs: Path
    port: int

    def new_database(self) -> str:
        """The JDBC URL of an empty database."""
        name = f"test_{uuid4().hex}"
        self.sql(f"CREATE DATABASE {name}", database="postgres")
        return self.url(name)

    def url(self, database: str, port: int | None = None) -> str:
        return f"jdbc:postgresql://127.0.0.1:{port or self.port}/{database}"

    def sql(self, text: str, database: str) -> str:
        """What psql prints for a statement."""
        psql: list[str | Path] = [
            self.programs / "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "postgres",
            "-qtAX",
            "-c",
            text,
        ]
        done = subprocess.run([*psql, database], check=True, capture_output=True, text=True)
        return done.stdout.strip()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL of this test run; the test is skipped where none is installed."""
    if (programs := installed()) is None:
        pytest.skip("NO POSTGRESQL: publishing to it is NOT tested; install it with: apt-get install postgresql")
    with running(programs, QUICK) as cluster:
        yield cluster


def installed() -> Path | None:
    """The folder of the newest `initdb` on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def running(
    programs: Path, options: tuple[str, ...] = (), certificate: trustme.LeafCert | None = None
) -> Iterator[Cluster]:
    """Start a cluster, and stop and forget it at the end; with a certificate it offers TLS."""
    # root must not run a server: the packaged user does
    user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    with TemporaryDirectory(prefix="postgres-", dir="/tmp") as folder:
        if user:
            shutil.chown(folder, "postgres", "postgres")
        port, data = free_port(), f"{folder}/data"
        settings = ["-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1", *options]
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w"]
        quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **user}
        subprocess.run(initdb, **quiet)
        if certificate:
            key = Path(data, "server.pem")
            key.write_bytes(certificate.private_key_and_cert_chain_pem.bytes())
            key.chmod(0o600)
            if user:
                shutil.chown(key, "postgres", "postgres")
            settings += ["-c", "ssl=on", "-c", f"ssl_cert_file={key}", "-c", f"ssl_key_file={key}"]
        subprocess.run([*control, "-l", f"{folder}/log", "-o", " ".join(settings), "start"], **quiet)
        try:
            yield Cluster(programs, port)
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
