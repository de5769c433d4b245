"""What a daily run may take, in exact counts: `benchmarks/harness/goals.py` holds the budget and says what may raise it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from api_server import SampleApi
from benchmarks.harness.cost import run_tree
from benchmarks.harness.event_log import Counts, Window, counted, events
from benchmarks.harness.goals import BUDGET, FILES_READ_LONG_OVER_SHORT, JVMS, ROWS_READ_LONG_OVER_SHORT, allowed
from benchmarks.harness.jvms import jvms, noting_jvms
from benchmarks.harness.peers import ours
from benchmarks.harness.places import COMMAND, ROOT, noting_events
from benchmarks.peers.daily_counts import DAY
from support.cycle.place import Place

pytestmark = [pytest.mark.long, pytest.mark.spark, pytest.mark.integration]
COMPANIES, RECORDS, SHORT, LONG = "200", "400", "60", "75"


@dataclass(frozen=True)
class Counted:
    """The counts of each run, its commits, and the folder of a place where the daily run has been taken."""

    counts: dict[str, Counts]
    commits: dict[str, int]
    folder: Path
    jvms: int


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Counted:
    """Three daily runs in one JVM."""
    folder = tmp_path_factory.mktemp("budget")
    environ = noting_events(folder) | noting_jvms(folder / "java")
    told = ours("daily_counts", folder, COMPANIES, RECORDS, SHORT, LONG, environ=environ).told
    log = events(folder / "events")
    counts = {name: counted(log, Window(run["begin"], run["end"])) for name, run in told.items()}
    return Counted(counts, {name: run["commits"] for name, run in told.items()}, folder, jvms(folder / "java"))


@pytest.mark.parametrize("name", BUDGET)
def test_a_daily_run_stays_within_its_budget(runs: Counted, name: str) -> None:
    most = allowed(BUDGET[name])
    found = runs.counts[name]
    print(f"{name}: {found.jobs} jobs, {found.executions} executions, {runs.commits[name]} commits; {most}")
    assert 0 < found.jobs <= most.jobs
    assert 0 < found.executions <= most.executions
    assert 0 < runs.commits[name] <= most.commits


def test_a_longer_history_is_not_read(runs: Counted) -> None:
    short, long = runs.counts["without"], runs.counts["long"]
    print(f"short {short}, long {long}")
    assert 0 < long.rows_read <= short.rows_read * ROWS_READ_LONG_OVER_SHORT
    assert 0 < long.files_read <= short.files_read * FILES_READ_LONG_OVER_SHORT


def test_commands_with_nothing_to_do_for_spark_start_no_jvm(runs: Counted) -> None:
    assert runs.jvms > 0  # those of the daily runs were noted
    with SampleApi(runs.folder / "answers", port=0) as api:
        place = Place(runs.folder / "short", api.url)
        for number, words in enumerate((["run", "--date", str(DAY)], ["plan", "--date", str(DAY)], ["--help"])):
            notes = runs.folder / f"java-{number}"
            run_tree([COMMAND, *words], place.environ | noting_jvms(notes), folder=ROOT)
            assert jvms(notes) <= JVMS, words
