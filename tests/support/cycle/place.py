"""The real cycle on the samples, once per suite: what the integration tests look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.io.lake.delta import read_table
from company_activity.schemas import Table
from company_activity.settings.loading import load_settings
from company_activity.settings.model import Settings

from api_server import SampleApi

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
FIRST, LAST = "2025-08-26", "2025-11-23"


@dataclass(frozen=True)
class Place:
    """A landing, a lake, a warehouse and an outbox of their own, and the sample API to fill them from."""

    folder: Path
    api_url: str

    @property
    def environ(self) -> dict[str, str]:
        return {
            "COMPANY_ACTIVITY__API__URL": self.api_url,
            "COMPANY_ACTIVITY__API__BACKOFF_SECONDS": "0",
            "COMPANY_ACTIVITY__LANDING__ROOT": str(self.folder / "landing"),
            "COMPANY_ACTIVITY__LAKE__ROOT": str(self.folder / "lake"),
            "COMPANY_ACTIVITY__SQL__URL": f"jdbc:h2:file:{self.folder}/warehouse;MODE=MSSQLServer;"
            "DATABASE_TO_UPPER=FALSE;CASE_INSENSITIVE_IDENTIFIERS=TRUE",
            "COMPANY_ACTIVITY__REPORT__DIR": str(self.folder / "reports"),
            "COMPANY_ACTIVITY__NOTIFY__FILE": str(self.folder / "outbox"),
        }

    @property
    def settings(self) -> Settings:
        return load_settings(environ=self.environ)

    def drop_crm(self, *files: Path) -> None:
        """Let CRM files land."""
        target = self.folder / "landing" / "raw" / "crm"
        target.mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copy(file, target)

    def run(self, *arguments: str, **more: str) -> int:
        """A command on this place, as a user would give it; its exit code."""
        from company_activity.cli.main import main

        with environment(self.environ | more):
            return main(list(arguments))

    @contextmanager
    def copied(self, folder: Path, api: Path) -> Iterator[Place]:
        """A place that begins as this one stands, with an API of its own that serves the dates under `api`."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        api.mkdir(exist_ok=True)
        with serving(folder, api) as place:
            yield place

    def table(self, spark: SparkSession, table: Table) -> DataFrame:
        return read_table(spark, self.settings.lake.root, table)


@contextmanager
def environment(added: Mapping[str, str]) -> Iterator[None]:
    """The process's environment with these variables, put back afterwards."""
    before = dict(os.environ)
    os.environ.update(added)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def serving(folder: Path, data: Path) -> Iterator[Place]:
    """A place of its own whose API serves `data`."""
    with SampleApi(data, port=0) as api:
        yield Place(folder, api.url)


@pytest.fixture(scope="session")
def sample_place(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The 90-day sample after one whole run, its API still up. Tests read it, and leave it as it is."""
    del spark  # the session must be the suite's
    with serving(tmp_path_factory.mktemp("cycle"), SAMPLES / "usage") as place:
        place.drop_crm(*sorted((SAMPLES / "crm").glob("*.csv")))
        assert place.run("run", "--from", FIRST, "--to", LAST) == 0
        yield place


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file's tests stay on one worker; the files that look at the sample cycle share the worker that ran it."""
    from xdist.scheduler import LoadFileScheduling

    class BySampleCycle(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return "the sample cycle" if "sample_place" in Path(config.rootpath, file).read_text("utf-8") else file

    return BySampleCycle(config, log)
