"""`export` on real Delta tables that were really published: killed, corrected, gone on with, refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from pyspark.sql import SparkSession

from company_activity.io.lake.delta import read_table
from company_activity.io.storage.folder import Folder
from company_activity.io.warehouse.publishing import publish_scopes
from company_activity.io.warehouse.served import ACTIVITY, DIMENSION, ServedTable
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY

from support.cycle.place import Place
from support.export.hostile import HOSTILE
from support.export.loaded import Loaded, text_of
from support.export.noted import without_spark
from support.lake.content import replace_where
from support.landing.mortal import Killed
from support.spark.frames import dictionaries
from support.warehouse.lakes import commit_dates
from support.warehouse.tables import NOW, companies

DAYS = [date(2025, 3, 1) + timedelta(days=n) for n in range(4)]
Users = Mapping[str, int]


@dataclass
class World:
    """A place whose tables are committed and published by hand, and what the lake's state says of the dates."""

    spark: SparkSession
    place: Place
    hashes: dict[date, str] = field(default_factory=dict)
    runs: int = 0

    @property
    def lake(self) -> str:
        return self.place.settings.lake.root

    def build(self, days: Mapping[date, Users], gone: tuple[date, ...] = ()) -> None:
        """Commit dates; others are gone."""
        for day, users in days.items():
            self.hashes[day] = repr(sorted(users.items()))
        for day in gone:
            self.hashes.pop(day, None)
        state = {"dates": {str(day): [content] for day, content in self.hashes.items()}}
        commit_dates(self.spark, self.lake, days, [*days, *gone], state)

    def name(self, names: Mapping[str, str | None]) -> None:
        """Commit the whole dimension."""
        rows = companies(self.spark, names, contract_value=Decimal("-1234.50"), renewal_on=DAYS[0], seats=5)
        replace_where(rows, self.lake, COMPANIES, None, {})

    def publish(self) -> None:
        self.runs += 1
        run_id = f"run-{self.runs}"
        publish_scopes(self.spark, self.place.settings, run_id=run_id, now=NOW, hashes=self.hashes)

    def export(self, since: int | date, folder: str = "", *more: str) -> int:
        out = ("--out", str(self.place.folder / folder)) if folder else ()
        return self.place.run("export", "--since", str(since), *out, *more)

    def served(self, table: ServedTable) -> dict[tuple[str, ...], dict[str, str]]:
        """The rows of the lake, as CSV has them."""
        rows = dictionaries(read_table(self.spark, self.lake, table.lake))
        found = {}
        for row in rows:
            texts = {name: text_of(row[name], table.lake.column(name).type) for name in table.column_names}
            found[tuple(texts[name] for name in table.key)] = texts
        return found

    def check(self, loaded: Loaded) -> None:
        for table in (DIMENSION, ACTIVITY):
            assert loaded.tables[table.name] == self.served(table)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return found


def killed_at(nth: int) -> Any:
    """The process is killed after its nth file of rows."""
    create = Folder.create_bytes
    written = iter(range(1, 1000))

    def mortal(self: Folder, name: str, content: bytes) -> bool:
        done = create(self, name, content)
        if next(written) == nth:
            raise Killed
        return done

    return mock.patch.object(Folder, "create_bytes", mortal)


@pytest.mark.long
def test_exports_are_loaded_one_after_the_other(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(spark, Place(tmp_path, "http://127.0.0.1:9/usage"))
    assert world.export(0) == 2
    assert "nothing was published to this warehouse yet" in capsys.readouterr().err

    names = {f"c_{number:03d}": text.replace("\0", "") for number, text in enumerate(HOSTILE)}
    world.name({**names, "-115": None})
    world.build({day: {f"c_{n}": n + day.day for n in range(4)} for day in DAYS[:3]})
    world.publish()

    # Killed between two parts; what is done is taken, what somebody broke is not.
    with killed_at(5), pytest.raises(Killed):
        world.export(0, "a", "--rows-per-file", "30")
    assert not (tmp_path / "a" / "manifest.json").exists()
    (tmp_path / "a" / "dim.companies" / "part-00000.csv").write_bytes(b"torn")
    done = tmp_path / "a" / "dim.companies" / "part-00001.csv"
    written_at = done.stat().st_mtime_ns
    assert world.export(0, "a", "--format", "ndjson") == 2
    assert "holds an export that was not finished of another range" in capsys.readouterr().err
    assert world.export(0, "a", "--rows-per-file", "30") == 0
    assert done.stat().st_mtime_ns == written_at
    said = capsys.readouterr().out
    assert f"{COMPANIES.name}: {len(names) + 1} rows in " in said
    assert "begin like formulas, and have a ' before them" in said
    assert said.endswith("next: --since 4\n")  # three dates and the companies
    assert world.export(0, "b", "--rows-per-file", "30") == 0
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert [name for name in files(tmp_path / "a") if name.startswith("unfinished")] == []
    found = manifest(tmp_path / "a")
    assert {file["rows"] for table in found["tables"] for file in table["files"]} <= set(range(1, 31))
    assert [table["replaces"] for table in found["tables"]] == ["table", "table"]
    loaded = {format_: Loaded() for format_ in ("csv", "ndjson", "parquet")}
    for model in loaded.values():
        model.load(tmp_path / "a" / "manifest.json")
        world.check(model)

    capsys.readouterr()
    with without_spark():
        assert world.export(0, "a", "--rows-per-file", "30") == 0
        assert "Nothing to do, it was exported before" in capsys.readouterr().out
        assert world.export(4) == 0
        assert capsys.readouterr().out == "Nothing has changed since 4.\nnext: --since 4\n"
        assert world.export(3) == 2
        assert "no export ended at 3, or its note has had its time; the nearest are 4" in capsys.readouterr().err
        assert world.export(4, "a", "--table", "dim.company") == 2
        assert "'dim.company' is not served" in capsys.readouterr().err

    # A correction, a date that is gone, a new one; a company renamed, one gone, one new. Then the lake goes ahead.
    changed = {**names, "c_001": "renamed", "new": '=HYPERLINK("x")'}
    world.name({key: name for key, name in changed.items() if key != "c_002"})
    world.build({DAYS[1]: {"c_0": 7, "c_9": 1}, DAYS[3]: {"c_0": 1}}, gone=(DAYS[2],))
    world.publish()
    served = {table.name: world.served(table) for table in (DIMENSION, ACTIVITY)}
    world.name({"not": "published"})
    world.build({DAYS[0]: {"c_0": 99}, DAYS[3]: {"c_0": 98}})
    for format_, model in loaded.items():
        assert world.export(4, format_, "--format", format_) == 0
        model.load(tmp_path / format_ / "manifest.json")
        assert model.tables == served
    companies, dates = manifest(tmp_path / "csv")["tables"]
    assert (companies["replaces"], companies["rows"], companies["deletes"]) == ("keys", 2, 2)
    assert (dates["replaces"], dates["rows"], dates["deletes"]) == ("dates", 3, 3)
    deletes = (tmp_path / "csv" / COMPANIES.name / "delete-00000.csv").read_text("utf-8")
    assert deletes.splitlines() == ["company_id", '"\'-115"', '"c_002"']
    assert world.export(4, "a") == 2
    assert "holds a finished export of another range" in capsys.readouterr().err

    # Since a date; and by default below the lake, where a killed one is gone on with though more was published since.
    assert world.export(DAYS[1], "d", "--table", COMPANY_ACTIVITY_DAILY.name) == 0
    (dates,) = manifest(tmp_path / "d")["tables"]
    assert (dates["replaces"], dates["from"], dates["rows"], dates["deletes"]) == ("dates", str(DAYS[1]), 3, 0)
    with killed_at(2), pytest.raises(Killed):
        world.export(4)
    world.publish()
    capsys.readouterr()
    assert world.export(4) == 0
    assert "next: --since 8\n" in capsys.readouterr().out
    (place,) = (tmp_path / "lake" / "ops" / "exports").rglob("manifest.json")
    assert (
        files(place.parent)[f"{COMPANIES.name}/part-00000.csv"]
        == files(tmp_path / "csv")[f"{COMPANIES.name}/part-00000.csv"]
    )

    # The version to compare with is gone: all of it, which says so.
    for file in (tmp_path / "lake" / "dim" / "companies").glob("*.parquet"):
        if file.name not in live(tmp_path / "lake" / "dim" / "companies"):
            file.unlink()
    assert world.export(8, "e") == 0
    assert [table["replaces"] for table in manifest(tmp_path / "e")["tables"]] == ["table", "dates"]
    loaded["csv"].load(tmp_path / "e" / "manifest.json")
    world.check(loaded["csv"])

    # Somebody takes rows out of the lake: what is exported is what was published, or nothing.
    spark.sql(f"DELETE FROM delta.`{world.lake}/analytics/company_activity_daily` WHERE activity_date = '{DAYS[1]}'")
    world.hashes[DAYS[3]] = "again"
    commit_dates(
        spark, world.lake, {DAYS[3]: {"c_0": 5}}, state={"dates": {str(d): [h] for d, h in world.hashes.items()}}
    )
    world.publish()
    assert world.export(DAYS[1], "f") == 5
    assert "1 rows in the lake, 3 were published" in capsys.readouterr().err
    assert not (tmp_path / "f" / "manifest.json").exists()
    world.build({DAYS[1]: {"c_0": 6}})
    world.publish()
    assert world.export(DAYS[1], "f") == 0
    assert "f is begun anew: analytics.company_activity_daily" in capsys.readouterr().out
    dates = manifest(tmp_path / "f")["tables"][-1]
    assert sum(file["rows"] for file in dates["files"]) == dates["rows"] == 2


def live(table: Path) -> set[str]:
    """The files that a table has, by its log."""
    found: set[str] = set()
    for commit in sorted((table / "_delta_log").glob("*.json")):
        for action in map(json.loads, commit.read_text("utf-8").splitlines()):
            if "add" in action:
                found.add(action["add"]["path"])
            if "remove" in action:
                found.discard(action["remove"]["path"])
    return found
