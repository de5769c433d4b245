"""Publishes of both tables to H2 while both cores are kept busy: none fails.

Three in the short form; as many as `DOUBLE_PUBLISHES` says where that is set.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.warehouse.publishing import publish_scopes
from company_activity.io.warehouse.validation import validate_scopes
from company_activity.settings.model import Settings

from support.warehouse.lakes import commit_companies, commit_dates
from support.warehouse.tables import DAY, NOW, h2_url, settings_for

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.nightly, pytest.mark.row("P2")]

ROUNDS = int(os.environ.get("DOUBLE_PUBLISHES", "3"))
HASHES = {DAY: "h1"}


@pytest.fixture
def settings(spark: SparkSession, tmp_path: Path) -> Settings:
    """A lake of both tables."""
    settings = settings_for(tmp_path, h2_url(tmp_path))
    commit_companies(spark, settings.lake.root, {"a": "Ann", "b": "Bob"})
    commit_dates(spark, settings.lake.root, {DAY: {"a": 1, "b": 2}})
    return settings


@pytest.fixture
def busy() -> Iterator[None]:
    """Somebody else's work on every core."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 2)]
    yield
    for other in others:
        other.kill()
        other.wait()


def test_both_tables_are_published_each_time(
    spark: SparkSession, settings: Settings, busy: None, tmp_path: Path
) -> None:
    for number in range(ROUNDS):
        there = replace(settings, sql=replace(settings.sql, url=h2_url(tmp_path / str(number))))
        report = publish_scopes(spark, there, run_id=f"run-{number}", now=NOW, hashes=HASHES)
        assert [table.published for table in report.tables] == [("all",), ("2025-03-31",)]
        assert validate_scopes(spark, there, hashes=HASHES, dates=[DAY]).rows == 4
        print(f"{number + 1} of {ROUNDS} published", flush=True)
