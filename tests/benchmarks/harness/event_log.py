"""Exact counts of a run, read from Spark's event log and from Delta's logs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Event = dict[str, Any]
SQL = "org.apache.spark.sql.execution.ui.SparkListener"
# What Delta names an execution of its own by: a look at its log, for a commit or for the files of a scan.
OF_DELTA = "Delta"
# A scan whose files are those of Delta's own log, which is no data.
OF_THE_LOG = "DeltaLogFileIndex"
TOO_LONG_FOR_A_RUN = 2**62


@dataclass(frozen=True)
class Counts:
    """Spark jobs, SQL executions, how many of both Delta asks its own log with, and the rows and files read of the data."""

    jobs: int
    executions: int
    rows_read: int
    files_read: int
    jobs_of_delta: int
    executions_of_delta: int


@dataclass(frozen=True)
class Window:
    """A stretch of time, in milliseconds since 1970, both ends included."""

    begin: int = 0
    end: int = TOO_LONG_FOR_A_RUN

    def has(self, moment: int) -> bool:
        return self.begin <= moment <= self.end


ALWAYS = Window()


def events(folder: Path) -> list[Event]:
    """All events of the one application whose log lies in a folder."""
    [log] = [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def counted(found: list[Event], during: Window = ALWAYS, beside: str | None = None) -> Counts:
    """The counts of what began in a stretch of time; rows and files of the table `beside` (a folder) are left out."""
    started = [one for one in found if one["Event"] == f"{SQL}SQLExecutionStart" and during.has(one["time"])]
    jobs = [one for one in found if one["Event"] == "SparkListenerJobStart" and during.has(one["Submission Time"])]
    executions = {one["executionId"] for one in started}
    plans = [one["sparkPlanInfo"] for one in started]
    plans += [
        one["sparkPlanInfo"]
        for one in found
        if one["Event"] == f"{SQL}SQLAdaptiveExecutionUpdate" and one["executionId"] in executions
    ]
    scans = {key: scan for plan in plans for scan in scans_in(plan, beside) for key in [tuple(sorted(scan.items()))]}
    of_delta = {str(one["executionId"]) for one in started if OF_DELTA in one["description"]}
    values = accumulated(found)
    rows = {scan["number of output rows"] for scan in scans.values() if "number of output rows" in scan}
    files = {scan["number of files read"] for scan in scans.values()}
    return Counts(
        jobs=len(jobs),
        executions=len(started),
        rows_read=sum(values.get(accumulator, 0) for accumulator in rows),
        files_read=sum(values.get(accumulator, 0) for accumulator in files),
        jobs_of_delta=sum(execution_of(job) in of_delta for job in jobs),
        executions_of_delta=len(of_delta),
    )


def execution_of(job: Event) -> str | None:
    """The execution that a job belongs to."""
    execution: str | None = job["Properties"].get("spark.sql.execution.id")
    return execution


def scans_in(plan: Event, beside: str | None = None) -> Iterator[dict[str, int]]:
    """The accumulators of each scan of data files in a plan, by the name of the metric."""
    metrics = {metric["name"]: metric["accumulatorId"] for metric in plan["metrics"]}
    told = json.dumps(plan.get("metadata", {}))
    is_of_the_log = OF_THE_LOG in told or OF_THE_LOG in plan["simpleString"]
    is_beside = beside is not None and f"/{beside}" in told
    if "number of files read" in metrics and not is_of_the_log and not is_beside:
        yield metrics
    for child in plan["children"]:
        yield from scans_in(child, beside)


def accumulated(found: Iterable[Event]) -> dict[int, int]:
    """The last value of each accumulator of the plans: those of the tasks, and those that the driver set."""
    values: dict[int, int] = {}
    for one in found:
        if one["Event"] == "SparkListenerTaskEnd":
            for update in one["Task Info"]["Accumulables"]:
                if update.get("Metadata") == "sql" and "Update" in update:
                    values[update["ID"]] = values.get(update["ID"], 0) + int(update["Update"])
        if one["Event"] == f"{SQL}DriverAccumUpdates":
            values.update(dict(one["accumUpdates"]))
    return values


def commits(lake: Path) -> int:
    """How many commits the Delta tables of a lake have, by their logs; none may have been cleaned up."""
    return sum(1 for commit in lake.glob("**/_delta_log/*.json") if commit.stem.isdigit())
