"""What a laptop's Spark needs, made once: `python -m company_activity.runtime.local` (called by `make setup`).

The pinned jars are resolved into a cache outside the checkout, one folder per set of pins, and
`.local/spark.conf` is written from `conf/spark/local.conf` with their absolute paths.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from company_activity.errors import CompanyActivityError, RuntimeMissing
from company_activity.runtime.jar_digests import (
    Digests,
    check_jars,
    digests_file,
    known_digests,
    mark_of,
    text_of,
)
from company_activity.runtime.java import spark_line, use_java
from company_activity.settings.loading import conf_dir, home_dir

SET_UP = f"{sys.executable} -m company_activity.runtime.local"  # `make setup` runs it once, an installed wheel never
# The file that marks a folder of jars as fetched to its end; in it, which digests they were compared with.
COMPLETE = "complete"
WRITE_DIGESTS = "--write-digests"
RESOLVE = "from pyspark.sql import SparkSession; SparkSession.builder.getOrCreate().stop()"


def main() -> int:
    """Prepare this machine, or fetch the lines of `jars.yaml` that are named; a second call finds everything done."""
    try:
        use_java()
        if WRITE_DIGESTS in sys.argv:
            write_digests()
            return 0
        if sys.argv[1:]:
            for line in sys.argv[1:]:
                resolved_jars(line)
            return 0
        folder = os.environ.get("COMPANY_ACTIVITY_LOCAL", ".local")
        target = home_dir(os.environ) / folder / "spark.conf"
        template = conf_dir(os.environ) / "spark" / "local.conf"
        write_properties(target, template, resolved_jars())
    except CompanyActivityError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def write_digests() -> None:
    """Write the list of the digests from what is fetched for all lines, whatever the list now says."""
    jars = [jar for line in pinned() for jar in _fetched(pins(line), None)]
    digests_file().write_text(text_of(jars), encoding="utf-8")


def pinned() -> dict[str, list[str]]:
    """The lines of `jars.yaml`, each with its Maven coordinates."""
    path = conf_dir(os.environ) / "spark" / "jars.yaml"
    table: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return table


def pins(line: str = "") -> list[str]:
    """The Maven coordinates of a line of `jars.yaml`, by default that of the pyspark which is installed."""
    line = line or spark_line()
    table = pinned()
    if line not in table:
        raise RuntimeMissing(
            f"no jars are pinned for {line}",
            remedy="add the line to conf/spark/jars.yaml",
        )
    return list(table[line])


def cache_dir() -> Path:
    """`XDG_CACHE_HOME` or `~/.cache`, and our folder in it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "company-activity"


def resolved_jars(line: str = "") -> list[Path]:
    """The jars of a line and what they need, fetched by Spark's resolver on the first call.

    Each call fetches into a folder of its own and renames it: two checkouts may be set up at once.

    Raises:
        RuntimeMissing: if they cannot be fetched, or are not what `jars.sha256` lists.
    """
    return _fetched(pins(line), known_digests())


def _fetched(coordinates: list[str], known: Digests | None) -> list[Path]:
    """The jars, compared with the list where they were not before; without a list they are only fetched."""
    folder = cache_dir() / "jars" / hashlib.sha256(",".join(coordinates).encode()).hexdigest()[:16]
    done = folder / COMPLETE
    mark = mark_of(known) if known is not None else ""
    if not done.is_file():
        print(f"fetching {len(coordinates)} jars and their dependencies into {folder}", flush=True)
        own = folder.with_name(f"{folder.name}.{os.getpid()}")
        _resolve(coordinates, own)
        _compare(own, known, is_new=True)
        (own / done.name).write_text(mark, encoding="ascii")
        _put_in_place(own, folder)
    elif known is not None and done.read_text(encoding="ascii") != mark:
        _compare(folder, known)
        done.write_text(mark, encoding="ascii")
    return _jars_in(folder)


def _compare(folder: Path, known: Digests | None, *, is_new: bool = False) -> None:
    if known is None:
        return
    try:
        check_jars(_jars_in(folder), known)
    except RuntimeMissing:
        if is_new:
            shutil.rmtree(folder)
        raise


def _jars_in(folder: Path) -> list[Path]:
    return sorted((folder / "jars").glob("*.jar"))


def _resolve(coordinates: list[str], folder: Path) -> None:
    arguments = [
        "--packages",
        ",".join(coordinates),
        "--conf",
        f"spark.jars.ivy={folder}",
        "--master",
        "local[1]",
    ]
    environment = os.environ | {"PYSPARK_SUBMIT_ARGS": " ".join([*arguments, "pyspark-shell"])}
    ran = subprocess.run(  # noqa: S603 — this Python, without a shell
        [sys.executable, "-c", RESOLVE],
        env=environment,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        log = folder / "resolve.log"
        folder.mkdir(parents=True, exist_ok=True)
        log.write_text(ran.stdout + ran.stderr, encoding="utf-8")
        raise RuntimeMissing(
            "the jars could not be fetched",
            remedy=f"see {log}; check the network and run again",
        )


def _put_in_place(own: Path, folder: Path) -> None:
    """Rename what was fetched, unless another set-up was first; what one left unfinished gives way."""
    if not (folder / COMPLETE).is_file():
        shutil.rmtree(folder, ignore_errors=True)
    try:
        own.rename(folder)
    except OSError:
        shutil.rmtree(own)


def write_properties(target: Path, template: Path, jars: list[Path]) -> None:
    """Write the properties file that both spark-submit and our own session start with."""
    added = {
        "spark.jars": ",".join(map(str, jars)),
        "spark.pyspark.python": sys.executable,
        "spark.pyspark.driver.python": sys.executable,
        "spark.sql.warehouse.dir": str(target.parent / "spark-warehouse"),
    }
    log4j = template.with_name("log4j2.properties").resolve()
    text = template.read_text(encoding="utf-8").replace("${log4j}", str(log4j))
    lines = [text, "# Added by company_activity.runtime.local: paths of this machine."]
    lines += [f"{key} {value}" for key, value in added.items()]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
