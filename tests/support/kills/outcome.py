"""What a place holds that anybody may see: equal after a killed run and its repeat, and after a run that nobody killed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage
from company_activity.io.warehouse.served import SERVED_TABLES
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.schemas import TABLES

from support.cycle.place import Place
from support.lake.content import NAMES_OF_PARTS, content, newest_version, noted_by_date

LEDGER = "SELECT table_name, scope, content_hash, row_count FROM etl.publish_ledger"
OF_A_VERSION = re.compile(r".+@\d+")


@dataclass(frozen=True)
class Outcome:
    """Hashes of the lake's tables and built dates, the rows in SQL, the ledger's rows, what landed and was exported."""

    tables: Mapping[str, str]
    dates: Mapping[str, str]
    served: Mapping[str, object]
    ledger: Counter[tuple[str | None, ...]]
    landed: Mapping[date, tuple[int, str]]
    exported: Mapping[str, object]
    unsent: tuple[str, ...]
    files: frozenset[str]


def outcome(spark: SparkSession, place: Place, *, is_about_files: bool) -> Outcome:
    """Read all of it, from the files and the rows themselves; names of files only where they are what it `is_about`."""
    lake = place.settings.lake.root
    has_lake = all(newest_version(lake, table.path) >= 0 for table in TABLES)
    served, ledger = of_sql(spark, place)
    return Outcome(
        content(spark, lake, NAMES_OF_PARTS) if has_lake else {},
        noted_by_date(lake) if has_lake else {},
        served,
        ledger,
        landed(place),
        exported(Path(lake)),
        tuple(file.name for file in sorted(Path(lake, "ops/outbox").glob("*.json"))),
        frozenset(files_below(place.folder) if is_about_files else ()),
    )


def files_below(folder: Path) -> Iterator[str]:
    """Every file, but for records of runs, messages of them, and what a lock or a JVM keeps for itself."""
    for file in folder.rglob("*"):
        path = str(file.relative_to(folder))
        if file.is_file() and not path.startswith(("lake/ops/runs/2", "outbox/", "lake/ops/outbox/", "warehouse")):
            yield path


def of_sql(spark: SparkSession, place: Place) -> tuple[dict[str, object], Counter[tuple[str | None, ...]]]:
    """The rows of each served table, without what belongs to the run that sent them; and the ledger's."""
    served: dict[str, object] = {}
    with open_warehouse(spark, place.settings).connection() as connection:
        for table in SERVED_TABLES:
            columns = [name for name in table.column_names if name not in table.lake.unhashed]
            sql = f"SELECT {', '.join(columns)} FROM {table.name} ORDER BY {', '.join(table.key)}"
            served[table.name] = connection.query(sql)
        rows = connection.query(LEDGER)
    return served, Counter(map(without_version, rows))


def without_version(row: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """A ledger row; of a table that is published by version only that it was: a lake made anew has an id of its own.

    >>> without_version(("dim.companies", "", "7b1e@4", "3"))
    ('dim.companies', '', 'a version', '3')
    """
    return tuple("a version" if cell and OF_A_VERSION.fullmatch(cell) else cell for cell in row)


def landed(place: Place) -> dict[date, tuple[int, str]]:
    """By date the newest generation, read against its checksums, and its content."""
    landing = Landing(LocalStorage(place.folder / "landing"), place.settings.landing)
    found = {}
    for day in landing.generations():
        newest = landing.newest(day)
        assert newest is not None
        landing.check(newest)
        found[day] = (newest.generation, newest.content_digest)
    return found


def exported(lake: Path) -> dict[str, object]:
    """By name of an export that is committed, its files and their checksums; one that is not counts as nothing."""
    found = {}
    for manifest in sorted(lake.glob("ops/exports/*/*/manifest.json")):
        said = json.loads(manifest.read_text(encoding="utf-8"))
        found[manifest.parent.name] = said
    return found
