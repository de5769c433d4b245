"""A real cluster on this machine: a standalone master and workers, each executor a process of its own.

The workers see no file of the driver's: in their mount namespace the folders that are `hidden` from them are empty,
as they would be on another machine.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark
import pytest

from company_activity.runtime.java import use_java
from company_activity.runtime.local import resolved_jars, write_properties

SPARK = Path(pyspark.__file__).parent
CONF = Path(__file__).resolve().parents[3] / "conf" / "spark" / "local.conf"
HOST = "127.0.0.1"
STARTS_WITHIN_SECONDS = 120
DEPLOY = "org.apache.spark.deploy"
SEES_NOTHING = 'for hidden; do mount -t tmpfs tmpfs "$hidden" || exit 1; done'


@dataclass(frozen=True)
class Cluster:
    """A running master, and the folders in which its workers keep what executors do and say."""

    master: str
    workers: tuple[Path, ...]

    def properties(self, file: Path) -> Path:
        """A properties file for a driver of this cluster, as `make setup` writes one, but for the master."""
        write_properties(file, CONF, resolved_jars())
        added = {
            "spark.master": self.master,
            "spark.driver.host": HOST,
            "spark.driver.memory": "1g",
            "spark.executor.cores": "1",
            "spark.executor.memory": "1g",
            "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        }
        with file.open("a", encoding="utf-8") as text:
            text.writelines(f"{key} {value}\n" for key, value in added.items())
        return file

    def said(self, words: str) -> list[int]:
        """How often each worker's executors said this in their logs."""
        return [
            sum(log.read_text("utf-8", "replace").count(words) for log in worker.glob("app-*/*/stderr"))
            for worker in self.workers
        ]


@contextmanager
def standalone(folder: Path, workers: int, hidden: Collection[Path]) -> Iterator[Cluster]:
    """Start a master and its workers, one core each; all of them and their executors are gone at the end."""
    if not can_hide():
        pytest.skip("NO MOUNT NAMESPACES: executors that see no file of the driver's are NOT tested; run as root")
    with ExitStack() as at_end:
        log = folder / "master.log"
        at_end.enter_context(daemon(folder, log, "master.Master", "--host", HOST, "--port", "0"))
        master = said(log, r"Starting Spark master at (spark://\S+)")
        places = []
        for number in range(workers):
            work, log = folder / f"worker-{number}", folder / f"worker-{number}.log"
            options = ("--host", HOST, "--cores", "1", "--memory", "1g", "--work-dir", str(work))
            process = at_end.enter_context(daemon(folder, log, "worker.Worker", *options, master, hidden=hidden))
            said(log, r"Successfully registered with master (\S+)")
            for one in hidden:
                assert os.listdir(f"/proc/{process}/root{one}") == [], f"a worker sees {one}"
            places.append(work)
        yield Cluster(master, tuple(places))


@contextmanager
def daemon(folder: Path, log: Path, name: str, *arguments: str, hidden: Collection[Path] = ()) -> Iterator[int]:
    """A master or worker with a home of its own, by its process id; at the end it and what it started are killed."""
    home = folder / f"home-of-{log.stem}"
    home.mkdir(parents=True)
    command = [str(SPARK / "bin" / "spark-class"), f"{DEPLOY}.{name}", "--webui-port", "0", *arguments]
    if hidden:
        # The shell takes the folders as its arguments, then becomes the daemon.
        words = " ".join(f"'{word}'" for word in command)
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", f"{SEES_NOTHING}; exec {words}", "sh"]
        command += [str(one) for one in hidden]
    with log.open("wb") as output:
        started = subprocess.Popen(
            command, cwd=home, env=environ_of(home), stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield started.pid
    finally:
        os.killpg(started.pid, signal.SIGKILL)  # a session of its own: the daemon and its executors, nothing else
        started.wait()


def environ_of(home: Path) -> Mapping[str, str]:
    """What a daemon is told: nothing of this process's Spark, and nothing of the project."""
    kept = ("PATH", "LANG", "TZ", "JAVA_TOOL_OPTIONS")
    told = {name: os.environ[name] for name in kept if name in os.environ}
    java = use_java() or os.environ.get("JAVA_HOME")
    if java:
        told["JAVA_HOME"] = str(java)
    return told | {
        "HOME": str(home),
        "SPARK_HOME": str(SPARK),
        "SPARK_CONF_DIR": str(home),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(home / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
    }


def said(log: Path, pattern: str) -> str:
    """What a daemon's log says by the pattern's group, once it does."""
    until = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < until:
        if found := re.search(pattern, log.read_text("utf-8", "replace")):
            return found[1]
        time.sleep(0.2)
    pytest.fail(f"{log.stem} does not start: {log.read_text('utf-8', 'replace')[-3000:]}")


def can_hide() -> bool:
    """Whether a process may be given mounts of its own."""
    if shutil.which("unshare") is None:
        return False
    tried = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0
