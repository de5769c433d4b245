"""Where the rows of an export come from. Spark starts when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from company_activity.runtime.session import spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from company_activity.io.storage.folder import Folder
    from company_activity.settings.model import Settings


@dataclass(frozen=True)
class Source:
    """The lake, and the session to read it with."""

    settings: Settings
    lake: Folder

    @property
    def spark(self) -> SparkSession:
        return spark_session(self.settings.spark)
