"""`erase`: after it nothing tells of the company, and everything else is as if it had never been there."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.operations.erase.spelling import Spelling
from company_activity.operations.export.formats import FORMATS

from support.cycle.place import Place, serving
from support.cycle.shown import shown
from support.cycle.traces import spellings, traces
from support.lake.content import versions
from support.lake.history import days_until
from support.landing.erased import GONE, HEADER, KEY, NAME, item, row
from support.warehouse.postgres import Cluster, postgres

__all__ = ["postgres"]  # a fixture: found by its name

WITH_KEY = {"COMPANY_ACTIVITY__ERASE__KEY": KEY}
LAST = date(2025, 11, 20)
DAYS = days_until(LAST, 4)


def test_every_spelling_in_a_page_or_a_message_is_found() -> None:
    spelling = Spelling.of(GONE, [NAME])
    for text in (GONE, NAME):
        encoded = [found for found in spellings(text) if b"%" in found or b"\\" in found or text.encode() == found]
        assert encoded
        assert all(spelling.is_in(f"x {found.decode()} y") for found in encoded)
    assert spelling.replaced(f'{{"a": "{json.dumps(NAME)[1:-1]}"}}', "t") == '{"a": "t"}'


def tree(folder: Path) -> dict[str, str]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_without_a_key_nothing_is_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, "http://127.0.0.1:9/usage")
    (tmp_path / "landing").mkdir()
    before = tree(tmp_path)
    assert place.run("erase", GONE) == 2
    assert "erase.key" in capsys.readouterr().err
    assert place.run("erase", " ", **WITH_KEY) == 2
    assert tree(tmp_path) == before


def answer(day: date, with_it: bool) -> list[str]:
    items = [item(f"c_{number}", number, day) for number in range(5)]
    return [*items, item(GONE, 9, day), item(GONE, -1, day)] if with_it else items


def crm(with_it: bool) -> str:
    rows = [row(f"c_{number}", f"Name {number}") for number in range(4)]
    return HEADER + "".join([*rows, row(GONE, NAME), row(GONE, NAME, "nowhere")] if with_it else rows)


@dataclass(frozen=True)
class PlaceOn(Place):
    """A place that publishes to a database of its own on a PostgreSQL."""

    cluster: Cluster
    url: str

    @property
    def environ(self) -> dict[str, str]:
        database = {"COMPANY_ACTIVITY__SQL__URL": self.url, "COMPANY_ACTIVITY__SQL__USER": "postgres"}
        return super().environ | database


def dump(spark: SparkSession, place: Place) -> str:
    """All that the database says."""
    if isinstance(place, PlaceOn):
        told: list[str | Path] = [place.cluster.programs / "pg_dump", "-h", "127.0.0.1", "-U", "postgres"]
        port = ["-p", str(place.cluster.port), place.url.rpartition("/")[2]]
        return subprocess.run([*told, *port], check=True, capture_output=True, text=True).stdout
    with open_warehouse(spark, place.settings).connection() as connection:
        # SCRIPT writes letters beyond ASCII as escapes of its own, \\00fc.
        script = "\n".join(str(line) for (line,) in connection.query("SCRIPT"))
        return re.sub(r"\\([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), script)


def is_named(text: str) -> bool:
    """Whether a dump names the company, by its id or its name; a quote may be doubled there."""
    plain = text.replace('""', '"')
    return any(spelt.decode() in plain for spelt in spellings(GONE) | spellings(NAME))


@contextmanager
def world(folder: Path, with_it: bool, cluster: Cluster | None = None) -> Iterator[Place]:
    """Four dates and a CRM file, whose API goes on telling the same."""
    (folder / "answers").mkdir(parents=True)
    with serving(folder / "place", folder / "answers") as place:
        if cluster:
            place = PlaceOn(place.folder, place.api_url, cluster, cluster.new_database())
        give(folder, with_it)
        for day in (DAYS[0], DAYS[2]):
            file = folder / f"crm_{day}.csv"
            file.write_text(crm(with_it), encoding="utf-8")
            place.drop_crm(file)
        yield place


def give(folder: Path, with_it: bool) -> None:
    for day in DAYS:
        text = f'{{"items": [{", ".join(answer(day, with_it))}]}}'
        (folder / "answers" / f"{day}.json").write_text(text, encoding="utf-8")


def expire(place: Place) -> None:
    """The landing no longer holds a date, nor a CRM file: tables still do."""
    shutil.rmtree(place.folder / "landing" / "product-api-raw" / f"date={DAYS[1]}")
    (place.folder / "landing" / "raw" / "crm" / f"crm_{DAYS[0]}.csv").unlink()


def other_files(place: Place) -> Path:
    """A picture beside the pages, and a CRM file that names the company and cannot be taken apart, which is returned."""
    (place.folder / "reports" / "logo.png").write_bytes(b"\x89PNG\xff\xfe")
    odd = place.folder / "landing" / "raw" / "crm" / f"crm_{DAYS[3]}.csv"
    odd.write_text(crm(True), encoding="utf-16")
    return odd


def run(place: Place, **settings: str) -> int:
    dates = ("--from", str(DAYS[0]), "--to", str(LAST))
    return place.run("run", *dates, COMPANY_ACTIVITY__GATES__CRM_MAX_BROKEN="1", **settings)


@pytest.mark.long
@pytest.mark.parametrize("engine", ["h2", pytest.param("postgres", marks=pytest.mark.nightly)])
def test_after_an_erasure_nothing_tells_of_the_company_and_it_does_not_come_back(
    spark: SparkSession,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    engine: str,
) -> None:
    cluster = request.getfixturevalue("postgres") if engine == "postgres" else None
    with world(tmp_path / "with", True, cluster) as place:
        assert run(place) == 0
        assert len(traces(place.folder, GONE, NAME)) > 8
        assert is_named(dump(spark, place))
        for format_ in FORMATS:
            assert place.run("export", "--since", "0", "--format", format_) == 0
        assert len(list((place.folder / "lake/ops/exports").rglob("manifest.json"))) == len(FORMATS)
        expire(place)
        before = tree(place.folder)
        assert place.run("erase", GONE) == 2
        assert place.run("erase", GONE, "--dry-run", **WITH_KEY) == 0
        assert f"{len(DAYS) - 1} dates hold it" in capsys.readouterr().out
        assert tree(place.folder) == before

        odd = other_files(place)
        assert place.run("erase", GONE, **WITH_KEY) == 3
        assert f"{odd.name} name the company and cannot be taken apart" in capsys.readouterr().err
        assert place.run("export", "--since", "0") == 2
        assert "1 erasures have not ended" in capsys.readouterr().err
        odd.unlink()
        assert place.run("erase", GONE, **WITH_KEY) == 0
        with world(tmp_path / "without", False, cluster) as other:
            assert run(other) == 0
            assert shown(spark, place) == shown(spark, other)
        told = dump(spark, place)
        assert "c_1" in told
        assert not is_named(told)
        assert list((place.folder / "lake/ops/exports").rglob("*.*")) == []
        for format_ in ("ndjson", "parquet"):
            assert place.run("export", "--since", "0", "--format", format_) == 0
        assert traces(place.folder, GONE, NAME) == []

        assert run(place) == 2
        assert run(place, **WITH_KEY) == 0
        state = versions(place.settings.lake.root)
        capsys.readouterr()
        assert place.run("erase", GONE, **WITH_KEY) == 0
        assert "starting Spark" not in capsys.readouterr().out
        assert versions(place.settings.lake.root) == state
        assert traces(place.folder, GONE, NAME) == []
