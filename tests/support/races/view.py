"""What a place holds, read without Spark: every table's rows, what SQL serves, the ledger, the landing.

Two places that came to the same end by different ways have the same view. Rows are read from the Parquet files that a
table's log names, SQL by H2's own shell or by psql: nothing of ours stands between them and the judge but the names.
"""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

from pyarrow import parquet

from company_activity.io.lake.delta_log import open_log
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.folder import Folder, lake_folder
from company_activity.io.storage.opening import open_storage
from company_activity.io.warehouse.served import SERVED_TABLES
from company_activity.runtime.local import resolved_jars
from company_activity.schemas import TABLES, Table

from support.cycle.place import Place
from support.lake.content import NAMES_OF_PARTS

Rows = tuple[str, ...]
LEDGER = "SELECT table_name, scope, content_hash FROM etl.publish_ledger ORDER BY table_name, scope, seq"


@dataclass(frozen=True)
class View:
    """By table its rows as text, sorted; the newest content that the ledger has of each scope; what has landed of each date."""

    lake: Mapping[str, Rows]
    served: Mapping[str, Rows]
    published: Mapping[str, str]
    landed: Mapping[str, tuple[int, str]]

    def differs_from(self, other: View) -> list[str]:
        """Where two views differ: names of tables, scopes and dates; the first line that one of them has alone."""
        found = []
        for mine, theirs in ((self.lake, other.lake), (self.served, other.served)):
            for name in sorted(mine.keys() | theirs.keys()):
                apart = sorted(set(mine.get(name, ())) ^ set(theirs.get(name, ())))
                if mine.get(name, ()) != theirs.get(name, ()):
                    found.append(f"{name}: {len(apart)} rows apart, {apart[:1]}")
        for said, meant in ((self.published, other.published), (self.landed, other.landed)):
            items = {key for key, _ in said.items() ^ meant.items()}
            found += [f"{key}: {said.get(key)} {meant.get(key)}" for key in sorted(items)]
        return found


def view(place: Place, sql: Mapping[str, list[list[str]]], without: Iterable[str] = ()) -> View:
    """The view of a place; `without` are further columns of the lake that belong to the way that led here.

    The ledger must not have the same content of a scope twice in a row: that would be a publish of what was served.
    """
    folder = lake_folder(place.settings)
    ledger = sql[LEDGER]
    for before, after in pairwise(ledger):
        assert before != after, f"published twice: {after}"
    landing = Landing(open_storage(place.settings.landing), place.settings.landing)
    landed = {}
    for day in landing.generations():
        newest = landing.newest(day)
        assert newest is not None
        landing.check(newest)
        landed[str(day)] = (newest.generation, newest.content_digest)
    return View(
        lake={table.name: rows(folder, table, names(table, without)) for table in TABLES},
        served={table.name: lines(sql[select(table.name)]) for table in SERVED_TABLES},
        # Of a table without dates the ledger has the Delta version, which counts commits.
        published={f"{table} {scope}": content.split("@")[0] for table, scope, content in ledger},
        landed=landed,
    )


def names(table: Table, without: Iterable[str] = ()) -> list[str]:
    """A table's columns without what belongs to the run that wrote its rows."""
    left_out = {*table.unhashed, *NAMES_OF_PARTS, *without}
    return [name for name in table.column_names if name not in left_out]


def rows(folder: Folder, table: Table, names: Sequence[str]) -> Rows:
    """These columns of a table of the lake, a text per row, sorted."""
    inside = folder.inside(f"{table.path}/")
    found = []
    for path, partition in live(folder, table).items():
        for row in parquet.ParquetFile(BytesIO(inside.read_bytes(path))).read().to_pylist():
            whole = {**row, **partition}
            found.append("|".join(str(whole.get(name)) for name in names))
    return tuple(sorted(found))


def live(folder: Folder, table: Table) -> dict[str, Mapping[str, Any]]:
    """The files that a table has, each with the values of its partition."""
    log = open_log(folder, table.path)
    files: dict[str, Mapping[str, Any]] = {}
    for commit in log.commits_between(-1, log.version) or []:
        for line in commit.splitlines():
            action = json.loads(line)
            if "add" in action:
                files[unquote(action["add"]["path"])] = action["add"]["partitionValues"]
            if "remove" in action:
                files.pop(unquote(action["remove"]["path"]), None)
    return files


def lines(found: list[list[str]]) -> Rows:
    """Rows of SQL as texts, sorted."""
    return tuple(sorted("|".join(row) for row in found))


def select(table: str) -> str:
    """The query of a served table's rows, without what belongs to the run that wrote them."""
    (served,) = (one for one in SERVED_TABLES if one.name == table)
    names = [name for name in served.column_names if name not in served.lake.unhashed]
    return f"SELECT {', '.join(names)} FROM {table}"


QUERIES = (LEDGER, *(select(table.name) for table in SERVED_TABLES))


def asked_of_h2(url: str) -> dict[str, list[list[str]]]:
    """The answer to each query, by H2's own shell: no run may have the database open."""
    (jar,) = [jar for jar in resolved_jars() if jar.name.startswith("com.h2database_h2-")]
    with TemporaryDirectory() as folder:
        files = {query: Path(folder, f"{number}.csv") for number, query in enumerate(QUERIES)}
        written = [f"CALL CSVWRITE('{file}', '{query}')" for query, file in files.items()]
        shell = ["java", "-Xmx128m", "-cp", str(jar), "org.h2.tools.Shell", "-url", url, "-user", "sa"]
        done = subprocess.run([*shell, "-sql", "; ".join(written)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return {query: _csv(file.read_text(encoding="utf-8")) for query, file in files.items()}


def _csv(text: str) -> list[list[str]]:
    return list(csv.reader(text.splitlines()))[1:]  # without the header
