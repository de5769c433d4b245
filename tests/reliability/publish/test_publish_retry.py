"""A Spark task that is tried again after its rows were committed leaves no row twice in what is served."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from company_activity.io.warehouse.served import DIMENSION

from support.processes.proxy import at_commit, proxy_to
from support.warehouse.postgres import Cluster

pytestmark = [pytest.mark.spark, pytest.mark.long, pytest.mark.fault, pytest.mark.nightly, pytest.mark.row("P2")]

TESTS = Path(__file__).resolve().parents[2]


def test_a_retried_task_leaves_no_duplicate(postgres: Cluster, tmp_path: Path) -> None:
    database = postgres.new_database().rsplit("/", 1)[-1]
    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "lib")])
    with proxy_to(postgres.port) as proxy:
        proxy.cut = at_commit(b"INSERT INTO etl.stage_", 0)  # the task's rows are in, the task does not hear of it
        command = [
            sys.executable,
            str(TESTS / "support/processes/publish_once.py"),
            postgres.url(database, proxy.port),
            str(tmp_path),
        ]
        told = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
        assert proxy.cut is None
    assert told.stdout.endswith("copies [True] published ('all',)\n"), told.stdout + told.stderr
    figures = f"SELECT count(*), count(DISTINCT company_id), count(DISTINCT name) FROM {DIMENSION.name}"
    assert postgres.sql(figures, database) == "20|20|20"
