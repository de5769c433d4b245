"""What nothing needs any more, removed: landed generations, table files, small files. Twice is once.

Ages are counted to midnight (UTC) before the run began, so a second run on the same day finds nothing
more. An operation may ask the clock: no table's content follows from what is removed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from company_activity.operations.maintain.heap import Heap
from company_activity.operations.maintain.landing import landed_files
from company_activity.operations.maintain.small_files import small_files
from company_activity.operations.maintain.tables import table_files
from company_activity.report.model import StepReport
from company_activity.schemas import TABLES

if TYPE_CHECKING:
    from company_activity.run import Run

SAID_AFTER = 1_000  # files


def heaps(run: Run) -> Iterator[Heap]:
    """What may go, kind by kind, as the landing and the lake stand; nothing is touched, and Spark is not started.

    Raises:
        CompanyActivityError: if a store does not answer, or a table has a feature that ours are made without.
    """
    run.lake.check_features(TABLES)
    yield from landed_files(run)
    yield from small_files(run)
    yield from table_files(run)


def maintain(run: Run) -> StepReport:
    """Remove what may go; the report counts files by kind, and bytes. What a kill leaves, the next run finds.

    Raises:
        CompanyActivityError: if a store does not answer, or refuses to remove a file.
    """
    counts: dict[str, int] = {}
    left: list[str] = []
    in_bytes = 0
    for heap in heaps(run):
        if heap.files:
            run.progress.say(f"removing {heap.told}")
        for size in heap.remove():
            counts[heap.kind] = counts.get(heap.kind, 0) + 1
            in_bytes += size
            if counts[heap.kind] % SAID_AFTER == 0:
                run.progress.say(f"{counts[heap.kind]:,} {heap.kind} removed")
        left += heap.left
    warnings = [f"left alone: {why}" for why in left]
    if not counts:
        return StepReport("maintain", "nothing", notes=["nothing to remove"], warnings=warnings)
    return StepReport("maintain", "done", counts | {"bytes": in_bytes}, warnings=warnings)
