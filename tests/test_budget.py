"""What a daily run may take, in exact counts: `benchmarks/harness/goals.py` holds the budget and says what may raise it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from api_server import SampleApi
from benchmarks.harness.cost import run_tree
from benchmarks.harness.event_log import Counts, Window, counted, events
from benchmarks.harness.goals import BUDGET, JVMS, allowed
from benchmarks.harness.jvms import jvms, noting_jvms
from benchmarks.harness.peers import ours
from benchmarks.harness.places import COMMAND, ROOT, noting_events
from benchmarks.peers.daily_counts import RUNS
from support.cycle.place import Place

pytestmark = [pytest.mark.long, pytest.mark.spark, pytest.mark.integration]
COMPANIES, RECORDS = "200", "400"
EPISODES = "risk_episodes"
DAYS = "91"  # of history: more than any window looks back, and more than the page shows


@dataclass(frozen=True)
class Counted:
    """The counts of each run, its commits, and the folder with the place where they were taken.

    `beside_episodes` are the counts without the rows and files of `analytics.risk_episodes`.
    """

    counts: dict[str, Counts]
    beside_episodes: dict[str, Counts]
    commits: dict[str, int]
    folder: Path
    jvms: int


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Counted:
    """Three daily runs in one JVM."""
    folder = tmp_path_factory.mktemp("budget")
    environ = noting_events(folder) | noting_jvms(folder / "java")
    told = ours("daily_counts", folder, COMPANIES, RECORDS, DAYS, environ=environ).told
    log = events(folder / "events")
    windows = {name: Window(run["begin"], run["end"]) for name, run in told.items()}
    counts = {name: counted(log, during) for name, during in windows.items()}
    beside = {name: counted(log, during, beside=EPISODES) for name, during in windows.items()}
    return Counted(counts, beside, {name: run["commits"] for name, run in told.items()}, folder, jvms(folder / "java"))


@pytest.mark.parametrize("name", BUDGET)
def test_a_daily_run_stays_within_its_budget(runs: Counted, name: str) -> None:
    most = allowed(BUDGET[name])
    found = runs.counts[name]
    print(f"{name}: {found.jobs} jobs, {found.executions} executions, {runs.commits[name]} commits; {most}")
    assert 0 < found.jobs <= most.jobs
    assert 0 < found.executions <= most.executions
    assert 0 < runs.commits[name] <= most.commits


def test_a_day_later_no_more_is_read(runs: Counted) -> None:
    """Each date has as many records: what grows from one day to the next grows with the history.

    Episodes are more or fewer each day. A small table of them is one file, which three steps read and one compares
    with the file before it.
    """
    now, later = runs.beside_episodes["without"], runs.beside_episodes["a day later"]
    print(f"{now}, a day later {later}")
    assert 0 < later.rows_read == now.rows_read
    assert 0 < later.files_read == now.files_read
    assert runs.counts["a day later"].rows_read > later.rows_read
    assert runs.counts["a day later"].files_read == runs.counts["without"].files_read


def test_commands_with_nothing_to_do_for_spark_start_no_jvm(runs: Counted) -> None:
    assert runs.jvms > 0  # those of the daily runs were noted
    with SampleApi(runs.folder / "answers", port=0) as api:
        place = Place(runs.folder / "place", api.url)
        day = str(max(RUNS.values()))
        for number, words in enumerate((["run", "--date", day], ["plan", "--date", day], ["--help"])):
            notes = runs.folder / f"java-{number}"
            run_tree([COMMAND, *words], place.environ | noting_jvms(notes), folder=ROOT)
            assert jvms(notes) <= JVMS, words
