"""Writing to `quarantine.records`: no commit where there is nothing to write, nothing to clear and no other run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING

from company_activity.io.lake.lock import is_local
from company_activity.planning.state import QuarantineState
from company_activity.schemas import QUARANTINE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from company_activity.io.lake.delta import Lake

Place = date | str


def quarantine(
    lake: Lake,
    rows: DataFrame,
    predicate: str,
    replaced: Collection[Place],
    held: Mapping[date, date] | Mapping[str, date],
) -> None:
    """Replace what `predicate` selects by `rows`.

    `replaced` are the usage dates or CRM paths of which the predicate selects every record, `held` those of which
    there are `rows`, with the date of these.

    In a storage account a commit is made in any case: another run that lost its lease may be about to write records of
    an older generation, and only a commit of ours refuses its own.

    Raises:
        LakeMoved: if another run has committed to the table since it was read.
    """
    state = lake.quarantine
    if not state.is_known:
        state = held_by_rows(lake)
    elif is_local(lake.root) and not held and not state.holds(replaced):
        return
    is_of_usage = any(isinstance(place, date) for place in replaced)
    staged = lake.staging.marks if is_of_usage else None
    state = state.with_places(replaced, held, staged)
    lake.replace(QUARANTINE, rows, predicate, state.as_json())
    lake.quarantined.update(held.values())


def known_quarantine(lake: Lake) -> QuarantineState:
    """What the table holds; where no state says so, its rows do, and a commit notes it: the next look needs no row."""
    if lake.quarantine.is_known:
        return lake.quarantine
    state = held_by_rows(lake)
    lake.note(QUARANTINE, state.as_json())
    return state


def held_by_rows(lake: Lake) -> QuarantineState:
    """What the table holds as its rows say: an older version or somebody else wrote it, and no state does."""
    places = lake.read(QUARANTINE).select("feed", "date", "path").distinct().collect()
    found = {day if feed == "usage" else path for feed, day, path in places}
    return lake.quarantine.with_places([], found)
