"""`replay-quarantine`: what older rules refused is judged again, as if it had always been good; nothing else is."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.cli.replay import BEHIND_STAGING
from company_activity.io.lake.delta import Lake
from company_activity.io.lake.upgrades import Upgrades
from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import LocalStorage
from company_activity.operations.replay import replay_quarantine
from company_activity.pipeline import STEPS
from company_activity.planning.replay import Replay, replay_of
from company_activity.planning.state import FORMULA_VERSION, GenerationMark, QuarantineState
from company_activity.records.fields import CRM_RULES_VERSION, RULES_VERSION
from company_activity.report.model import RunReport, StepReport
from company_activity.run import Run
from company_activity.schemas import (
    COMPANIES,
    COMPANY_ACTIVITY_DAILY,
    PRODUCT_USAGE,
    QUARANTINE,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    Table,
)
from company_activity.work import stage_usage

from support.cycle.older_rules import OLDER, OlderLibrary, one_rule_more, refused
from support.cycle.place import Place, serving
from support.cycle.shown import Shown, shown
from support.lake.content import lake_at, versions
from support.lake.history import COMPANIES as IDS
from support.lake.history import days_until, write_crm
from support.landing.pages import NOON, land
from support.processes.holder import hold_elsewhere

INTEGRATION = Path(__file__).parents[1] / "integration"
DAY = date(2025, 8, 28)
OLD = GenerationMark(2, "a", OLDER)
LAST = date(2025, 11, 20)
Items = list[Mapping[str, Any]]
# A replay passes them all: it needs no acceptance, and judges no content that stood before.
CLOSED = {
    "COMPANY_ACTIVITY__GATES__MAX_DATES_REWRITTEN": "0",
    "COMPANY_ACTIVITY__GATES__QUARANTINE_MAX_SHARE": "0",
    "COMPANY_ACTIVITY__GATES__QUARANTINE_MIN_RECORDS": "1",
    "COMPANY_ACTIVITY__GATES__VOLUME_ERROR_DROP": "0.01",
    "COMPANY_ACTIVITY__GATES__VOLUME_MIN_RECORDS": "1",
}


# Which dates.


def held(*days: date, **more: Any) -> QuarantineState:
    return QuarantineState(usage=frozenset(days), is_known=True, **more)


@pytest.mark.parametrize(
    ("landed", "staged", "quarantine", "found"),
    [
        (2, OLD, held(DAY), Replay(again=(DAY,))),
        (2, replace(OLD, rules_version=""), held(DAY), Replay(again=(DAY,))),
        (2, OLD.under_rules(), held(DAY), Replay()),
        (2, GenerationMark.of(2, None), held(DAY), Replay()),
        (2, OLD, held(), Replay()),
        (3, OLD, held(DAY), Replay(newer=(DAY,))),
        (1, OLD, held(DAY), Replay(kept=(DAY,))),
        (None, OLD, held(DAY), Replay(kept=(DAY,))),
        (2, OLD, QuarantineState(), Replay(again=(DAY,))),
        (2, OLD, held(cleared={DAY: OLD}), Replay(again=(DAY,))),
        (2, OLD, held(cleared={DAY: replace(OLD, generation=1)}), Replay()),
        (2, OLD.under_rules(), held(cleared={DAY: OLD}), Replay()),
    ],
    ids=[
        "of older rules", "of rules without a version", "of today's", "missing", "nothing refused", "a newer generation",
        "an older landing", "no landing", "not known", "killed before it was staged", "killed before another was staged",
        "staged since",
    ],
)  # fmt: skip
def test_dates_with_quarantined_records_of_older_rules_are_replayed(
    landed: int | None, staged: GenerationMark, quarantine: QuarantineState, found: Replay
) -> None:
    assert replay_of({DAY: landed} if landed else {}, {DAY: staged}, quarantine) == found


def test_what_is_kept_is_named() -> None:
    days = days_until(DAY, 3)
    assert Replay(newer=(days[0],), kept=tuple(days[1:])).warnings == [
        "of 2025-08-26 a newer generation has landed: the next run judges and stages it",
        "2 dates keep their rows and their quarantined records, because the landing no longer holds what was staged:"
        " 2025-08-27 to 2025-08-28",
    ]


def test_a_date_is_noted_as_cleared_until_it_is_staged() -> None:
    other = DAY + timedelta(days=1)
    staged = {DAY: OLD, other: OLD}
    cleared = held(DAY, other).with_places([DAY, other], [other], staged)
    assert cleared == held(other, cleared={DAY: OLD})
    assert QuarantineState.from_json(cleared.as_json()) == cleared
    assert cleared.with_places(["a.csv"], [], staged).cleared == {DAY: OLD}
    assert cleared.unknown().with_places([], [other]) == cleared  # as the rows say
    assert cleared.with_places([DAY], [DAY], staged) == held(DAY, other)
    assert cleared.with_places([other], [other], {**staged, DAY: OLD.under_rules()}) == held(other)


def test_a_date_of_todays_rules_is_not_noted() -> None:
    assert held(DAY).with_places([DAY], [], {DAY: OLD.under_rules()}) == held()


# The command.


def test_what_is_rebuilt_are_steps_of_the_cycle_behind_staging() -> None:
    assert set(BEHIND_STAGING) < set(STEPS)
    assert "stage_usage" not in BEHIND_STAGING


@contextmanager
def written_by(version: str, folder: Path) -> Iterator[Place]:
    """What this version left, and an API without a date."""
    with tarfile.open(INTEGRATION / f"place_{version}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    (folder / "answers").mkdir()
    with serving(folder, folder / "answers") as place:
        yield place


def landing_of(place: Place) -> Landing:
    return Landing(LocalStorage(place.folder / "landing"), place.settings.landing)


def snapshot(place: Place) -> dict[str, bytes]:
    """Every file of lake and landing."""
    files = [path for root in ("lake", "landing") for path in (place.folder / root).rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files}


def test_a_dry_run_names_each_date_that_a_state_without_versions_may_mean_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with written_by("0_1", tmp_path) as place:
        before = snapshot(place)
        assert place.run("replay-quarantine", "--dry-run") == 0
        assert snapshot(place) == before
    said = capsys.readouterr().out
    first, _, *dates, crm = (line.strip() for line in said.splitlines())
    assert first == "Which dates have quarantined records, only the rows can say: each of these may."
    assert [line.split()[:3] for line in dates] == [[f"2025-08-{day}", "1", "1"] for day in range(26, 30)]
    assert crm == "CRM files that older rules read, refused rows among them, are read again by the next run"


def test_where_nothing_is_of_older_rules_there_is_nothing_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with written_by("0_3", tmp_path) as place:
        assert place.run("replay-quarantine", "--dry-run") == 0
        assert "Nothing to replay" in capsys.readouterr().out


def test_in_an_empty_lake_there_is_nothing_to_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(tmp_path, tmp_path) as place:
        assert place.run("replay-quarantine") == 0
        said = capsys.readouterr().out
        assert "Nothing to do" in said
        assert "starting Spark" not in said
        assert record_of_the_last_run(place, capsys)["steps"][0]["name"] == "replay_quarantine"


def test_a_replay_waits_for_the_run_that_holds_the_lake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with written_by("0_3", tmp_path) as place:
        other = hold_elsewhere(place.folder / "lake")
        try:
            assert place.run("replay-quarantine", COMPANY_ACTIVITY__LAKE__LOCK_TIMEOUT_SECONDS="0") == 1
        finally:
            other.kill()
            other.wait()
    assert "LakeBusy" in capsys.readouterr().err


def test_only_what_is_staged_is_staged_again_and_the_rest_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One date is gone from the landing, of one a newer generation waits for its gates, one has nothing refused."""
    gone, newer, _, again = days_until(DAY + timedelta(days=1), 4)
    told: list[Sequence[date]] = []

    def replayed(run: Run, days: Sequence[date]) -> StepReport:
        told.append(days)
        return StepReport("replay_quarantine")

    monkeypatch.setattr(stage_usage, "replay_dates", replayed)
    monkeypatch.setattr(Lake, "quarantine", held(gone, newer, again))
    with written_by("0_1", tmp_path) as place:
        shutil.rmtree(place.folder / "landing/product-api-raw" / f"date={gone}")
        land(landing_of(place), ["{}"], day=newer)
        landing_of(place).storage.create(f"product-api-raw/date={newer}/gen=000002/refused_volume.json", (b"{}",))
        run = Run(place.settings, (), RunReport("run", "replay-quarantine", NOON), lambda: NOON)
        done = replay_quarantine(run)
    assert told == [(again,)]
    assert done.warnings == [
        f"of {newer} a newer generation has landed: the next run judges and stages it",
        "1 dates keep their rows and their quarantined records, because the landing no longer holds what was staged:"
        f" {gone}",
    ]


# A history whose older rules refused good records, against a lake that today's rules built from the start.


@dataclass(frozen=True)
class History:
    """Dates with their items. Of every second one, but the last, older rules refuse `refused_a_date` good records."""

    dates: Sequence[date]
    refused_a_date: int

    @property
    def replayed(self) -> list[date]:
        return list(self.dates[0:-1:2])

    @property
    def refused(self) -> int:
        return len(self.replayed) * self.refused_a_date

    def items(self, day: date) -> Items:
        """Each company, one of them twice; what is refused; on the first date a record that no rules take."""
        found: Items = [taken(company, day, 3 + number) for number, company in enumerate(IDS)]
        found.append(found[0])
        found += [taken("late", day, -1)] if day == self.dates[0] else []
        if day in self.replayed:
            for number in range(self.refused_a_date):
                # Companies of the CRM and one that only such records know: its first day moves.
                company = (*IDS, "unknown")[number % 5]
                found.append(refused(company, day, f"{9 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"))
            found.append(found[-1])
        return found


SHORT = History(days_until(LAST, 6), 5)
LONG = History(days_until(LAST, 51), 40)


def taken(company: str, day: date, users: int) -> dict[str, Any]:
    return {"company_id": company, "active_users": users, "events": 20, "ts": f"{day}T08:00:00Z"}


@contextmanager
def landed(folder: Path, history: History) -> Iterator[Place]:
    """The history and one CRM file, landed."""
    answers = folder / "answers"
    answers.mkdir(parents=True)
    with serving(folder, answers) as place:
        for day in history.dates:
            (answers / f"{day}.json").write_text(json.dumps({"items": history.items(day)}), encoding="utf-8")
        place.drop_crm(write_crm(folder, history.dates[0]))
        assert place.run("ingest", "--start", str(history.dates[0]), "--end", str(LAST)) == 0
        yield place


BUILD = ("run", "--date", str(LAST), "--steps", f"admit_crm,stage_usage,stage_crm,{','.join(BEHIND_STAGING)}")


def as_if_always_good(spark: SparkSession, folder: Path, history: History) -> Shown:
    """What today's rules show of the history."""
    with landed(folder, history) as place:
        assert place.run(*BUILD) == 0
        return shown(spark, place)


def balance(spark: SparkSession, place: Place, days: Sequence[date]) -> dict[date, tuple[int, int, int, int]]:
    """By date the records landed, staged, duplicate and quarantined; counted in the rows, but what landed."""
    staged = place.table(spark, PRODUCT_USAGE).groupBy("date").count().collect()
    refused = place.table(spark, QUARANTINE).where("feed = 'usage'").groupBy("date").count().collect()
    by_date = [dict(map(tuple, rows)) for rows in (staged, refused)]
    found = {}
    for day in days:
        newest = landing_of(place).newest(day)
        assert newest is not None
        good, broken = (counts.get(day, 0) for counts in by_date)
        found[day] = (newest.rows, good, newest.rows - good - broken, broken)
    return found


def doubled(spark: SparkSession, place: Place) -> int:
    """How many keys the tables hold more than once."""
    found = 0
    for table, key in (
        (PRODUCT_USAGE, ("date", "company_id", "ts")),
        (QUARANTINE, ("feed", "path", "page", "item", "line")),
        (COMPANY_ACTIVITY_DAILY, ("activity_date", "company_id")),
    ):
        found += place.table(spark, table).groupBy(*key).count().where("count > 1").count()
    return found


def replay_until_done(place: Place, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replay again and again, killed after the first commit to each table, until one ends; the tables in order."""
    commit = Lake._commit
    killed_after: list[str] = []

    def dying(lake: Lake, table: Table, *given: Any) -> None:
        commit(lake, table, *given)
        if table.name not in killed_after:
            killed_after.append(table.name)
            raise KeyboardInterrupt

    monkeypatch.setattr(Lake, "_commit", dying)
    while (code := place.run("replay-quarantine", **CLOSED)) == 130:
        pass
    monkeypatch.undo()
    assert code == 0
    return killed_after


def record_of_the_last_run(place: Place, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert place.run("runs", "--last", "1", "--json") == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    return record


@dataclass(frozen=True)
class Replaying:
    """A lake that older rules wrote, the history it was built from, and what today's rules show of that."""

    spark: SparkSession
    place: Place
    history: History
    good: Shown

    @property
    def lake(self) -> str:
        return self.place.settings.lake.root

    @property
    def versions(self) -> tuple[str, ...]:
        """Of today's rules, constants and formulas."""
        return (RULES_VERSION, CRM_RULES_VERSION, self.place.settings.metrics.metric_version, FORMULA_VERSION)

    def marks(self, days: Sequence[date]) -> set[str]:
        """The rules that staged these dates."""
        return {lake_at(self.lake).staging.marks[day].rules_version for day in days}

    def check_before(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The records are refused, and a dry run tells them without a change."""
        replayed = self.history.replayed
        assert self.marks(self.history.dates) == {OLDER}
        refused_now = [broken for *_, broken in balance(self.spark, self.place, replayed).values()]
        # Beside the good ones: the copy of one by date, and the record that no rules take.
        assert sum(refused_now) == self.history.refused + len(replayed) + 1
        assert shown(self.spark, self.place) != self.good
        before = snapshot(self.place)
        capsys.readouterr()
        assert self.place.run("replay-quarantine", "--dry-run") == 0
        rows = capsys.readouterr().out.splitlines()[1:]
        at_most = self.history.refused_a_date + 2  # with the copy and the duplicate
        counts = [at_most + 1, *[at_most] * (len(replayed) - 1)]
        expected = [[str(day), "1", OLDER, "≤", str(count)] for day, count in zip(replayed, counts, strict=True)]
        assert [row.split() for row in rows] == expected
        assert snapshot(self.place) == before

    def check_after(self, capsys: pytest.CaptureFixture[str]) -> None:
        """It is the lake of today's rules, each record in one place; what had nothing to replay waits for a run."""
        assert shown(self.spark, self.place) == self.good
        assert doubled(self.spark, self.place) == 0
        good = self.history.refused_a_date + len(IDS)
        by_date = balance(self.spark, self.place, self.history.replayed)
        assert by_date.pop(self.history.dates[0]) == (good + 3, good, 2, 1)
        assert set(by_date.values()) == {(good + 2, good, 2, 0)}
        waiting = [day for day in self.history.dates if day not in self.history.replayed]
        assert (self.marks(self.history.replayed), self.marks(waiting)) == ({RULES_VERSION}, {OLDER})
        capsys.readouterr()
        assert self.place.run("plan", "--date", str(LAST), "--json") == 0
        plan = json.loads(capsys.readouterr().out)
        assert plan["stage"] == {str(day): "staged by older rules" for day in waiting}

    def check_twice_is_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Another replay finds nothing, starts no Spark, and is recorded."""
        standing = versions(self.lake)
        capsys.readouterr()
        assert self.place.run("replay-quarantine", **CLOSED) == 0
        said = capsys.readouterr().out
        assert "Nothing to do" in said
        assert "starting Spark" not in said
        assert versions(self.lake) == standing
        record = record_of_the_last_run(self.place, capsys)
        assert (record["command"], record["exit_code"], record["dates"]) == ("replay-quarantine", 0, [])
        assert record["steps"][0]["name"] == "replay_quarantine"


@pytest.fixture(scope="module")
def short(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replaying]:
    """A few dates, staged by a step with one rule more."""
    good = as_if_always_good(spark, tmp_path_factory.mktemp("good"), SHORT)
    with landed(tmp_path_factory.mktemp("older"), SHORT) as place:
        with one_rule_more():
            assert place.run(*BUILD) == 0
        yield Replaying(spark, place, SHORT, good)


@pytest.mark.long
@pytest.mark.nightly
def test_a_replay_killed_after_a_commit_to_each_table_ends_as_if_the_records_had_always_been_good(
    short: Replaying, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    short.check_before(capsys)
    assert replay_until_done(short.place, monkeypatch) == [
        table.name
        for table in (
            QUARANTINE,
            PRODUCT_USAGE,
            COMPANIES,
            COMPANY_ACTIVITY_DAILY,
            RISK_EPISODES,
            SEGMENT_ACTIVITY_DAILY,
        )
    ]
    short.check_after(capsys)
    short.check_twice_is_once(capsys)


@pytest.fixture(scope="module")
def long(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replaying]:
    """A thousand records that a library of older rules refused, in processes of its own."""
    good = as_if_always_good(spark, tmp_path_factory.mktemp("good"), LONG)
    with landed(tmp_path_factory.mktemp("older"), LONG) as place:
        OlderLibrary(tmp_path_factory.mktemp("library")).run(place, *BUILD)
        yield Replaying(spark, place, LONG, good)


@pytest.mark.long
@pytest.mark.nightly
def test_a_thousand_records_are_replayed_twice_as_if_they_had_always_been_good(
    long: Replaying, capsys: pytest.CaptureFixture[str]
) -> None:
    assert long.history.refused == 1000
    long.check_before(capsys)
    upgrade = Upgrades(long.lake, *long.versions)
    upgrade.accept("a run that was killed before it had staged everything")
    assert long.place.run("replay-quarantine", **CLOSED) == 0
    assert Upgrades(long.lake, *long.versions).is_accepted
    long.check_after(capsys)
    counts = record_of_the_last_run(long.place, capsys)["steps"][0]["counts"]
    assert counts == {
        "dates": 25, "landed": 1151, "accepted": 1100, "duplicates": 50, "quarantined": 1, "let_in": 1000
    }  # fmt: skip
    long.check_twice_is_once(capsys)
    # What waited for a run is staged again under the acceptance, and shows the same.
    assert long.place.run(*BUILD, **CLOSED) == 0
    assert not Upgrades(long.lake, *long.versions).is_accepted
    assert long.marks(long.history.dates) == {RULES_VERSION}
    assert shown(long.spark, long.place) == long.good


@pytest.mark.long
def test_a_lake_of_0_1_has_nothing_to_replay_and_waits_for_its_upgrade(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No state says which dates have quarantined records: the rows are asked, once. All dates are of older formulas."""
    del spark  # the session must be the suite's
    with written_by("0_1", tmp_path) as place:
        for starts_spark in (True, False):
            capsys.readouterr()
            assert place.run("replay-quarantine", **CLOSED) == 0
            assert ("starting Spark" in capsys.readouterr().out) == starts_spark
        assert place.run("plan", "--date", "2025-08-29", "--json") == 0
        plan = json.loads(capsys.readouterr().out)
    assert set(plan["stage"].values()) == {"staged by older rules"}
    assert all("formula version 2" in one["reasons"] for one in plan["build"])
    assert len(plan["stage"]) == len(plan["build"]) == 4
