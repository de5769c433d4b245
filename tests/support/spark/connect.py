"""A Spark Connect server of our own: a session over it has no JVM, as Databricks' standard compute gives one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from company_activity.runtime.java import use_java
from company_activity.runtime.local import cache_dir, resolved_jars, write_properties

ROOT = Path(__file__).parents[3]
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
START_SECONDS = 240  # with the first fetch of its jar


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """The address of a server (`SPARK_REMOTE`) that lives as long as the context; its log is `connect.log`."""
    use_java()
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    properties = folder / "spark.conf"
    write_properties(properties, ROOT / "conf" / "spark" / "local.conf", resolved_jars())
    command = [
        str(Path(sys.executable).with_name("spark-submit")),
        *("--properties-file", str(properties)),
        *("--packages", f"org.apache.spark:spark-connect_2.12:{version('pyspark')}"),
        *("--conf", f"spark.jars.ivy={cache_dir() / 'jars' / 'connect'}"),
        *("--conf", f"spark.connect.grpc.binding.port={port}"),
        *("--class", SERVER),
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (folder / "connect.log").open("w") as log:
        server = subprocess.Popen(
            [*command, "spark-internal"], env=os.environ | {"PATH": path}, stdout=log, stderr=log, cwd=folder
        )
        try:
            _wait_for(server, port, folder / "connect.log")
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise RuntimeError(f"no Spark Connect server on port {port}: {log.read_text()[-2000:]}")
