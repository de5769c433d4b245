"""A reader over frames in place of a lake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from company_activity.explore.reader import Reader
from company_activity.planning.state import GenerationMark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from company_activity.io.landing.landing import Landing
    from company_activity.schemas import Table


@dataclass(frozen=True)
class Frames:
    """What `Reader` asks of a lake, answered from frames."""

    frames: Mapping[str, DataFrame] = field(default_factory=dict)
    complete: Iterable[date] = ()
    marks: Mapping[date, GenerationMark] = field(default_factory=dict)
    root: str = "the lake"

    def read(self, table: Table) -> DataFrame:
        return self.frames[table.name]

    @property
    def activity(self) -> Any:
        return SimpleNamespace(hashes=dict.fromkeys(self.complete, "hash"))

    @property
    def staging(self) -> Any:
        return SimpleNamespace(marks=self.marks)


def reader_of(
    lake: Frames, spark: SparkSession | None = None, landing: Landing | None = None, settings: Any = None
) -> Reader:
    return Reader(settings, cast("SparkSession", spark), cast("Landing", landing), cast(Any, lake))
