"""The dimension step on a lake: what it commits, what it leaves, what it counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.io.delta import read_table, replace_where
from company_activity.io.delta_log import newest_state
from company_activity.report import RunReport, StepReport
from company_activity.run import Run
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, CRM_COMPANIES, PRODUCT_USAGE, Table
from company_activity.settings import LakeSettings
from company_activity.steps.build_companies import build_companies
from company_activity.transforms.crm import paths_predicate

from support.frames import frame
from support.ingest import settings_for

DAY = date(2025, 1, 10)
BEGAN = datetime(2025, 6, 1, tzinfo=UTC)
Rows = Mapping[str, Any]


@dataclass
class Place:
    """A lake whose staging a test fills; each build is a run of its own, an hour after the one before."""

    spark: SparkSession
    lake: str
    runs: int = 0
    files: dict[str, Any] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)

    def stage_crm(self, path: str, day: date, **names: str | None) -> None:
        """A CRM file: company → name. What was staged of the path goes."""
        rows = [{"company_id": i, "name": n, "file_date": day, "src_file_name": path} for i, n in names.items()]
        self.files[path] = {"sha256": f"{hash((path, day, *names.items())) & 0xFFFFFFFFFFFFFFFF:016x}", "file_date": str(day)}
        self._replace(CRM_COMPANIES, rows, paths_predicate("src_file_name", [path]), {"files": self.files})

    def stage_usage(self, day: date, **users: int) -> None:
        """The next generation of a date: company → active users."""
        self._stage_date(day, users, "content")

    def drop_usage(self, day: date) -> None:
        """The next generation of a date says that it is missing."""
        self._stage_date(day, {}, "missing")

    def build(self) -> StepReport:
        self.runs += 1
        return build_companies(self.run)

    @property
    def run(self) -> Run:
        now = BEGAN + timedelta(hours=self.runs)
        settings = replace(settings_for("", self.lake), lake=LakeSettings(self.lake))
        return Run(settings, (), RunReport(f"run-{self.runs}", "test", now), lambda: now, say=lambda told: None)

    def companies(self) -> dict[str, tuple[Any, ...]]:
        """company → name, first day seen, first day active, inferred."""
        rows = read_table(self.spark, self.lake, COMPANIES).collect()
        return {r.company_id: (r.name, r.first_seen_date, r.first_active_date, r.is_inferred) for r in rows}

    def history(self) -> list[tuple[Any, ...]]:
        rows = read_table(self.spark, self.lake, COMPANIES_HISTORY).collect()
        return sorted((r.company_id, r.valid_from, r.valid_to, r.name) for r in rows)

    def commits(self, table: Table) -> int:
        return len(list(Path(self.lake, table.path, "_delta_log").glob("*.json")))

    def _stage_date(self, day: date, users: Mapping[str, int], content: str) -> None:
        generation = int(self.dates.get(str(day), "0").split(":")[0]) + 1
        self.dates[str(day)] = f"{generation}:{content}"
        rows = [{"company_id": i, "date": day, "active_users": n} for i, n in users.items()]
        self._replace(PRODUCT_USAGE, rows, f"date = DATE'{day}'", {"dates": self.dates})

    def _replace(self, table: Table, rows: Iterable[Rows], where: str, state: Rows) -> None:
        given = {"ts": BEGAN, "ingested_at": BEGAN, "src_ingested_at": BEGAN, "src_file_name": "part"}
        given |= dict.fromkeys(("events", "page", "item", "generation"), 1) | {"has_conflict": False}
        replace_where(frame(self.spark, table, rows, **given), self.lake, table, where, state)


@pytest.fixture
def place(spark: SparkSession, tmp_path: Path) -> Place:
    return Place(spark, str(tmp_path))


def test_the_first_build_writes_both_tables_and_a_rerun_nothing(place: Place) -> None:
    place.stage_crm("a.csv", DAY, a="A", b=None)
    place.stage_usage(DAY, a=3, u=0)
    first = place.build()
    assert place.companies() == {
        "a": ("A", DAY, DAY, False),
        "b": (None, DAY, None, False),
        "u": (None, DAY, None, True),
    }
    assert first.counts == {
        "inserted": 3, "changed": 0, "repaired": 0, "removed": 0, "unchanged": 0, "histories": 2, "inferred": 1
    }  # fmt: skip
    before = place.commits(COMPANIES), place.commits(COMPANIES_HISTORY)
    assert place.build().outcome == "nothing"
    assert (place.commits(COMPANIES), place.commits(COMPANIES_HISTORY)) == before
