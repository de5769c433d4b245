"""`erase`: after it nothing tells of the company, and everything else is as if it had never been there."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.io.landing.erase_crm import erase_crm
from company_activity.io.landing.erase_usage import dates_holding, erase_usage
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.rollback import Rollback, roll_back
from company_activity.io.storage.opening import LocalStorage
from company_activity.io.warehouse.warehouse import open_warehouse
from company_activity.operations.erase.spelling import Spelling
from company_activity.records.tombstone import Tombstones, tombstone_of
from company_activity.settings.model import LandingSettings

from support.cycle.place import Place, serving
from support.cycle.shown import shown
from support.cycle.traces import spellings, traces
from support.lake.content import versions
from support.lake.history import days_until
from support.landing.pages import DAY, NOON, land, newest
from support.warehouse.postgres import Cluster, postgres

__all__ = ["postgres"]  # a fixture: found by its name

GONE = 'c_ü "7"'
NAME = 'Möller & "Söhne", <Co>'
KEY = "a-key"
WITH_KEY = {"COMPANY_ACTIVITY__ERASE__KEY": KEY}
ERASED = Tombstones(KEY, frozenset({tombstone_of(KEY, GONE)}))
LAST = date(2025, 11, 20)
DAYS = days_until(LAST, 4)


def item(company: str, users: object = 3, day: date = DAY) -> str:
    return json.dumps({"company_id": company, "active_users": users, "events": 20, "ts": f"{day}T08:00:00Z"})


OTHERS = [item("c_1"), item("c_2")]
WITH_IT = [item("c_1"), item(GONE), item(f" {GONE}\t", -1), item("c_2")]


# The landing.


@pytest.fixture(params=["none", "gzip"])
def landing(tmp_path: Path, request: pytest.FixtureRequest) -> Landing:
    """A date of which two generations hold the company, and one between them does not."""
    settings = replace(LandingSettings(""), compression=request.param)
    landing = Landing(LocalStorage(tmp_path / "landing"), settings)
    land(landing, WITH_IT)
    land(landing, [item("c_1")], run_id="run-2")
    land(landing, WITH_IT[:3], WITH_IT[3:], run_id="run-3")
    return landing


def erase(landing: Landing, staged: int = 3) -> Any:
    return erase_usage(landing, DAY, ERASED, "erase", staged)


def test_a_date_gets_a_generation_without_the_company_and_loses_those_with_it(landing: Landing, tmp_path: Path) -> None:
    assert traces(tmp_path, GONE)
    done = erase(landing)
    assert (done.lines, done.gone) == (2, (1, 3))
    assert set(landing.files_of(DAY)) == {2, 4}
    landing.check(newest(landing))
    assert (newest(landing).rows, newest(landing).erased_generation) == (2, 3)
    assert traces(tmp_path, GONE) == []
    assert erase(landing) is None
    assert dates_holding(landing, ERASED) == []


def test_an_id_is_found_however_it_is_written(tmp_path: Path) -> None:
    landing = Landing(LocalStorage(tmp_path), LandingSettings(""))
    land(landing, [f'{{"company_id" :\t"{one}", "n": 1}}' for one in ("c_é", "c_\\u00e9", "c\\u005fé", "c_éé", "c_e")])
    erased = Tombstones(KEY, frozenset({tombstone_of(KEY, "c_é")}))
    done = erase_usage(landing, DAY, erased, "erase", 1)
    assert done
    assert (done.lines, newest(landing).rows) == (3, 2)


def test_its_content_is_that_of_a_world_without_the_company(landing: Landing) -> None:
    erase(landing)
    before = landing.generations()
    assert not land(landing, OTHERS, run_id="run-5").is_new
    assert landing.generations() == before


def test_a_content_that_was_held_is_held_without_the_company(landing: Landing) -> None:
    roll_back(landing, Rollback(DAY, 2, "back", NOON))
    done = erase(landing, staged=4)
    assert (done.lines, done.gone) == (0, (1, 3))
    assert land(landing, OTHERS, run_id="run-6").is_held
    assert newest(landing).rows == 1


def test_content_that_was_never_staged_is_judged_when_it_is(landing: Landing) -> None:
    erase(landing, staged=2)
    assert newest(landing).erased_generation is None


@pytest.mark.parametrize("killed_at", range(1, 7))
def test_a_kill_leaves_the_old_or_the_new_and_the_next_erasure_the_new(
    landing: Landing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    writes = iter(range(1, 100))

    def mortal(name: str) -> Any:
        method = getattr(LocalStorage, name)

        def called(storage: LocalStorage, *arguments: Any) -> Any:
            if next(writes) == killed_at:
                raise KeyboardInterrupt
            return method(storage, *arguments)

        return called

    with monkeypatch.context() as killing:
        for name in ("create", "delete"):
            killing.setattr(LocalStorage, name, mortal(name))
        with pytest.raises(KeyboardInterrupt):
            erase(landing)
    landing.check(newest(landing))
    erase(landing)
    landing.check(newest(landing))
    assert traces(tmp_path, GONE) == []
    assert newest(landing).rows == 2


HEADER = "company_id,name,country,industry_tag,last_contact_at\r\n"


def row(company: str, name: str, country: str = "DE") -> str:
    quoted = ",".join(f'"{text.replace(chr(34), chr(34) * 2)}"' for text in (company, name))
    return f"{quoted},{country},software,\r\n"


def test_a_crm_file_keeps_its_other_bytes(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    kept = row("c_1", "Line\nbreak"), row("c_2", "")
    storage.create("raw/crm/a_2025-01-01.csv", [(HEADER + kept[0] + row(GONE, NAME) + kept[1]).encode()])
    storage.create("raw/crm/b_2025-01-01.csv", [(HEADER + kept[0]).encode()])
    storage.create("raw/crm/c.csv", [f"no header\n{row(GONE, NAME)}".encode()])
    done = erase_crm(storage, "raw/crm/", ERASED)
    assert (list(done.rewritten), set(done.names)) == (["raw/crm/a_2025-01-01.csv"], {NAME})
    assert storage.read("raw/crm/a_2025-01-01.csv").decode() == HEADER + kept[0] + kept[1]
    assert erase_crm(storage, "raw/crm/", ERASED).rewritten == ()


def test_every_spelling_in_a_page_or_a_message_is_found() -> None:
    spelling = Spelling.of(GONE, [NAME])
    for text in (GONE, NAME):
        encoded = [found for found in spellings(text) if b"%" in found or b"\\" in found or text.encode() == found]
        assert encoded
        assert all(spelling.is_in(f"x {found.decode()} y") for found in encoded)
    assert spelling.replaced(f'{{"a": "{json.dumps(NAME)[1:-1]}"}}', "t") == '{"a": "t"}'


# The command.


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
        expire(place)
        before = tree(place.folder)
        assert place.run("erase", GONE) == 2
        assert place.run("erase", GONE, "--dry-run", **WITH_KEY) == 0
        assert f"{len(DAYS) - 1} dates hold it" in capsys.readouterr().out
        assert tree(place.folder) == before

        assert place.run("erase", GONE, **WITH_KEY) == 0
        with world(tmp_path / "without", False, cluster) as other:
            assert run(other) == 0
            assert shown(spark, place) == shown(spark, other)
        told = dump(spark, place)
        assert "c_1" in told
        assert not is_named(told)
        assert traces(place.folder, GONE, NAME) == []

        assert run(place) == 2
        assert run(place, **WITH_KEY) == 0
        state = versions(place.settings.lake.root)
        capsys.readouterr()
        assert place.run("erase", GONE, **WITH_KEY) == 0
        assert "starting Spark" not in capsys.readouterr().out
        assert versions(place.settings.lake.root) == state
        assert traces(place.folder, GONE, NAME) == []
