"""L1: how many Spark jobs, SQL executions and Delta commits a daily run takes, with a CRM file and without one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from benchmarks.harness.event_log import Counts
from benchmarks.harness.feed import Feed
from benchmarks.harness.figures import Bench, Figure, Inputs, Row
from benchmarks.harness.places import LAST, counts_of, crm_folder, history

INPUTS: Inputs = {
    "full": {"companies": 5000, "records": 5000, "days": 91},
    "small": {"companies": 200, "records": 400, "days": 91},
}
DAY = LAST + timedelta(days=1)
RENAMED = 0.01  # the share of companies that a snapshot changes


def measure(bench: Bench) -> list[Figure]:
    """One run each, on a lake with a history."""
    feed = Feed(bench.inputs["companies"], bench.inputs["records"])
    built = history(Path(bench.folder), feed, bench.inputs["days"])
    answers = Path(bench.folder, f"answers-{feed.companies}-{feed.records}")
    feed.write_answer(answers, DAY)
    figures: list[Figure] = []
    for name, has_crm in (("with a CRM file", True), ("without", False)):
        with built.standing(answers) as place:
            if has_crm:
                feed.write_crm(crm_folder(place), DAY, RENAMED)
            counts, commits = counts_of(place, "run", "--date", str(DAY))
        figures += of_run(name, counts, commits)
    return figures


def of_run(name: str, counts: Counts, commits: int) -> Iterator[Figure]:
    """The three figures of a run."""
    own_jobs, own_executions = counts.jobs - counts.jobs_of_delta, counts.executions - counts.executions_of_delta
    yield Figure(f"jobs {name}", counts.jobs, beside=f"{own_jobs} ours, {counts.jobs_of_delta} on Delta's own log")
    beside = f"{own_executions} ours, {counts.executions_of_delta} on Delta's own log"
    yield Figure(f"executions {name}", counts.executions, beside=beside)
    yield Figure(f"commits {name}", commits)


ROW = Row(
    "L1",
    "Spark jobs, SQL executions and Delta commits of a daily run",
    INPUTS,
    {"full": 4, "small": 3},
    measure,
)
