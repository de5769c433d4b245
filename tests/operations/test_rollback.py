"""`rollback`: a date goes back to what landed before, and what was set aside stays away until it is released."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.cli.rollback import REBUILD
from company_activity.dates import HORIZON_DAYS, spans
from company_activity.errors import LandingCorrupt, LandingMissing, SourceError
from company_activity.io.landing import rollback as landing_rollback
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.manifest import Manifest
from company_activity.io.landing.rollback import Rollback, SetBack, release, roll_back
from company_activity.io.storage.opening import LocalStorage, Storage
from company_activity.operations.rollback import rollback_to
from company_activity.pipeline import STEPS, run_steps
from company_activity.planning.state import GenerationMark
from company_activity.report.model import RunReport
from company_activity.run import Run
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, Table
from company_activity.settings.model import LandingSettings
from company_activity.work.stage_usage import Batch

from support.cycle.place import Place, serving
from support.cycle.shown import Shown, shown
from support.lake.content import versions
from support.lake.history import days_until, write_crm
from support.landing.mortal import Killed, Mortal
from support.landing.pages import DAY, MIDNIGHT, NOON, fetch, land, newest, pages, session
from support.processes.holder import hold_elsewhere

ARCHIVE = Path(__file__).parents[1] / "integration" / "place_0_3.tar.gz"
A, B, C = ['{"a": 1}', '{"a": 2}'], ['{"b": 1}'], ['{"c": 1}']
LATER = NOON + timedelta(days=1)


def over(storage: Storage) -> Landing:
    return Landing(storage, LandingSettings(""))


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """A date with the content A, and B behind it."""
    landing = over(LocalStorage(tmp_path / "landing"))
    land(landing, A)
    land(landing, B, run_id="run-2")
    return landing


def back(landing: Landing, to: int | None, **more: Any) -> SetBack:
    return roll_back(landing, Rollback(DAY, to, "rollback", LATER, **more))


def lands(landing: Landing, items: list[str], run_id: str = "run-9") -> bool:
    """Whether a fetch of these items makes a generation."""
    landed = land(landing, items, run_id=run_id)
    assert not (landed.is_new and landed.is_held)
    return landed.is_new


# The landing.


def test_a_new_generation_names_the_parts_again(landing: Landing) -> None:
    first = landing.manifest(DAY, 1)
    done = back(landing, 1)
    second = landing.manifest(DAY, 2)
    assert done == SetBack(3, True, (second.content_digest,))
    assert newest(landing) == replace(
        first, generation=3, run_id="rollback", restored_generation=1, held_digests=(second.content_digest,)
    )
    landing.check(newest(landing))


def test_a_date_that_is_set_aside_has_no_parts(landing: Landing) -> None:
    assert back(landing, None).generation == 3
    missing = newest(landing)
    assert (missing.state, missing.parts, missing.rows) == ("missing", (), 0)
    assert str(missing.mark) == "3:missing"


@pytest.mark.parametrize("to", [1, None])
def test_what_is_in_force_is_not_committed_again(landing: Landing, to: int | None) -> None:
    first = back(landing, to)
    again = back(landing, to)
    assert (first.is_new, again) == (True, replace(first, is_new=False))
    assert landing.generations() == {DAY: 3}


def test_the_newest_content_is_in_force_whatever_its_number(landing: Landing) -> None:
    assert not back(landing, 2).is_new
    land(landing, A, run_id="run-3")  # the API went back by itself
    assert back(landing, 1) == SetBack(3, False, ())


def test_what_was_set_aside_does_not_land_until_it_is_released(landing: Landing) -> None:
    back(landing, 1)
    for _ in range(2):
        assert not lands(landing, B)
    assert not lands(landing, A)  # what is in force
    assert landing.generations() == {DAY: 3}
    assert release(landing, DAY, "release") == newest(landing).held_digests
    assert release(landing, DAY, "release") == ()
    assert lands(landing, B)
    assert newest(landing).held_digests == ()


def test_other_content_lands_and_what_was_set_aside_is_held_on(landing: Landing) -> None:
    back(landing, None)
    assert not lands(landing, B)
    assert lands(landing, C)
    assert newest(landing).restored_generation is None
    assert not lands(landing, B)
    assert landing.generations() == {DAY: 4}


def test_several_contents_of_a_date_are_held_at_once(landing: Landing) -> None:
    back(landing, 1)
    assert lands(landing, C)
    back(landing, 1)
    assert len(newest(landing).held_digests) == 2
    assert [lands(landing, items) for items in (B, C, A)] == [False, False, False]
    assert len(release(landing, DAY, "release")) == 2
    assert lands(landing, B)


def test_forward_again_ends_that_hold_and_holds_the_other(landing: Landing) -> None:
    back(landing, 1)
    forward = back(landing, 2)
    assert forward.held == (landing.manifest(DAY, 1).content_digest,)
    assert newest(landing).parts == landing.manifest(DAY, 2).parts
    assert not lands(landing, A)
    assert back(landing, 3).generation == 5  # a rollback may be named as well
    assert newest(landing).restored_generation == 1


def test_a_date_that_was_missing_holds_nothing_once_it_is_back(landing: Landing) -> None:
    back(landing, None)
    assert back(landing, 2).held == ()
    assert back(landing, 3).held == (landing.manifest(DAY, 2).content_digest,)  # which is missing
    assert not newest(landing).is_complete


def test_a_rollback_after_a_release_holds_anew(landing: Landing) -> None:
    back(landing, 1)
    release(landing, DAY, "release")
    assert lands(landing, B)
    back(landing, 1)
    assert not lands(landing, B)


def test_a_release_ends_with_the_manifest_that_it_released(landing: Landing) -> None:
    """Somebody deletes the manifest; what is then set aside again, under the same number, is held again."""
    back(landing, 1)
    release(landing, DAY, "release")
    landing.storage.delete(landing.at(f"date={DAY}/gen=000003/manifest.json"))
    again = roll_back(landing, Rollback(DAY, 1, "another", LATER))
    assert again == SetBack(3, True, (landing.manifest(DAY, 2).content_digest,))
    assert landing.held(landing.files()) == {DAY: again.held}
    assert not lands(landing, B)
    assert release(landing, DAY, "release") == again.held
    assert landing.held(landing.files()) == {}
    assert lands(landing, B)


@pytest.mark.parametrize(
    ("text", "is_released"), [(None, True), ("{", False), ("[]", False), ('{"digests": []}', False)]
)
def test_a_release_as_an_older_version_wrote_it_counts_for_what_it_released(
    landing: Landing, text: str | None, is_released: bool
) -> None:
    held = back(landing, 1).held
    text = json.dumps({"digests": held, "run_id": "release"}) if text is None else text
    landing.storage.create(landing.at(f"date={DAY}/gen=000003/released.json"), (text.encode(),))
    assert (landing.held(landing.files()) == {}) == is_released
    assert (landing.held_digests(newest(landing)) == ()) == is_released
    assert lands(landing, B) == is_released


def test_one_listing_tells_which_dates_are_held(landing: Landing) -> None:
    other = DAY - timedelta(days=1)
    land(landing, A, day=other)
    assert landing.held(landing.files()) == {}
    back(landing, 1)
    assert landing.held(landing.files()) == {DAY: newest(landing).held_digests}
    land(landing, C)
    assert landing.held(landing.files()) == {DAY: newest(landing).held_digests}
    release(landing, DAY, "release")
    assert landing.held(landing.files()) == {}


@pytest.mark.parametrize(("spoil", "error"), [(b"{}", LandingCorrupt), (None, LandingMissing)])
def test_a_generation_that_is_not_whole_is_not_restored(
    landing: Landing, spoil: bytes | None, error: type[SourceError]
) -> None:
    path = landing.at(landing.manifest(DAY, 1).parts[0].path)
    landing.storage.delete(path)
    if spoil:
        landing.storage.create(path, (spoil,))
    with pytest.raises(error, match="generation 1 of 2025-03-31 cannot be restored: .*part-00000-run-1") as told:
        back(landing, 1)
    assert "lists them" in told.value.remedy
    assert (landing.generations(), landing.held(landing.files())) == ({DAY: 2}, {})


def test_a_generation_with_lost_parts_gives_way_to_one_with_the_same_content(landing: Landing) -> None:
    land(landing, A, run_id="run-3")
    landing.storage.delete(landing.at(newest(landing).parts[0].path))
    assert back(landing, 1) == SetBack(4, True, ())
    landing.check(newest(landing))


def test_a_date_whose_landing_was_lost_can_be_set_aside(landing: Landing) -> None:
    """What staging has of it is held by as much of the digest as staging knows."""
    staged = newest(landing).mark
    empty = over(LocalStorage(Path(landing.storage.uri("").removeprefix("file:")) / "empty"))
    assert back(empty, None, staged=staged) == SetBack(3, True, (staged.digest,))
    assert not lands(empty, B)
    assert lands(empty, A)
    assert back(empty, None, staged=GenerationMark.of(5, None)) == SetBack(5, False, newest(empty).held_digests)


def test_a_landing_older_than_staging_is_brought_to_count_on_from_it(landing: Landing) -> None:
    staged = GenerationMark.of(7, "c" * 64)
    done = back(landing, 2, staged=staged)
    assert done == SetBack(8, True, ("c" * 16,))


@pytest.mark.parametrize("to", [1, None])
def test_a_date_that_had_not_settled_is_still_fetched_again(tmp_path: Path, to: int | None) -> None:
    landing = over(LocalStorage(tmp_path))
    land(landing, A, at=MIDNIGHT)
    land(landing, B, at=MIDNIGHT, run_id="run-2")
    back(landing, to)
    assert landing.provisional_dates() == [DAY]
    assert not lands(landing, B)  # fetched at noon: held, and settled
    assert landing.provisional_dates() == []


def test_pages_from_before_are_not_gone_on_with(landing: Landing) -> None:
    fetch(landing, pages(B, C)[:1], session("run-3"))
    back(landing, 1)
    assert list(landing.storage.list(landing.at("_unfinished/"))) == []


def test_a_rollback_that_another_run_comes_before_sets_aside_what_that_one_landed(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock was lost: only the manifest keeps them apart."""
    create = landing.create_manifest

    def overtaken(manifest: Manifest) -> bool:
        monkeypatch.undo()
        other = replace(manifest, content_digest="c" * 64, restored_generation=None, held_digests=())
        assert create(other)
        return create(manifest)

    monkeypatch.setattr(landing, "create_manifest", overtaken)
    assert back(landing, 1) == SetBack(4, True, ("c" * 64,))


def test_a_rollback_that_is_overtaken_again_and_again_gives_up(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing_rollback, "_attempt", lambda landing, asked: None)
    with pytest.raises(SourceError, match="other runs keep landing this date"):
        back(landing, 1)


@pytest.mark.fault
@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("at", [MIDNIGHT, NOON], ids=["provisional", "settled"])
def test_a_kill_at_any_write_leaves_the_old_or_the_new_and_the_next_try_completes_it(
    at: datetime, is_after: bool
) -> None:
    with mock.patch.object(os, "fsync", os.fstat):
        writes = next(n for n in range(1, 20) if not killed_at(n, at, is_after))
    assert writes > 3


def killed_at(nth: int, at: datetime, is_after: bool) -> bool:
    """Whether a rollback came to its nth write, and was killed there; what is there then is as it must be."""
    with TemporaryDirectory() as folder:
        whole = over(LocalStorage(Path(folder)))
        land(whole, A, at=at)
        second = land(whole, B, at=at, run_id="run-2").manifest
        fetch(whole, pages(B, C)[:1], session("run-3"))
        is_killed = False
        try:
            back(over(Mortal(Path(folder), nth, is_after)), 1)
        except Killed:
            is_killed = True
        seen = newest(whole)
        held = whole.held(whole.files())
        assert (seen == second and held == {}) or (seen.generation == 3 and held == {DAY: (second.content_digest,)})
        assert back(whole, 1) == SetBack(3, seen == second, (second.content_digest,))
        assert whole.provisional_dates() == ([DAY] if at == MIDNIGHT else [])
        assert not lands(whole, B)
        return is_killed


def test_a_fetch_that_follows_a_killed_rollback_holds_nothing(landing: Landing, tmp_path: Path) -> None:
    """The mark that was left beside its manifest says nothing that the manifest does not."""
    with pytest.raises(Killed):
        back(over(Mortal(tmp_path / "landing", 2, is_after=True)), 1)
    assert lands(landing, C)
    assert "held.json" in landing.files()[DAY][3]
    assert landing.held(landing.files()) == {}


def test_a_generation_made_by_a_rollback_is_not_judged_again(landing: Landing) -> None:
    back(landing, 1)
    assert Batch([DAY], [newest(landing)]).restored == {DAY}
    lands(landing, C)
    assert Batch([DAY], [newest(landing)]).restored == set()


# The command.

BUILT = date(2025, 8, 28)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A lake of four dates, built; the API gives other items of one of them."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    (tmp_path / "answers").mkdir()
    with serving(tmp_path, tmp_path / "answers") as place:
        give(place, BUILT, [item("c_1", BUILT)])
        assert ingest(place) == 0
        yield place


def give(place: Place, day: date, items: list[Mapping[str, Any]]) -> None:
    """What the API says of a date from now on."""
    (place.folder / "answers" / f"{day}.json").write_text(json.dumps({"items": items}), encoding="utf-8")


def item(company: str, day: date, users: object = 3, events: int = 20) -> dict[str, Any]:
    return {"company_id": company, "active_users": users, "events": events, "ts": f"{day}T08:00:00Z"}


def ingest(place: Place) -> int:
    return place.run("ingest", "--start", str(BUILT), "--end", str(BUILT))


def landing_of(place: Place) -> Landing:
    return Landing(LocalStorage(place.folder / "landing"), place.settings.landing)


def set_back(place: Place, day: date, to: int | None) -> RunReport:
    """The operation alone, under its lock and with its record; nothing is rebuilt."""
    now = datetime.now(UTC)
    report = RunReport(f"{now:%Y%m%dT%H%M%S.%f}", "rollback", now, (day,))
    run_steps(Run(place.settings, (day,), report, lambda: now), (), rollback_to(day, to))
    return report


def records(place: Place, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert place.run("runs", "--last", "1", "--json") == 0
    newest: dict[str, Any] = json.loads(capsys.readouterr().out)
    return newest


def test_what_is_rebuilt_are_steps_of_the_cycle() -> None:
    assert set(REBUILD) <= set(STEPS)


def test_without_a_generation_the_list_is_told_and_nothing_done(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = landing_of(place)
    back_then, now = (landing.manifest(BUILT, number) for number in (1, 2))
    capsys.readouterr()
    assert place.run("rollback", "--date", str(BUILT)) == 2
    told = capsys.readouterr()
    _, first, second = (line.split() for line in told.out.splitlines())
    assert first == [
        "1", f"{back_then.rows}", back_then.content_digest[:16], *f"{back_then.fetched_at:%Y-%m-%d %H:%M:%S}".split(),
        back_then.run_id, "staged",
    ]  # fmt: skip
    assert second[:3] == ["2", "1", now.content_digest[:16]]
    assert second[-2:] == [now.run_id, "newest"]
    assert told.err == (
        f"UsageError: no generation of {BUILT} is chosen — give --to-generation with one of 1, 2, missing\n"
    )
    assert landing.generations()[BUILT] == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--to-generation", "7"), f"generation 7 of {BUILT} is not in the landing, or cannot be read"),
        (("--to-generation", "0"), "'0' is no generation"),
        (("--to-generation", "oldest"), "'oldest' is no generation"),
        (("--to-generation", "9" * 5000), "9' is no generation"),
        (("--to-generation", "1", "--release", str(BUILT)), "--release goes alone"),
        (("--to-generation", "1", "--accept-gate", "volume"), "'volume' is not"),
    ],
    ids=["unknown", "zero", "word", "too long", "both", "gate"],
)
def test_what_cannot_be_is_exit_2(
    place: Place, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert place.run("rollback", "--date", str(BUILT), *arguments) == 2
    assert told in capsys.readouterr().err
    assert landing_of(place).generations()[BUILT] == 2


def test_a_release_accepts_no_gate(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.run("rollback", "--release", str(BUILT), "--accept-gate", "rewrite") == 2
    assert "--release goes alone" in capsys.readouterr().err


def test_a_date_that_never_landed_is_exit_2(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ((), ("--to-generation", "missing")):
        assert place.run("rollback", "--date", "2025-08-01", *more) == 2
        assert "nothing of 2025-08-01 has landed — run" in capsys.readouterr().err
    assert place.run("rollback") == 2
    assert "give --date D, or --release D" in capsys.readouterr().err


@pytest.mark.parametrize(("broken", "whole"), [(1, 2), (2, 1)])
def test_a_manifest_that_is_broken_leaves_the_others_to_choose_from(
    place: Place, capsys: pytest.CaptureFixture[str], broken: int, whole: int
) -> None:
    path = place.folder / "landing/product-api-raw" / f"date={BUILT}" / f"gen=00000{broken}/manifest.json"
    path.write_text("{", encoding="utf-8")
    assert place.run("rollback", "--date", str(BUILT), "--to-generation", str(broken)) == 2
    told = capsys.readouterr()
    assert "manifest.json is no manifest" in told.out
    assert f"with one of {whole}, missing" in told.err


def test_a_refused_and_a_held_generation_are_told_as_such(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    landing = landing_of(place)
    landing.storage.create(landing.at(f"date={BUILT}/gen=000002/refused_volume.json"), (b"{}",))
    set_back(place, BUILT, 1)
    set_back(place, BUILT, None)
    capsys.readouterr()
    assert place.run("rollback", "--date", str(BUILT)) == 2
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.strip().rsplit("  ", 1)[-1] for line in lines] == [
        "staged, held",
        "refused by gate volume, held",
        "held, rollback to 1",
        "newest, missing",
    ]


def test_a_landing_that_is_gone_leaves_what_staging_has(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(place.folder / "landing/product-api-raw" / f"date={BUILT}")
    assert place.run("rollback", "--date", str(BUILT), "--to-generation", "1") == 2
    told = capsys.readouterr()
    assert "staged, no longer in the landing" in told.out
    assert "with one of missing" in told.err
    assert set_back(place, BUILT, None).exit_code == 0
    assert landing_of(place).generations()[BUILT] == 2


def test_a_held_fetch_warns_and_lands_after_the_release(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert set_back(place, BUILT, 1).outcome == "succeeded"
    assert set_back(place, BUILT, 1).has_changed_something is False
    capsys.readouterr()
    assert ingest(place) == 0
    assert f"nothing of it lands until `rollback --release {BUILT}`" in capsys.readouterr().out
    assert landing_of(place).generations()[BUILT] == 3
    (step,) = records(place, capsys)["steps"]
    assert (step["outcome"], step["counts"]["held"], len(step["warnings"])) == ("nothing", 1, 1)

    for outcome in ("done", "nothing"):
        assert place.run("rollback", "--release", str(BUILT)) == 0
        record = records(place, capsys)
        assert (record["command"], record["steps"][0]["outcome"]) == (f"rollback --release {BUILT}", outcome)
    assert ingest(place) == 0
    assert landing_of(place).generations()[BUILT] == 4


def test_the_plan_shows_what_is_held_and_what_is_staged_instead(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    held = newest(landing_of(place), BUILT).content_digest
    for to, state in ((None, "gone"), (1, "superseded")):
        set_back(place, BUILT, to)
        capsys.readouterr()
        assert place.run("plan", "--date", str(BUILT), "--json") == 0
        plan = json.loads(capsys.readouterr().out)
        assert (plan["held"], plan["stage"]) == ({str(BUILT): [held]}, {str(BUILT): state})
    assert place.run("plan", "--date", str(BUILT)) == 0
    assert "lands again only after `rollback --release`" in capsys.readouterr().out


def test_a_rollback_waits_for_the_run_that_holds_the_lake(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    other = hold_elsewhere(place.folder / "lake")
    try:
        command = ("rollback", "--date", str(BUILT), "--to-generation", "1")
        assert place.run(*command, COMPANY_ACTIVITY__LAKE__LOCK_TIMEOUT_SECONDS="0") == 1
    finally:
        other.kill()
        other.wait()
    assert "LakeBusy" in capsys.readouterr().err
    assert landing_of(place).generations()[BUILT] == 2


# Twenty rollbacks of a history, against lakes that were built from those generations alone.

SEED = 21
LAST = date(2025, 11, 20)
DAYS = days_until(LAST, 60)
COMPANIES = [f"c_{number:03}" for number in range(12)]
BY_COMMAND = 3
# As no generation of the history would pass them: what stood before is not judged.
STRICT = {
    "COMPANY_ACTIVITY__GATES__QUARANTINE_MAX_SHARE": "0",
    "COMPANY_ACTIVITY__GATES__QUARANTINE_MIN_RECORDS": "1",
    "COMPANY_ACTIVITY__GATES__VOLUME_ERROR_DROP": "0.01",
    "COMPANY_ACTIVITY__GATES__VOLUME_MIN_RECORDS": "1",
}


class History:
    """Sixty dates with two generations for twenty of them, and what each of the twenty goes back to."""

    def __init__(self, seed: int) -> None:
        randomness = random.Random(seed)
        self.older = {day: items_of(day, randomness) for day in DAYS}
        self.dates = sorted(randomness.sample(DAYS[1:], 20))
        self.newer = {day: items_of(day, randomness) for day in self.dates}
        self.missing = set(self.dates[3::4])

    @property
    def by_command(self) -> list[date]:
        """The newest ones: most of the history is outside their reach."""
        return self.dates[-BY_COMMAND:]

    def target(self, day: date) -> int | None:
        return None if day in self.missing else 1


def items_of(day: date, randomness: random.Random) -> list[Mapping[str, Any]]:
    """About half of the companies, one that only this answer knows, and one record that is refused."""
    present = randomness.sample(COMPANIES, randomness.randint(3, 9))
    items = [item(company, day, randomness.randint(0, 30), randomness.randint(0, 300)) for company in present]
    items.append(item(f"seen_{randomness.randint(0, 10**6)}", day))
    return [*items, item(randomness.choice(COMPANIES), day, -1)]


def files_by_date(spark: SparkSession, place: Place, table: Table) -> dict[date, dict[str, str]]:
    """By date the files that hold its rows, each with a digest over its bytes."""
    named = table_files(place.table(spark, table), *table.partition_by).collect()
    found: dict[date, dict[str, str]] = {}
    for day, path in named:
        data = Path(path.removeprefix("file:")).read_bytes()
        found.setdefault(day, {})[path] = hashlib.sha256(data).hexdigest()
    return found


def table_files(rows: DataFrame, day: str) -> DataFrame:
    return rows.select(day, F.col("_metadata.file_path")).distinct()


def outside(spark: SparkSession, place: Place, day: date) -> dict[str, object]:
    """The files of each date that reads nothing of this one."""
    reach = {day + timedelta(days=n) for n in range(HORIZON_DAYS)}
    staged = files_by_date(spark, place, PRODUCT_USAGE)
    built = files_by_date(spark, place, COMPANY_ACTIVITY_DAILY)
    return {
        "staged": {one: files for one, files in staged.items() if one != day},
        "built": {one: files for one, files in built.items() if one not in reach},
    }


def rebuild(place: Place, *more: str, **settings: str) -> int:
    return place.run("run", "--date", str(LAST), "--steps", ",".join((*more, *REBUILD)), **settings)


def ingest_all(place: Place, days: Sequence[date] = DAYS) -> None:
    for span in spans(days):
        assert place.run("ingest", "--start", str(span.first), "--end", str(span.last)) == 0


@pytest.fixture(scope="module")
def history() -> History:
    return History(SEED)


@pytest.fixture(scope="module")
def built(spark: SparkSession, history: History, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The history with its newer generations, staged, built and published."""
    del spark  # the session must be the suite's
    with serving_answers(tmp_path_factory.mktemp("history"), history.older) as place:
        ingest_all(place)
        for day, items in history.newer.items():
            give(place, day, items)
        ingest_all(place)
        assert rebuild(place, "admit_crm", "stage_crm") == 0
        yield place


@contextmanager
def serving_answers(folder: Path, answers: Mapping[date, list[Mapping[str, Any]]]) -> Iterator[Place]:
    """A place with one CRM file, and an API that gives these items."""
    (folder / "answers").mkdir()
    with serving(folder, folder / "answers") as place:
        for day, items in answers.items():
            give(place, day, items)
        place.drop_crm(write_crm(folder, DAYS[0]))
        yield place


@pytest.fixture(scope="module")
def original(spark: SparkSession, built: Place) -> Shown:
    """As the newer generations show it."""
    return shown(spark, built)


@pytest.mark.long
@pytest.mark.nightly
@pytest.mark.usefixtures("original")
def test_a_rollback_leaves_every_date_outside_its_reach_as_it_is_to_the_byte(
    spark: SparkSession, built: Place, history: History
) -> None:
    for day in history.by_command:
        before = outside(spark, built, day)
        assert len(before["built"]) > 30  # type: ignore[arg-type]
        to = "missing" if day in history.missing else "1"
        assert built.run("rollback", "--date", str(day), "--to-generation", to, **STRICT) == 0
        assert outside(spark, built, day) == before
    assert history.missing & set(history.by_command)


@pytest.mark.long
@pytest.mark.nightly
def test_after_twenty_rollbacks_all_is_as_if_nothing_else_had_ever_landed(
    spark: SparkSession, built: Place, history: History, original: Shown, tmp_path: Path
) -> None:
    for day in history.dates[:-BY_COMMAND]:
        assert set_back(built, day, history.target(day)).has_changed_something
    assert rebuild(built, **STRICT) == 0
    with serving_answers(tmp_path, history.older) as place:
        ingest_all(place, sorted(set(DAYS) - history.missing))
        assert rebuild(place, "admit_crm", "stage_crm") == 0
        expected = shown(spark, place)
    found = shown(spark, built)
    assert found == expected
    assert [table for table, rows in found.tables.items() if rows == original.tables[table]] == [
        "stg.crm_companies",
        "dim.companies_history",
    ]


@pytest.mark.long
@pytest.mark.nightly
def test_then_a_fetch_of_what_was_set_aside_changes_nothing_until_it_is_released(
    built: Place, history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    before = landing_of(built).generations(), versions(built.settings.lake.root)
    capsys.readouterr()
    dates = ("--from", str(DAYS[0]), "--to", str(LAST))
    assert built.run("run", *dates, "--steps", ",".join(("ingest_usage", *REBUILD))) == 0
    told = capsys.readouterr().out
    assert told.count("nothing of it lands until") == len(history.dates)
    assert "starting Spark" not in told
    assert (landing_of(built).generations(), versions(built.settings.lake.root)) == before

    released = history.dates[0]
    assert built.run("rollback", "--release", str(released)) == 0
    ingest_all(built)
    after = landing_of(built).generations()
    assert {day for day in after if after[day] != before[0][day]} == {released}


@pytest.mark.long
@pytest.mark.nightly
def test_rolling_forward_restores_the_original(
    spark: SparkSession, built: Place, history: History, original: Shown
) -> None:
    changed = [day for day in history.dates if set_back(built, day, 2).has_changed_something]
    assert changed == history.dates[1:]  # the first landed again by itself
    assert rebuild(built) == 0
    assert shown(spark, built) == original
