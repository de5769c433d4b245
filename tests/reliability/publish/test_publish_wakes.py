"""A server that goes away in every phase of a publish, and comes back: each phase is tried again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.warehouse.publishing import publish_scopes
from company_activity.io.warehouse.served import DIMENSION
from company_activity.io.warehouse.validation import validate_scopes
from company_activity.settings.model import Settings

from support.processes.proxy import Proxy, at_each, proxy_to
from support.warehouse.lakes import commit_companies, commit_dates
from support.warehouse.postgres import Cluster
from support.warehouse.tables import DAY, NOW, settings_for

pytestmark = [pytest.mark.long, pytest.mark.fault, pytest.mark.nightly, pytest.mark.row("P2")]

HASHES = {DAY: "h1"}
PHASES = {
    "prepare": b"INSERT INTO etl.migrations",
    "ledger": b"SELECT lake_id, lake_version",
    "staging": b"CREATE UNLOGGED TABLE etl.stage_",
    "rows": b"INSERT INTO etl.stage_",
    "lock": b"FOR UPDATE",
    "stream": b"COPY analytics",
}
REFUSED = 2  # connections after each cut: with the cut itself, three failures and 1.4 s of waiting


@pytest.fixture
def settings(spark: SparkSession, tmp_path: Path) -> Settings:
    """A lake with one company on one date; the warehouse is set by each test."""
    settings = settings_for(tmp_path, "jdbc:postgresql://127.0.0.1:1/x", "postgres")
    commit_companies(spark, settings.lake.root, {"a": "Ann"})
    commit_dates(spark, settings.lake.root, {DAY: {"a": 1}})
    return settings


def at(settings: Settings, postgres: Cluster, proxy: Proxy, database: str) -> Settings:
    return replace(settings, sql=replace(settings.sql, url=postgres.url(database, proxy.port)))


def test_each_phase_waits_for_the_server(spark: SparkSession, postgres: Cluster, settings: Settings) -> None:
    spark.sparkContext.setLogLevel("OFF")  # each cut task would print its stack
    database, left = postgres.new_database().rsplit("/", 1)[-1], list(PHASES.values())
    with proxy_to(postgres.port) as proxy:
        there = at(settings, postgres, proxy, database)
        proxy.cut = at_each(proxy, left, REFUSED)
        report = publish_scopes(spark, there, run_id="run-1", now=NOW, hashes=HASHES)
        assert left == []
        left.append(b"HAVING COUNT(*) > 1")
        assert validate_scopes(spark, there, hashes=HASHES, dates=[DAY]).rows == 2
        assert left == []
    spark.sparkContext.setLogLevel("ERROR")
    assert [table.published for table in report.tables] == [("all",), ("2025-03-31",)]
    figures = "SELECT count(*) FROM etl.publish_ledger UNION ALL SELECT count(*) FROM etl.staging"
    assert postgres.sql(f"{figures} UNION ALL SELECT count(*) FROM {DIMENSION.name}", database) == "2\n0\n1"
