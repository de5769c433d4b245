"""Lake → warehouse: what is not served yet, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from company_activity.io.warehouse.ledger import MISSING
from company_activity.io.warehouse.mirror import read_mirror
from company_activity.planning.state import TableVersion
from company_activity.report.model import StepReport
from company_activity.run import Published
from company_activity.schemas import (
    COMPANIES,
    COMPANY_ACTIVITY_DAILY,
    RETENTION_MONTHLY,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    Table,
)

if TYPE_CHECKING:
    from company_activity.run import Run

Mirrored = Mapping[tuple[str, date | None], str]  # by table and date, or None, the content shown
WITHOUT_DATES = (COMPANIES, RISK_EPISODES, RETENTION_MONTHLY)


def publish(run: Run) -> Published:
    """Send every date whose content the warehouse does not show, deletions included, and the changed companies.

    A run of the cycle trusts the ledger's mirror beside the lake, so that nothing new starts no Spark; `publish`
    alone always asks the ledger itself, and sends a date asked for again if somebody else changed it in SQL.
    """
    hashes = run.lake.activity.hashes
    if run.options.trusts_mirror and is_published(run, hashes):
        return Published(
            StepReport("publish", "nothing", notes=["everything is published already"])
        )
    from company_activity.work.publish import send_changes

    return send_changes(run, hashes)


def is_published(run: Run, hashes: Mapping[date, str]) -> bool:
    """Whether the ledger's mirror has all that the lake has, and no date beyond."""
    mirrored = read_mirror(run.lake.files, run.settings.sql.url)
    return (
        shown_dates(COMPANY_ACTIVITY_DAILY, mirrored) == hashes
        and shown_dates(SEGMENT_ACTIVITY_DAILY, mirrored) == run.lake.segments.hashes
        and all(is_shown(run, table, mirrored) for table in WITHOUT_DATES)
    )


def shown_dates(table: Table, mirrored: Mirrored) -> dict[date, str]:
    """The content of each date of a table that the warehouse shows."""
    shown = {}
    for (name, day), content in mirrored.items():
        if name == table.name and day and content != MISSING:
            shown[day] = content
    return shown


def is_shown(run: Run, table: Table, mirrored: Mirrored) -> bool:
    """Whether the warehouse shows a table that is published whole as the lake has it."""
    published = TableVersion.parse(mirrored.get((table.name, None), ""))
    return run.lake.identity(table).is_shown_by(published)
