"""What a snapshot costs the dimension: rows read, rows written, files rewritten, CPU seconds.

    PYTHONPATH=tests python -m benchmarks.studies.dimension              1,000,000 companies
    PYTHONPATH=tests python -m benchmarks.studies.dimension 200000

Staging is filled beforehand and not measured. Rows read and written are Spark's own counts of its tasks, files those of
the Delta commits, CPU seconds those of this process and its JVM. Each line ends with what the step says of itself.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from company_activity.io.lake.delta import Lake, dates_predicate
from company_activity.report.model import RunReport, StepReport
from company_activity.run import Run
from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, CRM_COMPANIES, PRODUCT_USAGE
from company_activity.settings.model import LakeSettings
from company_activity.steps.build_companies import build_companies

from benchmarks.harness.session import session
from support.lake.content import replace_where
from support.landing.ingest import settings_for
from support.processes.cpu import cpu_seconds

NOW = datetime(2025, 6, 1, tzinfo=UTC)
DIMENSION = (COMPANIES, COMPANIES_HISTORY)
CONFS = {
    "spark.driver.memory": "4g",
    "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
    "spark.sql.shuffle.partitions": "8",
    "spark.eventLog.enabled": "true",  # to count by
    "spark.eventLog.compress": "false",
}


@dataclass
class Bench:
    """A lake, its staging, and what has been counted so far."""

    spark: SparkSession
    folder: Path
    files: dict[str, Any] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    told: set[Path] = field(default_factory=set)
    lines: int = 0

    @property
    def lake(self) -> str:
        return str(self.folder / "lake")

    def stage_snapshot(self, day: date, changes: Iterable[tuple[int, float]], companies: int) -> None:
        """A snapshot of all companies after some waves of changes: wave → share of the companies that it renamed."""
        path = f"raw/crm/{day}.csv"
        rows = self._ids(companies).select(
            "company_id",
            F.concat(F.lit("Company "), "company_id", F.lit(" "), last_wave(changes)).alias("name"),
            F.element_at(F.array(*map(F.lit, ("DE", "FR", "US"))), (F.col("id") % 3 + 1).cast("int")).alias("country"),
            F.element_at(F.array(*map(F.lit, ("it", "food"))), (F.col("id") % 2 + 1).cast("int")).alias("industry_tag"),
            F.timestamp_seconds(1_700_000_000 + F.col("id") % 10_000_000).alias("last_contact_at"),
            F.lit(day).alias("file_date"),
            F.lit(path).alias("src_file_name"),
            F.lit(NOW).alias("ingested_at"),
        )
        self.files[path] = {"sha256": f"{hash((day, *changes)):x}", "file_date": str(day)}
        replace_where(rows, self.lake, CRM_COMPANIES, dates_predicate("file_date", [day]), {"files": self.files})

    def stage_usage(self, day: date, generation: int, companies: int) -> None:
        """A date on which every fifth company is active."""
        rows = self._ids(companies).where("id % 5 = 0")
        given = {"active_users": F.lit(3), "events": F.lit(9), "page": F.lit(1), "item": F.lit(1)}
        given |= {"ts": F.lit(NOW), "src_ingested_at": F.lit(NOW), "src_file_name": F.lit("part")}
        given |= {"generation": F.lit(generation), "raw_json": F.lit(None).cast("string"), "has_conflict": F.lit(False)}
        staged = rows.withColumns({"date": F.lit(day), **given})
        casts = [F.col(c.name).cast(c.type).alias(c.name) for c in PRODUCT_USAGE.columns]
        self.dates[str(day)] = f"{generation}:{companies}"
        state = {"dates": self.dates}
        replace_where(staged.select(*casts), self.lake, PRODUCT_USAGE, dates_predicate("date", [day]), state)

    def _ids(self, companies: int) -> DataFrame:
        return self.spark.range(companies).withColumn("company_id", F.format_string("c_%09d", "id"))

    def measure(self, what: str) -> StepReport:
        """Build, and print a line of what it took."""
        self._new_events()
        files = {table.name: sum(1 for _ in self._files(table.path)) for table in DIMENSION}
        settings = replace(settings_for("", self.folder), lake=LakeSettings(self.lake))
        run = Run(settings, (), RunReport("bench", "bench", NOW), lambda: NOW)
        cpu, began = cpu_seconds(), time.perf_counter()
        report = build_companies(run)
        cpu, seconds = cpu_seconds() - cpu, time.perf_counter() - began
        read, written = self._new_events()
        print(f"{what:<44} read {read:>10,}  written {written:>10,}  CPU {cpu:6.1f} s, {seconds:6.1f} s in all")
        for table in DIMENSION:
            added, removed, rows = self._new_actions(table.path)
            if added or removed:
                print(
                    f"  {table.name:<24} {removed} of {files[table.name]} files gave way to {added} with {rows:,} rows"
                )
        print(
            f"  {report.outcome}: " + ", ".join(f"{count:,} {name}" for name, count in report.counts.items() if count)
        )
        return report

    def _new_events(self) -> tuple[int, int]:
        """Records read and written by the tasks since the last look."""
        time.sleep(2)  # the listener writes a little later
        (log,) = [file for file in self.folder.iterdir() if file.is_file()]
        lines = log.read_text(encoding="utf-8").splitlines()
        new, self.lines = lines[self.lines :], len(lines)
        tasks = [json.loads(line).get("Task Metrics") or {} for line in new if '"SparkListenerTaskEnd"' in line]
        read = sum(task.get("Input Metrics", {}).get("Records Read", 0) for task in tasks)
        return read, sum(task.get("Output Metrics", {}).get("Records Written", 0) for task in tasks)

    def _new_actions(self, table: str) -> tuple[int, int, int]:
        """Files added and removed, and rows added, by the commits since the last look."""
        commits = set(Path(self.lake, table, "_delta_log").glob("*.json")) - self.told
        self.told |= commits
        actions = [json.loads(line) for commit in commits for line in commit.read_text("utf-8").splitlines()]
        adds = [action["add"] for action in actions if "add" in action]
        rows = sum(json.loads(add["stats"])["numRecords"] for add in adds)
        return len(adds), sum("remove" in action for action in actions), rows

    def _files(self, table: str) -> Iterator[str]:
        """The table's files as the log has them."""
        present: dict[str, None] = {}
        for commit in sorted(Path(self.lake, table, "_delta_log").glob("*.json")):
            for action in map(json.loads, commit.read_text("utf-8").splitlines()):
                if "add" in action:
                    present[action["add"]["path"]] = None
                if "remove" in action:
                    present.pop(action["remove"]["path"], None)
        yield from present


def last_wave(changes: Iterable[tuple[int, float]]) -> Column:
    """The last wave that renamed a company, spread evenly over the ids."""
    hit = [F.when(F.pmod(F.xxhash64("id", F.lit(n)), F.lit(10**6)) < int(share * 10**6), n) for n, share in changes]
    return F.greatest(F.lit(0), F.lit(0), *hit).cast("string")


def main(companies: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(session(CONFS | {"spark.eventLog.dir": Path(folder).as_uri()}), Path(folder))
        try:
            play(bench, companies)
        finally:
            bench.spark.stop()


def play(bench: Bench, companies: int) -> None:
    half, percent, few = (1, 0.5), (2, 0.01), (4, 10 / companies)
    bench.stage_snapshot(date(2025, 1, 1), [], companies)
    bench.measure("first snapshot, from everything")
    bench.stage_snapshot(date(2025, 2, 1), [half], companies)
    bench.measure("50 % changed: now there is a history")
    bench.stage_snapshot(date(2025, 3, 1), [half, percent], companies)
    bench.measure("1 % changed")
    bench.measure("  the same again")
    bench.stage_snapshot(date(2025, 4, 1), [half, percent, (3, 0.01)], companies)
    bench.measure("1 % changed, once more")
    bench.stage_snapshot(date(2025, 5, 1), [half, percent, (3, 0.01), few], companies)
    bench.measure("about 10 companies changed")
    bench.stage_snapshot(date(2025, 3, 15), [half, percent, (5, 0.01)], companies)
    bench.measure("out of order: 1 % changed, six weeks late")
    bench.stage_usage(date(2025, 5, 1), 1, companies)
    bench.measure("a usage date")
    bench.stage_usage(date(2025, 5, 2), 1, companies + 50)
    bench.measure("a usage date with 10 new companies")
    bench.stage_usage(date(2025, 5, 2), 2, companies + 25)
    bench.measure("  superseded: 5 of them were never there")
    with patch.object(Lake, "dimension_sources", None):
        assert bench.measure("everything from everything: the same").outcome == "nothing"


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000)
