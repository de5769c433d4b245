"""What the warehouse serves otherwise than it did, written as files for other tools.

Rows are read from the lake, at the versions that the ledger names: a database keeps no older rows to compare with, and
no type for a list, while these versions are exactly what was published. Spark is started once there is a row to write.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from company_activity.errors import UsageError
from company_activity.io.storage.folder import lake_folder
from company_activity.io.warehouse.mirror import (
    last_mirrored,
    mirror_files,
    mirrored,
    warehouse_id,
)
from company_activity.operations.export.erased import erasures, mark_of
from company_activity.operations.export.positions import Positions
from company_activity.operations.export.request import Plan, chosen_tables, since_of
from company_activity.operations.export.source import Source
from company_activity.operations.export.work import Exported, Say, Work
from company_activity.settings.model import Settings

__all__ = ["Asked", "Exported", "export"]

A_PUBLISH_HAS_BEGUN = (
    "a publish has begun and not ended, or was killed: what it has sent comes with the next export"
)


@dataclass(frozen=True)
class Asked:
    """What the command line asks for. `out` is empty for a folder below the lake."""

    since: str
    format: str = "csv"
    tables: tuple[str, ...] = ()
    out: str = ""
    rows_per_file: int = 100_000


def export(settings: Settings, asked: Asked, say: Say) -> Exported:
    """Write what has changed; what is asked for, and the ledger's mirror, are looked at before Spark starts.

    Raises:
        UsageError: if nothing was published yet, no export ended at the number given, there is no such table, the
            folder holds something else, or a company is being erased.
        PublishError: if the lake has not, or not any more, what the ledger says was published.
    """
    lake = lake_folder(settings)
    url = settings.sql.url
    erased = mark_of(erasures(settings, lake))
    tables = chosen_tables(asked.tables)
    positions = Positions.of(lake, url)
    since = since_of(asked.since, positions)
    files = mirror_files(lake)
    ledger = last_mirrored(files, url)
    if ledger is None:
        raise UsageError(
            "nothing was published to this warehouse yet, so there is nothing to export",
            remedy="company-activity run --date D, or company-activity publish --date D",
        )
    warnings = () if mirrored(files, url) else (A_PUBLISH_HAS_BEGUN,)
    now = positions.note(ledger)
    wanted = Plan(
        warehouse_id(url),
        since.text,
        now.number,
        asked.format,
        tuple(table.name for table in tables),
        asked.rows_per_file,
        erased=erased,
    )
    work = Work(Source(settings, lake), asked.out, tables, since, positions, say)
    return replace(work.export(wanted, now), warnings=warnings)
