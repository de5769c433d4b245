"""Bring the served tables to the lake's state: each scope whose content the warehouse does not show yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pyspark.sql import SparkSession

from company_activity.io.sql.by_date import publish_dates
from company_activity.io.sql.by_key import publish_keys
from company_activity.io.sql.change import TablePublished
from company_activity.io.sql.lake import open_lake_table
from company_activity.io.sql.mirror import mirror_files
from company_activity.io.sql.preflight import Prepared, prepare
from company_activity.io.sql.publisher import Publisher
from company_activity.io.sql.served import ACTIVITY, DIMENSION, SERVED_TABLES
from company_activity.io.sql.warehouse import open_warehouse
from company_activity.settings import Settings


@dataclass(frozen=True)
class PublishReport:
    """What a publish did, per served table, and what it warns of."""

    tables: tuple[TablePublished, ...]
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows sent, of all tables."""
        return sum(table.rows for table in self.tables)


def publish_scopes(
    spark: SparkSession,
    settings: Settings,
    *,
    run_id: str,
    now: datetime,
    hashes: Mapping[date, str],
    dates: Iterable[date] | None = None,
    adopt_lake: bool = False,
    versions: Mapping[str, int] | None = None,
    repair: Collection[date] = (),
) -> PublishReport:
    """Publish `dim.companies`, then each date of the activity table that is not served as the lake has it.

    `hashes` is the content hash per built date; a date that is served but not in it is deleted. `dates` limits
    the dates looked at. `versions` pins Delta versions by table name (by default the newest). `now` is UTC.
    With `repair`, these dates and the dimension are sent also where the ledger has them and SQL shows other figures.

    Raises:
        PublishError: if the warehouse cannot take our rows, refuses (newer fence, other lake) or fails. What an
            earlier transaction of this call published stays published, and a repeat goes on from there.
    """
    is_local, pinned = settings.environment == "local", versions or {}
    warehouse, files = open_warehouse(spark, settings), mirror_files(settings.lake.root)
    prepared = prepare(warehouse, SERVED_TABLES, now, may_migrate=is_local)
    publisher = Publisher(warehouse, files, run_id, now, adopt_lake=adopt_lake or is_local)
    lake = {t: open_lake_table(spark, settings.lake.root, t, pinned.get(t.name)) for t in SERVED_TABLES}
    with warehouse.reported("publishing"):
        companies = publish_keys(publisher, lake[DIMENSION], repair=bool(repair))
        activity = publish_dates(publisher, lake[ACTIVITY], hashes, dates, repair)
    return PublishReport((companies, activity), (*prepared.advice, *publisher.warnings))


def migrate_warehouse(spark: SparkSession, settings: Settings, now: datetime) -> Prepared:
    """Apply the DDL that the warehouse lacks, and see that our tables are then as `schemas` declares them.

    Raises:
        PublishError: if the warehouse cannot be reached, refuses the DDL, or has other tables of our names.
    """
    warehouse = open_warehouse(spark, settings)
    return prepare(warehouse, SERVED_TABLES, now, may_migrate=True, again="company-activity migrate")
