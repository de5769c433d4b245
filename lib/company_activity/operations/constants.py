"""The rows of the activity table under other constants than those in force: computed, and written nowhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from company_activity.errors import UsageError
from company_activity.io.lake.delta import Lake
from company_activity.io.storage.folder import lake_folder
from company_activity.planning.batches import in_batches
from company_activity.planning.dirty import dirty_dates
from company_activity.planning.state import MetricsMark
from company_activity.runtime.session import spark_session
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    TABLES,
)
from company_activity.settings.loading import load_metrics

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.settings.model import MetricSettings, Settings

IN_FORCE = "in force"


@dataclass(frozen=True)
class Constants:
    """Constants of the metrics, and what they are called: the name of their file, or `in force`."""

    name: str
    metrics: MetricSettings


def other_constants(standing: MetricSettings, files: Sequence[Path]) -> list[Constants]:
    """The constants of each file, under a name of its own.

    Raises:
        SettingsError: if a file is not there, or one of its constants is unknown or does not fit.
        UsageError: if a file holds the constants in force, or is named twice.
    """
    found = []
    names = [IN_FORCE, *(file.name for file in files)]
    if len({file.resolve() for file in files}) < len(files):
        raise UsageError("a metrics file is named twice", remedy="name each once")
    for file in files:
        metrics = load_metrics(file, standing)
        if not changes(standing, metrics):
            raise UsageError(
                f"{file} holds the constants in force: nothing changes",
                remedy="change one of them in that file",
            )
        found.append(Constants(file.name if names.count(file.name) == 1 else str(file), metrics))
    return found


def changes(standing: MetricSettings, other: MetricSettings) -> list[str]:
    """Which constants differ, and how; the version of the metrics is none.

    >>> from company_activity.settings.model import ChurnSettings, MetricSettings
    >>> changes(MetricSettings(), MetricSettings("3", churn=ChurnSettings(weeks=5)))
    ['churn.weeks 6 → 5']
    """
    before = _flat(asdict(replace(standing, metric_version="")))
    after = _flat(asdict(replace(other, metric_version="")))
    return [
        f"{name} {before[name]} → {after[name]}" for name in before if before[name] != after[name]
    ]


def _flat(tree: dict[str, Any], at: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{at}{name}.")
        else:
            flat[f"{at}{name}"] = value
    return flat


@dataclass(frozen=True)
class Table:
    """The activity table as it stands in a lake, and the constants in force. Nothing is written and no lock taken."""

    lake: Lake
    metrics: MetricSettings

    @classmethod
    def of(cls, settings: Settings) -> Table:
        """The table of a lake; its logs are read when they are asked for, without Spark.

        Raises:
            LakeUnfit: if somebody gave a table a feature that ours are made without.
        """
        lake = Lake(
            settings.lake.root, lambda: spark_session(settings.spark), lake_folder(settings)
        )
        lake.check_features(TABLES)
        return cls(lake, settings.metrics)

    @cached_property
    def dates(self) -> list[date]:
        """The dates that it has and whose usage is still known."""
        return sorted(self.lake.activity.dates.keys() & self.lake.staging.complete)

    @cached_property
    def is_up_to_date(self) -> bool:
        """Whether it is what the constants in force make of today's sources."""
        lake = self.lake
        activity = lake.activity
        dirty = dirty_dates(lake.staging.marks, activity, self.metrics.metric_version, [])
        then = activity.sources.companies, activity.sources.history
        is_same_dimension = then == (lake.identity(COMPANIES), lake.identity(COMPANIES_HISTORY))
        is_of_these = activity.metrics == MetricsMark(**self.metrics.mark) and not dirty
        return is_of_these and is_same_dimension and lake.is_as_counted(COMPANY_ACTIVITY_DAILY)

    def rows(self, dates: Collection[date]) -> DataFrame:
        """The rows of these dates; computed under the constants in force where the table is not up to date."""
        if not self.is_up_to_date:
            return self.rows_under(self.metrics, dates)
        from pyspark.sql import functions as F

        rows = self.lake.read(COMPANY_ACTIVITY_DAILY)
        return rows.where(F.col("activity_date").between(F.lit(min(dates)), F.lit(max(dates))))

    def rows_under(self, metrics: MetricSettings, dates: Collection[date]) -> DataFrame:
        """The rows that these dates would have under other constants, made of what the lake holds now."""
        from company_activity.transforms.activity import build_activity
        from company_activity.work.build_activity import MOST_ROWS, MOST_SLICES, inputs_of

        self.lake.spark  # noqa: B018 - before that no column can be named
        built = self.lake.activity.dates
        batches = in_batches({day: built[day].rows or 0 for day in dates}, MOST_ROWS)
        parts = [
            build_activity(
                inputs_of(self.lake, self.lake.staging.complete, batch),
                metrics,
                by_slices=len(batch) <= MOST_SLICES,
            )
            for batch in batches
        ]
        return reduce(lambda rows, part: rows.unionByName(part), parts)
