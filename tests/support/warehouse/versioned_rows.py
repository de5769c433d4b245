"""A publish whose rows say which version they are of, to see which one is served after a fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pyspark.sql import SparkSession

from company_activity.errors import PublishError
from company_activity.io.warehouse.batch import TablePublished
from company_activity.io.warehouse.by_date import publish_dates
from company_activity.io.warehouse.served import ACTIVITY
from company_activity.settings.model import Secret

from support.warehouse.postgres import Cluster
from support.warehouse.tables import DAY, activity, pinned, prepared, publisher_of, settings_for

ROWS = 40
PASSWORD = "hunter2-of-the-database"  # the server trusts us without; nobody may read it anywhere


class VersionedRows:
    """A warehouse behind a port of this machine, and a lake that says its version in every row."""

    def __init__(
        self,
        spark: SparkSession,
        cluster: Cluster,
        port: int,
        folder: Path,
        *,
        socket_timeout_seconds: float = 3600.0,
        wake_seconds: float = 120.0,
    ) -> None:
        self.spark = spark
        self.cluster = cluster
        self.folder = folder
        direct = cluster.new_database()
        self.database = direct.rsplit("/", 1)[-1]
        settings = settings_for(folder, cluster.url(self.database, port), "postgres")
        sql = replace(
            settings.sql,
            password=Secret(PASSWORD),
            lock_timeout_seconds=5,
            socket_timeout_seconds=socket_timeout_seconds,
            wake_seconds=wake_seconds,
        )
        self.warehouse = prepared(spark, replace(settings, sql=sql))

    def publish(self, version: int) -> TablePublished | PublishError:
        """The report, or the refusal that a user would read."""
        users = {f"c{company:03d}": version for company in range(ROWS)}
        lake = pinned(self.spark, ACTIVITY, activity(self.spark, {DAY: users}), version)
        publisher = publisher_of(self.warehouse, self.folder, f"run-{version}")
        try:
            with self.warehouse.reported("publishing"):
                return publish_dates(publisher, lake, {DAY: f"h{version}"}, None)
        except PublishError as refused:
            return refused

    def served(self) -> tuple[str, str]:
        """Rows, keys and versions of the date, and the newest content of the ledger, asked past the proxy."""
        figures = "SELECT count(*), count(DISTINCT company_id), min(active_users), max(active_users) FROM"
        newest = "SELECT content_hash FROM etl.publish_ledger ORDER BY seq DESC LIMIT 1"
        shown = self.cluster.sql(f"{figures} {ACTIVITY.name}", self.database)
        return shown, self.cluster.sql(newest, self.database)

    def times_published(self, version: int) -> str:
        return self.cluster.sql(
            f"SELECT count(*) FROM etl.publish_ledger WHERE content_hash = 'h{version}'", self.database
        )
