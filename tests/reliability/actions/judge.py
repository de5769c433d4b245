"""What the model says beside what lake and SQL hold: each difference is a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from company_activity.io.warehouse.ledger import MISSING
from company_activity.io.warehouse.served import SERVED_TABLES, ServedTable
from company_activity.schemas import (
    COMPANIES,
    COMPANIES_HISTORY,
    COMPANY_ACTIVITY_DAILY,
    PRODUCT_USAGE,
    QUARANTINE,
    RETENTION_MONTHLY,
    RISK_EPISODES,
    SEGMENT_ACTIVITY_DAILY,
    Table,
)

from oracle.episodes import build_episodes
from oracle.rollups import build_retention, build_segments
from oracle.world import World
from reliability.actions.product import Rows, Seen, counted
from support.spark import compare


def differences(world: World, seen: Seen) -> list[str]:
    """All of them, none where all is as it should be."""
    found: list[str] = []
    for table, rows in built(world).items():
        found += _of_table(table, rows, seen.lake.get(table, ()))
    found += _of_records(world, seen)
    if seen.served:
        for served in SERVED_TABLES:
            found += _of_served(served, seen)
        found += _of_ledger(seen)
    return found


def built(world: World) -> Mapping[Table, Rows]:
    """The tables that are computed from what was staged."""
    episodes = build_episodes(world.activity)
    complete = {row["date"] for row in world.counts if row["path"] is None}
    return {
        COMPANIES: world.companies,
        COMPANIES_HISTORY: world.history,
        COMPANY_ACTIVITY_DAILY: world.activity,
        RISK_EPISODES: episodes,
        SEGMENT_ACTIVITY_DAILY: build_segments(world.activity, episodes),
        RETENTION_MONTHLY: build_retention(world.activity, world.companies, complete),
    }


def _of_table(table: Table, expected: Rows, found: Rows) -> Iterator[str]:
    columns = [column for column in table.column_names if column not in table.unhashed]
    wanted, there = _by_key(table, expected), _by_key(table, found)
    if len(there) != len(found):
        yield f"{table.name} has a key twice"
    for key in sorted(wanted.keys() | there.keys(), key=str):
        name = f"{table.name} {' '.join(map(str, key))}"
        if key not in there:
            yield f"{name} is lost"
        elif key not in wanted:
            yield f"{name} should not be there"
        elif told := compare.differences(wanted[key], there[key], columns):
            yield f"{name}: {told[0]}"


def _by_key(table: Table, rows: Rows) -> Mapping[tuple[Any, ...], Mapping[str, Any]]:
    return {tuple(row[name] for name in table.key): row for row in rows}


def _of_records(world: World, seen: Seen) -> Iterator[str]:
    """In = accepted + duplicates + quarantined, of each date; and why each was refused."""
    staged = counted(seen.lake.get(PRODUCT_USAGE, ()), "date")
    refused = [row for row in seen.lake.get(QUARANTINE, ()) if row["feed"] == "usage"]
    quarantined = counted(refused, "date")
    for counts in world.counts:
        if counts["path"] is not None:
            continue
        day = counts["date"]
        rest = seen.landed_rows.get(day, 0) - staged[day,] - quarantined[day,]
        if (staged[day,], quarantined[day,], rest) != (counts["accepted"], counts["quarantined"], counts["duplicates"]):
            found = f"{staged[day,]} staged, {quarantined[day,]} quarantined, {rest} neither"
            wanted = f"{counts['accepted']}, {counts['quarantined']} and {counts['duplicates']}"
            yield f"of {day} {found}; should be {wanted}"
    wanted_refused = [row for row in world.quarantine if row["source"] == "usage"]
    names = ("date", "reasons", "company_id")
    if counted(refused, *names) != counted(wanted_refused, *names):
        yield f"quarantined usage: {counted(refused, *names)}, should be {counted(wanted_refused, *names)}"
    yield from _of_crm(world, seen)


def _of_crm(world: World, seen: Seen) -> Iterator[str]:
    names = ("path", "reasons", "company_id")
    wanted = counted([row for row in world.quarantine if row["source"] == "crm"], *names)
    found = counted([row for row in seen.lake.get(QUARANTINE, ()) if row["feed"] == "crm"], *names)
    if found != wanted:
        yield f"quarantined CRM rows: {found}, should be {wanted}"


def _of_served(served: ServedTable, seen: Seen) -> Iterator[str]:
    """What SQL serves is what the lake holds, as SQL writes it."""
    columns = [name for name in served.column_names if name not in served.lake.unhashed]
    lake = [{name: _in_sql(served, name, row[name]) for name in columns} for row in seen.lake[served.lake]]
    sql = [{name: row[name] for name in columns} for row in seen.served[served.lake]]
    wanted, there = ({tuple(str(row[name]) for name in columns) for row in rows} for rows in (lake, sql))
    if wanted != there or len(lake) != len(sql):
        odd = sorted(wanted - there)[:1] + sorted(there - wanted)[:1]
        yield f"SQL serves {len(sql)} rows of {served.name}, the lake has {len(lake)}; they differ in {odd}"


def _in_sql(served: ServedTable, name: str, value: Any) -> Any:
    if isinstance(value, list):
        return ",".join(value)
    return "" if value is None and name in served.blank_when_null else value


def _of_ledger(seen: Seen) -> Iterator[str]:
    """The newest line of each date has the hash that the lake notes, and the rows that are served."""
    served = counted(seen.served[COMPANY_ACTIVITY_DAILY], "activity_date")
    rows = {str(day): number for (day,), number in served.items()}
    published = {day: line for day, line in seen.ledger.items() if line[0] != MISSING}
    wanted = {day: (content, rows.get(day, 0)) for day, content in seen.hashes.items()}
    if published != wanted:
        odd = sorted(set(published.items()) ^ set(wanted.items()))[:2]
        yield f"the ledger differs from what is served, as of {odd}"
