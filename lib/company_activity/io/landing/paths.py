"""Where in the usage container things stand, and what a listing of it tells.

date=2025-03-31/gen=000001/usage_2025-03-31_part-00000-<run_id>.ndjson …
                          /manifest.json       create-only: the commit
                          /provisional.json    the date was fetched before it had settled
                          /held.json           its manifest names contents that are held
                          /released.json       they are held no longer
_unfinished/date=2025-03-31/<session>/page-000001 …
_locks/date=2025-03-31
_erased/<tombstone>.json                       a company that must not come back
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from company_activity.io.landing.verdict_files import PRECEDENCE

MANIFEST = "manifest.json"
PROVISIONAL = "provisional.json"
HELD = "held.json"
RELEASED = "released.json"
BESIDE = (PROVISIONAL, HELD, RELEASED)  # they say something of the manifest
VERDICTS = tuple(f"{verdict}_" for verdict in PRECEDENCE)  # so do these, by how they begin
PART = "usage_"
IN_GENERATION = re.compile(r"date=(\d{4}-\d\d-\d\d)/gen=(\d{6}|[1-9]\d{6,})/([^/]+)")
OF_DATE = re.compile(r"(?:_unfinished/)?date=(\d{4}-\d\d-\d\d)/.")
Generations = dict[date, dict[int, set[str]]]


def generation_path(day: date, generation: int, name: str) -> str:
    """The path of a generation's file under the container.

    >>> generation_path(date(2025, 3, 31), 2, MANIFEST)
    'date=2025-03-31/gen=000002/manifest.json'
    """
    return f"date={day}/gen={generation:06d}/{name}"


def part_path(day: date, generation: int, number: int, run_id: str, compression: str) -> str:
    """The path of a part under the container."""
    ending = "ndjson.gz" if compression == "gzip" else "ndjson"
    return generation_path(day, generation, f"{PART}{day}_part-{number:05d}-{run_id}.{ending}")


def unfinished_path(day: date) -> str:
    """The folder of a date's sessions that are not committed yet."""
    return f"_unfinished/date={day}"


def lock_path(day: date) -> str:
    """What the run holds that fetches or commits a date."""
    return f"_locks/date={day}"


def committed(paths: Iterable[str]) -> Generations:
    """The generations that have a manifest, each with the names of its files, by date."""
    names: dict[tuple[date, int], set[str]] = defaultdict(set)
    for path in paths:
        if (place := IN_GENERATION.fullmatch(path)) and (day := _date(place[1])):
            names[day, int(place[2])].add(place[3])
    found: Generations = {}
    for (day, generation), of_generation in names.items():
        if MANIFEST in of_generation:
            found.setdefault(day, {})[generation] = of_generation
    return found


def day_in(path: str) -> date | None:
    """The date that a path belongs to; None for what is not of a date."""
    place = OF_DATE.match(path)
    return _date(place[1]) if place else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:  # such as 2025-02-30: nothing of ours
        return None


def generation_in(path: str) -> int | None:
    """The generation that a path belongs to; None for what is not of one."""
    place = IN_GENERATION.fullmatch(path)
    return int(place[2]) if place else None


def is_spare(path: str, generations: Collection[int]) -> bool:
    """Whether a file is of no use unless a manifest names it; `generations` are its date's committed ones.

    What stands beside a manifest is of no use without it.
    """
    if path.startswith("_unfinished/") or path.endswith(".tmp"):
        return True
    place = IN_GENERATION.fullmatch(path)
    if place is None:
        return False
    if place[3].startswith(PART):
        return True
    is_beside = place[3] in BESIDE or place[3].startswith(VERDICTS)
    return is_beside and int(place[2]) not in generations
