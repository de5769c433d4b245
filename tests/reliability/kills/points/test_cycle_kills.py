"""SIGKILL at each commit point of a run and of every operation: the same command, given again, ends as if nothing had been.

Two kills of a first run in `make brief`; every point of every story in `make reliability`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from reliability.harness.cases import Cases
from support.kills.kept_points import check, keys
from support.kills.staging import Stage
from support.kills.stories import STORIES, Grounds, grounds_at
from support.spark.caches import forget_tables

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.row("K1")]
ON_LAKES = [name for name in STORIES if name != "ingest"]


@pytest.fixture(scope="module")
def grounds(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    with grounds_at(tmp_path_factory.mktemp("kills"), lambda: forget_tables(spark)) as grounds:
        yield grounds


def play(stage: Stage, cases: Cases, short: int) -> None:
    """Kill at each point that is left; see first that the points are those that are kept."""
    name = stage.story.name
    assert stage.undisturbed
    check(name, stage.names)
    for key in cases.left(keys(name, stage.story.leaves_out), short=short):
        with cases.one(key):
            stage.play(key)


@pytest.mark.nightly
def test_a_first_run_given_again_after_a_kill_ends_as_if_nothing_had_been(
    spark: SparkSession, grounds: Grounds, cases: Cases
) -> None:
    play(Stage(STORIES["first"], spark, grounds), cases, short=1)


@pytest.mark.full
@pytest.mark.parametrize("name", [name for name in ON_LAKES if name != "first"])
def test_a_command_given_again_after_a_kill_ends_as_if_nothing_had_been(
    name: str, spark: SparkSession, grounds: Grounds, cases: Cases
) -> None:
    play(Stage(STORIES[name], spark, grounds), cases, short=1)
