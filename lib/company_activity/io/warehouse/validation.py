"""Compare what is served with the lake, date by date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import SparkSession

from company_activity.errors import PublishError
from company_activity.io.storage.folder import lake_folder
from company_activity.io.warehouse.driver import Driver
from company_activity.io.warehouse.figures import Figures, NotedFigures, drift
from company_activity.io.warehouse.jdbc import Connection
from company_activity.io.warehouse.ledger import MISSING, LedgerRow, newest_rows
from company_activity.io.warehouse.pinned import (
    PinnedTable,
    dated_tables,
    keyed_tables,
    pin_table,
)
from company_activity.io.warehouse.replace import check_keys, served_by_scope
from company_activity.io.warehouse.served import ACTIVITY, SEGMENTS
from company_activity.io.warehouse.warehouse import PUBLISH, Warehouse, open_warehouse
from company_activity.settings.model import Settings


@dataclass(frozen=True)
class ValidationReport:
    """What was compared and found equal, figures per table and scope, and through which driver."""

    tables: Mapping[str, Mapping[str, Figures]]
    driver: Driver

    @property
    def rows(self) -> int:
        """Rows compared, of all tables."""
        return sum(figures.rows for scopes in self.tables.values() for figures in scopes.values())


def validate_scopes(
    spark: SparkSession,
    settings: Settings,
    *,
    hashes: Mapping[date, str],
    dates: Iterable[date],
    versions: Mapping[str, int] | None = None,
    noted: NotedFigures | None = None,
    segments: Mapping[date, str] | None = None,
) -> ValidationReport:
    """Check that SQL shows these dates, and the tables without dates, as the lake has them.

    Compared are rows, the sums of active users and events, the uniqueness of keys, and the content hash of the
    newest ledger row with `hashes`; a date that is not in `hashes` must have no rows. `segments` is the same of the
    roll-up by segment; without it, that table is not looked at. `versions` pins Delta versions by table name (by
    default the newest), `noted` has figures of the lake that need not be asked.

    Raises:
        PublishError: naming table, scope and both sides of each difference.
    """
    warehouse = open_warehouse(spark, settings)
    days = sorted(set(dates))
    lake = lake_folder(settings)
    contents = {ACTIVITY.name: hashes, SEGMENTS.name: segments}
    dated = [table for table in dated_tables(lake) if contents[table.name] is not None]
    pinned = [
        pin_table(
            spark, lake, table, (versions or {}).get(table.name), (noted or {}).get(table.name)
        )
        for table in (*dated, *keyed_tables(lake))
    ]
    wanted = {
        table.served.name: table.day_figures(days) if table.served.dated else table.whole_figures()
        for table in pinned
    }
    with warehouse.reported("validating"), warehouse.session():
        driver = warehouse.asked(lambda connection: connection.driver)
        differences = []
        for table in pinned:
            name = table.served.name
            built = contents.get(name)
            in_lake = {} if built is None else _contents_of(days, built)
            differences += _differences(warehouse, table, wanted[name], in_lake)
    if differences:
        raise PublishError(
            "; ".join(differences), remedy=f"look for another writer of this table, then: {PUBLISH}"
        )
    return ValidationReport(wanted, driver)


def _contents_of(days: Iterable[date], built: Mapping[date, str]) -> dict[str, str]:
    """The content that each of these days has in the lake, by ISO date."""
    return {day.isoformat(): built.get(day, MISSING) for day in days}


def _differences(
    warehouse: Warehouse,
    lake: PinnedTable,
    wanted: Mapping[str, Figures],
    contents: Mapping[str, str],
) -> list[str]:
    table = lake.served

    def looked_at(connection: Connection) -> tuple[dict[str, Figures], dict[str, LedgerRow]]:
        check_keys(connection, table, wanted.keys())
        return served_by_scope(connection, table, wanted), newest_rows(
            connection, table.name, contents
        )

    served, newest = warehouse.asked(looked_at)
    differences = [
        f"{table.name} {scope}: {both_sides}"
        for scope, both_sides in drift(table, served, wanted, wanted).items()
    ]
    for scope, content in contents.items():
        shown = newest[scope].content_hash if scope in newest else MISSING
        if shown != content:
            differences.append(
                f"{table.name} {scope}: content {shown} in SQL, {content} in the lake"
            )
    return differences
