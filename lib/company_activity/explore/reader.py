"""One call that opens what a notebook reads: the settings, a session, the landing, the lake."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyspark.sql import functions as F

from company_activity.dates import DateRange, parse_date
from company_activity.errors import UsageError
from company_activity.io.lake.delta import Lake
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.usage_frame import read_landed_lines
from company_activity.io.storage.folder import lake_folder
from company_activity.io.storage.opening import open_storage
from company_activity.runtime.session import spark_session
from company_activity.schemas import COMPANY_ACTIVITY_DAILY, Table
from company_activity.settings.loading import load_settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from company_activity.io.landing.manifest import Manifest
    from company_activity.settings.model import Settings


@dataclass(frozen=True)
class Reader:
    """What a notebook looks at. It takes no lock, so it can be used while a run is at work."""

    settings: Settings
    spark: SparkSession
    landing: Landing
    lake: Lake

    def rows(self, table: Table, dates: DateRange | None = None) -> DataFrame:
        """The table's rows; with `dates`, those of these dates only (by the column it is cut by)."""
        rows = self.lake.read(table)
        if dates is None:
            return rows
        column = F.col(table.partition_by[-1])
        return rows.where(column.between(F.lit(dates.first), F.lit(dates.last)))

    def rows_of(self, company_id: str, table: Table, dates: DateRange | None = None) -> DataFrame:
        """The company's rows of the table."""
        return self.rows(table, dates).where(F.col("company_id") == company_id)

    def landed_lines(self, manifests: Collection[Manifest]) -> DataFrame:
        """Every line of the manifests' parts, as they landed."""
        return read_landed_lines(
            self.spark, self.landing, manifests, self.landing.addresses(manifests)
        )

    @property
    def complete_dates(self) -> Collection[date]:
        """The dates that the activity table has. Any other has no rows there: it is missing."""
        return self.lake.activity.hashes.keys()

    def day(self, text: str = "") -> date:
        """The date that a notebook is about: the one given, else the newest complete one.

        Raises:
            UsageError: if the text is no date, or the lake has no complete date yet.
        """
        if text:
            return parse_date(text)
        newest = max(self.complete_dates, default=None)
        if newest is None:
            raise UsageError(
                f"{self.lake.root} has no {COMPANY_ACTIVITY_DAILY.name} yet",
                remedy="fill it first: make run, or company-activity run --date D",
            )
        return newest

    def last_days(self, until: date, days: int) -> DateRange:
        """The `days` calendar days that end with `until`."""
        return DateRange(until - timedelta(days=days - 1), until)


def as_pandas(rows: DataFrame) -> pd.DataFrame:
    """All the rows, here: for tables that a person can look at."""
    collected: Any = rows.toPandas()
    return pd.DataFrame(collected)


def open_reader(environment: str = "local") -> Reader:
    """Open landing and lake as a run of this environment would.

    `environment` is the name of a `conf/<environment>.yaml`, or the path of a settings file. On a
    pool, a cluster or in a notebook that has a session already, that session is used; else a local
    one is started.

    Raises:
        SettingsError: if the settings cannot be read.
        RuntimeMissing: if a session must be started, and there is no Spark or no Java for it.
    """
    is_file = environment.endswith((".yaml", ".yml"))
    settings = load_settings(file=Path(environment)) if is_file else load_settings(environment)
    spark = spark_session(settings.spark)
    landing = Landing(open_storage(settings.landing, settings.secrets), settings.landing)
    return Reader(
        settings, spark, landing, Lake(settings.lake.root, lambda: spark, lake_folder(settings))
    )
