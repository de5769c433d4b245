"""The dimension step on a lake: what it commits, what it leaves, what it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.errors import GateRefused
from company_activity.io.lake.delta import Lake, read_table
from company_activity.planning.state import BuiltFrom
from company_activity.report.model import RunReport, StepReport
from company_activity.run import Run
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    CRM_COMPANIES,
    PRODUCT_USAGE,
    Table,
)
from company_activity.settings.model import LakeSettings
from company_activity.steps.build_companies import build_companies
from company_activity.transforms.dimension import Revision, rebuilt

from support.landing.ingest import settings_for
from support.spark.frames import frame

pytestmark = [pytest.mark.long, pytest.mark.nightly]

DAY = date(2025, 1, 10)
BEGAN = datetime(2025, 6, 1, tzinfo=UTC)
Rows = Mapping[str, Any]


class StagedLake(Lake):
    """A lake of whose staging a run's memory says what it was built from."""

    def __init__(self, run: StagedRun) -> None:
        super().__init__(run.settings.lake.root, lambda: run.spark)
        self.run = run

    def state(self, table: Table) -> Mapping[str, Any]:
        return self.run.staged.get(table.name) or super().state(table)


@dataclass(frozen=True)
class StagedRun(Run):
    """A run whose staging is in memory; the dimension lies on its lake."""

    staged: dict[str, Rows] = field(default_factory=dict)

    @cached_property
    def lake(self) -> Lake:
        return StagedLake(self)


@dataclass
class StagedDimension:
    """A lake, and staging that a test fills; each build is a run of its own, an hour after the one before."""

    spark: SparkSession
    lake: str
    runs: int = 0
    files: dict[str, tuple[date, dict[str, str | None]]] = field(default_factory=dict)
    dates: dict[str, tuple[str, dict[str, int]]] = field(default_factory=dict)
    activity: Rows = field(default_factory=dict)

    def stage_crm(self, path: str, day: date, **names: str | None) -> None:
        """A CRM file: company → name. What was staged of the path goes."""
        self.files[path] = day, names

    def stage_usage(self, day: date, content: str = "content", **users: int) -> None:
        """The next generation of a date: company → active users."""
        generation = int(self.dates.get(str(day), ("0", {}))[0].split(":")[0]) + 1
        self.dates[str(day)] = f"{generation}:{content}", users

    def read(self, spark: SparkSession, lake: str, table: Table) -> DataFrame:
        """Staging from memory, the rest from the lake."""
        if table == CRM_COMPANIES:
            return frame(spark, table, [
                {"company_id": i, "name": n, "file_date": day, "src_file_name": path}
                for path, (day, names) in self.files.items() for i, n in names.items()
            ])  # fmt: skip
        if table == PRODUCT_USAGE:
            return frame(spark, table, [
                {"company_id": i, "date": date.fromisoformat(day), "active_users": n}
                for day, (_, users) in self.dates.items() for i, n in users.items()
            ])  # fmt: skip
        return read_table(spark, lake, table)

    def build(self) -> StepReport:
        self.runs += 1
        return build_companies(self.run)

    def build_with_activity(self) -> StepReport:
        """A build, and the state that the activity table's commit of the same run then carries."""
        self.runs += 1
        run = self.run
        report = build_companies(run)
        staged = run.lake.staged_sources
        versions = run.lake.identity(COMPANIES), run.lake.identity(COMPANIES_HISTORY)
        self.activity = BuiltFrom(staged.usage, staged.crm, *versions, run.lake.is_looked_at).as_json()
        return report

    @property
    def run(self) -> Run:
        now = BEGAN + timedelta(hours=self.runs)
        settings = replace(settings_for("", self.lake), lake=LakeSettings(self.lake))
        digests = {
            p: {"sha256": f"{sorted(names.items())}", "file_date": str(d)} for p, (d, names) in self.files.items()
        }
        marks = {day: mark for day, (mark, _) in self.dates.items()}
        staged: dict[str, Rows] = {CRM_COMPANIES.name: {"files": digests}, PRODUCT_USAGE.name: {"dates": marks}}
        staged[COMPANY_ACTIVITY_DAILY.name] = self.activity
        report = RunReport(f"run-{self.runs}", "test", now)
        return StagedRun(settings, (), report, lambda: now, staged=staged)

    def build_without_spark(self) -> list[str]:
        """What a build says that has to be content with the logs."""
        run = self.run
        notes = build_companies(run).notes
        assert "spark" not in vars(run)
        return notes

    def times(self, *companies: str) -> dict[str, tuple[int, int]]:
        """company → the build that created it, the build that updated it."""
        rows = read_table(self.spark, self.lake, COMPANIES).where(F.col("company_id").isin(*companies))
        since = [(F.unix_seconds(name) - int(BEGAN.timestamp())) / 3600 for name in ("created_at", "updated_at")]
        return {
            company: (int(made), int(moved)) for company, made, moved in rows.select("company_id", *since).collect()
        }

    def companies(self) -> dict[str, tuple[Any, ...]]:
        """company → name, first day seen, first day active, inferred."""
        rows = read_table(self.spark, self.lake, COMPANIES).collect()
        return {r.company_id: (r.name, r.first_seen_date, r.first_active_date, r.is_inferred) for r in rows}

    def history(self) -> list[tuple[Any, ...]]:
        rows = read_table(self.spark, self.lake, COMPANIES_HISTORY).collect()
        return sorted((r.company_id, r.valid_from, r.valid_to, r.name) for r in rows)

    def commits(self, table: Table) -> int:
        return len(list(Path(self.lake, table.path, "_delta_log").glob("*.json")))


@pytest.fixture
def place(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StagedDimension:
    place = StagedDimension(spark, str(tmp_path))
    monkeypatch.setattr(StagedLake, "read", lambda lake, table: place.read(spark, lake.root, table))
    return place


def test_a_rerun_does_nothing_and_what_changes_no_row_commits_nothing(place: StagedDimension) -> None:
    place.stage_crm("a.csv", DAY, a="A", b=None)
    place.stage_usage(DAY, a=3, u=0)
    assert place.build().counts == {
        "inserted": 3, "changed": 0, "repaired": 0, "removed": 0, "unchanged": 0, "histories": 2, "inferred": 1
    }  # fmt: skip
    commits = place.commits(COMPANIES), place.commits(COMPANIES_HISTORY)
    assert place.build_without_spark() == ["nothing new is staged"]
    place.stage_usage(DAY + timedelta(days=1), a=5)
    looked = place.build()
    assert (looked.outcome, looked.notes, looked.counts["unchanged"]) == ("nothing", ["from what moved in staging"], 3)
    assert place.build().counts == looked.counts  # no commit of the activity table has named what was looked at
    assert place.build_with_activity().counts == looked.counts
    assert place.build_without_spark() == ["nothing new is staged"]
    assert (place.commits(COMPANIES), place.commits(COMPANIES_HISTORY)) == commits


def test_after_a_look_only_what_is_staged_since_is_looked_at(place: StagedDimension) -> None:
    """A snapshot that changes nothing is in no commit of the dimension; later a company comes by usage alone."""
    place.stage_crm("a.csv", DAY, a="A")
    place.build_with_activity()
    place.stage_crm("b.csv", DAY + timedelta(days=7), a="A")
    assert place.build_with_activity().outcome == "nothing"
    place.stage_usage(DAY + timedelta(days=8), a=1, u=2)
    assert place.build().notes == ["from what moved in staging"]
    assert place.companies() == {
        "a": ("A", DAY, DAY + timedelta(days=8), False),
        "u": (None, DAY + timedelta(days=8), DAY + timedelta(days=8), True),
    }
    assert place.build_without_spark() == ["nothing new is staged"]


def test_what_moved_is_committed_and_counted(place: StagedDimension) -> None:
    later = DAY + timedelta(days=30)
    place.stage_crm("a.csv", DAY, a="A", b="B", c="C")
    place.stage_usage(DAY, u=4, gone=1)
    place.build()
    place.stage_crm("b.csv", later, a="A", b=None, u="U", new="N")
    place.stage_usage(DAY, u=4)
    assert place.build().counts == {
        "inserted": 1, "changed": 1, "repaired": 1, "removed": 1, "unchanged": 2, "histories": 3, "inferred": 0
    }  # fmt: skip
    assert place.companies() == {
        "a": ("A", DAY, None, False),
        "b": (None, DAY, None, False),
        "c": ("C", DAY, None, False),  # absent from the file: keeps what it had
        "u": ("U", DAY, DAY, False),
        "new": ("N", later, None, False),
    }
    assert place.history() == [
        ("a", DAY, None, "A"),
        ("b", DAY, later, "B"),
        ("b", later, None, None),
        ("c", DAY, None, "C"),
        ("new", later, None, "N"),
        ("u", later, None, "U"),
    ]
    assert place.times("a", "b") == {"a": (1, 1), "b": (1, 2)}


def test_a_run_cut_between_the_two_commits_is_made_good_by_the_next(
    place: StagedDimension, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(lake: Lake, table: Table, *rest: Any) -> None:
        if table == COMPANIES_HISTORY:
            raise KeyboardInterrupt
        Lake.replace(lake, table, *rest)

    place.stage_crm("a.csv", DAY, a="A")
    place.build()
    place.stage_crm("b.csv", DAY + timedelta(days=1), a="B")
    with monkeypatch.context() as patch:
        patch.setattr(StagedLake, "replace", cut)
        with pytest.raises(KeyboardInterrupt):
            place.build()
    commits = place.commits(COMPANIES)
    assert place.build().notes == ["from everything that is staged"]
    assert place.commits(COMPANIES) == commits
    assert [period[1:] for period in place.history()] == [
        (DAY, DAY + timedelta(days=1), "A"),
        (DAY + timedelta(days=1), None, "B"),
    ]
    assert place.build().outcome == "nothing"


def test_a_period_that_stands_twice_is_refused_before_either_table_is_written(
    place: StagedDimension, monkeypatch: pytest.MonkeyPatch
) -> None:
    def doubled(*given: Any) -> Revision:
        revision = rebuilt(*given)
        twice = replace(revision.history, fresh=revision.history.fresh.unionAll(revision.history.fresh))
        return replace(revision, history=twice)

    place.stage_crm("a.csv", DAY, a="A", b="B")
    monkeypatch.setattr("company_activity.work.build_companies.rebuilt", doubled)
    with pytest.raises(GateRefused, match="gate unique keys on dim.companies_history: found 2, wanted 4"):
        place.build()
    assert place.commits(COMPANIES) == place.commits(COMPANIES_HISTORY) == 0
