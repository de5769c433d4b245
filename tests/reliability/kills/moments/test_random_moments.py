"""SIGKILL at a random moment of a whole run, JVM and all: the same run, given again, ends as if nothing had been.

Every second one is the first of an empty lake, the others meet a corrected date, a new one and a CRM file. Only in
`make reliability`.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from random import Random

import pytest
from pyspark.sql import SparkSession

from reliability.harness.cases import Cases
from support.kills.children import child, ended, wait_until_gone
from support.kills.command import kill_session
from support.kills.staging import Stage
from support.kills.stories import STORIES, grounds_at
from support.spark.caches import forget_tables

pytestmark = [pytest.mark.long, pytest.mark.full, pytest.mark.fault, pytest.mark.row("K3")]
KILLS = 50
MAIN = "import sys; from company_activity.cli.main import main; sys.exit(main(sys.argv[1:]))"
HALF_SECOND = 0.5


def begun(stage: Stage) -> subprocess.Popen[bytes]:
    """The run, as a process that leads a session."""
    return child(["-c", MAIN, *stage.story.command], stage.environ)


def seconds_of(stage: Stage) -> float:
    """How long the run takes that nobody kills."""
    stage.reset()
    began = time.monotonic()
    assert ended(begun(stage)) == 0
    return time.monotonic() - began


def kill_after(stage: Stage, seconds: float) -> bool:
    """Kill the run after so long, with all it started; False if it had ended by then."""
    stage.reset()
    running = begun(stage)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        kill_session(running.pid)
    is_killed = running.wait() == -signal.SIGKILL
    wait_until_gone(running.pid)
    return is_killed


@pytest.fixture(scope="module")
def stages(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    with grounds_at(tmp_path_factory.mktemp("moments"), lambda: forget_tables(spark)) as grounds:
        yield {name: Stage(STORIES[name], spark, grounds) for name in ("first", "build")}


def test_a_run_killed_at_a_random_moment_ends_as_if_nothing_had_been(stages: dict[str, Stage], cases: Cases) -> None:
    takes = {name: seconds_of(stage) for name, stage in stages.items()}
    for seed in cases.left(range(KILLS), short=1):
        name = ("build", "first")[seed % 2]
        stage = stages[name]
        expected = stage.undisturbed
        with cases.one(seed):
            moment = HALF_SECOND + Random(seed).random() * (takes[name] - HALF_SECOND)
            while not kill_after(stage, moment):
                moment *= 0.8  # the machine is quicker now
            stage.give()
            assert stage.seen() == expected
