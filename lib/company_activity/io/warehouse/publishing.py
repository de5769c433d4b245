"""Bring the served tables to the lake's state: each scope whose content the warehouse does not show yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime

from pyspark.sql import SparkSession

from company_activity.errors import CompanyActivityError, PublishError, SettingsError
from company_activity.io.storage.folder import lake_folder
from company_activity.io.warehouse.batch import TablePublished
from company_activity.io.warehouse.by_date import publish_dates
from company_activity.io.warehouse.by_key import publish_keys
from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.engines import parsed
from company_activity.io.warehouse.figures import NotedFigures
from company_activity.io.warehouse.jdbc import Connection, SqlError
from company_activity.io.warehouse.ledger import MISSING, Fence, Ledger, read_ledger
from company_activity.io.warehouse.mirror import mirror, mirror_files, mirrored
from company_activity.io.warehouse.pinned import (
    PinnedTable,
    dated_tables,
    keyed_tables,
    pin_table,
)
from company_activity.io.warehouse.preflight import Prepared, prepare
from company_activity.io.warehouse.publisher import Publisher
from company_activity.io.warehouse.served import ACTIVITY, SERVED_TABLES, ServedTable
from company_activity.io.warehouse.warehouse import PUBLISH, Warehouse, open_warehouse
from company_activity.runtime.session import has_executors_elsewhere
from company_activity.settings.model import Settings


@dataclass(frozen=True)
class PublishReport:
    """What a publish did, per served table, through which driver, and what it warns of."""

    tables: tuple[TablePublished, ...]
    driver: Driver
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
    noted: NotedFigures | None = None,
    segments: Mapping[date, str] | None = None,
) -> PublishReport:
    """Publish the tables without dates, then each date of the others that is not served as the lake has it.

    `hashes` is the content hash per built date; a date that is served but not in it is deleted. `segments` is the same
    of the roll-up by segment; without it, that table is left as it is. `dates` limits the dates looked at. `versions`
    pins Delta versions by table name (by default the newest). `now` is UTC.
    With `repair`, these dates and the tables without dates are sent also where the ledger has them and SQL shows other
    figures.
    `noted` are figures of the lake by table and scope that need not be asked (`noted_figures`).

    Raises:
        SettingsError: as `open_warehouse`, and for a database that executors elsewhere cannot open.
        PublishError: if the warehouse cannot take our rows, refuses (newer fence, other lake) or fails. What an
            earlier transaction of this call published stays published, and a repeat goes on from there.
    """
    warehouse = open_warehouse(spark, settings)
    check_executors(warehouse)
    files = mirror_files(lake_folder(settings))
    with warehouse.reported("preparing the warehouse"), warehouse.session():
        prepared = prepare(warehouse, SERVED_TABLES, now, may_migrate=warehouse.target.is_local)
        keyed = [
            _pinned(spark, settings, table, versions or {}, noted or {})
            for table in keyed_tables(lake_folder(settings))
        ]
        activity, *rollups = (
            _pinned(spark, settings, table, versions or {}, noted or {})
            for table in dated_tables(lake_folder(settings))
        )
        with warehouse.reported("publishing"):
            ledger = _ledger(warehouse)
            warnings = moved(mirrored(files, settings.sql.url), ledger)
            adopts = adopt_lake or _is_adopted_unasked(warehouse, ledger, activity.fence, hashes)
            publisher = Publisher(warehouse, files, run_id, now, adopt_lake=adopts)
            with _mirrored_at_the_end(publisher):
                tables = (
                    *(publish_keys(publisher, table, repair=bool(repair)) for table in keyed),
                    publish_dates(publisher, activity, hashes, dates, repair),
                    *(
                        publish_dates(publisher, rollup, segments, dates, repair)
                        for rollup in rollups
                        if segments is not None
                    ),
                )
    warned = (*prepared.advice, *warnings, *publisher.warnings)
    return PublishReport(tables, prepared.driver, warned)


def check_executors(warehouse: Warehouse) -> None:
    """See that executors that are processes of their own can open the database: they fill its staging tables.

    Raises:
        SettingsError: if only one process can.
    """
    is_of_one = warehouse.dialect.is_of_one_process(parsed(warehouse.target.url))
    if is_of_one and has_executors_elsewhere(warehouse.spark):
        raise SettingsError(
            f"{warehouse.target.shown} can be opened by one process alone, and the executors of this Spark are others",
            remedy="name a server in sql.url, such as PostgreSQL or Azure SQL, or run with spark.master local[*]",
        )


def _pinned(
    spark: SparkSession,
    settings: Settings,
    table: ServedTable,
    versions: Mapping[str, int],
    noted: NotedFigures,
) -> PinnedTable:
    name = table.name
    return pin_table(spark, lake_folder(settings), table, versions.get(name), noted.get(name))


def _ledger(warehouse: Warehouse) -> Ledger:
    return warehouse.asked(_ledger_on)


def _ledger_on(connection: Connection) -> Ledger:
    return read_ledger(connection, [table.name for table in SERVED_TABLES])


@contextmanager
def _mirrored_at_the_end(publisher: Publisher) -> Iterator[None]:
    """Mirror what the ledger then shows; where a publish failed, what it had done is mirrored if that can be."""
    files = publisher.files
    url = publisher.warehouse.target.url
    try:
        yield
    except BaseException:
        with (
            suppress(SqlError, CompanyActivityError),
            publisher.warehouse.connection() as connection,
        ):
            mirror(files, url, _ledger_on(connection), publisher.run_id)
        raise
    mirror(files, url, _ledger(publisher.warehouse), publisher.run_id)


def moved(before: Ledger | None, ledger: Ledger) -> list[str]:
    """Warnings where the ledger is another one, or is behind, compared with its newest mirror."""
    if before is None:
        return []
    if before.database != ledger.database:
        return [
            "another database answers at this address than the one that was published to before"
        ]
    lasts = [(table, before.last(table), ledger.last(table)) for table in before.tables]
    behind = [table for table, then, now in lasts if then and (now is None or now.seq < then.seq)]
    return [
        f"{table}: the database was set back to an earlier state; what it lacks is sent again"
        for table in behind
    ]


def _is_adopted_unasked(
    warehouse: Warehouse, ledger: Ledger, ours: Fence, hashes: Mapping[date, str]
) -> bool:
    """Whether a rebuilt lake takes over unasked: on this machine only, and never if it takes more than it brings.

    Raises:
        PublishError: if it would delete more dates than it has.
    """
    last = ledger.last(ACTIVITY.name)
    if not warehouse.target.is_local or last is None or last.fence.lake_id == ours.lake_id:
        return warehouse.target.is_local
    shown = {
        row.scope for row in ledger.tables[ACTIVITY.name].values() if row.content_hash != MISSING
    }
    lost = shown - {day.isoformat() for day in hashes}
    if len(lost) > len(hashes):
        raise PublishError(
            f"{ACTIVITY.name} was published from another lake table, {last.fence.lake_id}; this one, {ours.lake_id}, "
            f"would delete {len(lost)} dates and has {len(hashes)}",
            remedy=f"if this lake is to replace that one: {PUBLISH} --adopt-lake",
        )
    return True


def migrate_warehouse(spark: SparkSession, settings: Settings, now: datetime) -> Prepared:
    """Apply the DDL that the warehouse lacks, and see that our tables are then as `schemas` declares them.

    Raises:
        PublishError: if the warehouse cannot be reached, refuses the DDL, or has other tables of our names.
    """
    warehouse = open_warehouse(spark, settings)
    return prepare(
        warehouse, SERVED_TABLES, now, may_migrate=True, again="company-activity migrate"
    )
