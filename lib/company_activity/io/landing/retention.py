"""What of the landing goes: generations that others have long followed, and files that no manifest names.

The newest generation of a date always stays, and so does the one that the tables were built from. A
manifest goes before the parts that only it names: a reader never sees one without the other, and
what a kill leaves behind is named by nothing any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from company_activity.errors import SourceError
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.manifest import is_held
from company_activity.io.landing.paths import (
    HELD,
    MANIFEST,
    committed,
    day_in,
    generation_in,
    generation_path,
    is_spare,
    lock_path,
    unfinished_path,
)
from company_activity.io.storage.port import Entry

Written = Mapping[str, Entry]
Kind = Literal["generation", "orphan"]


@dataclass(frozen=True)
class Limits:
    """What is old enough to go.

    `orphans_before`: files that no manifest names, written before this. `followed_before`:
    generations that another one followed before this; None: no generation goes. `staged` are the
    generations that the tables were built from.
    """

    orphans_before: datetime
    followed_before: datetime | None = None
    staged: Mapping[date, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SpareFile:
    """A file that may go: its path under the container, its bytes, and what it is a part of."""

    path: str
    bytes: int
    of: Kind


@dataclass(frozen=True)
class SpareFiles:
    """What of a date may go, in this order; `why_left` says why nothing of it is touched."""

    day: date
    files: tuple[SpareFile, ...] = ()
    why_left: str = ""


def orphan_age(hours: float, resume_max_age_seconds: float) -> timedelta:
    """How old an orphan must be: no fetch may still go on with it."""
    return max(timedelta(hours=hours), timedelta(seconds=resume_max_age_seconds))


def spare_files(landing: Landing, limits: Limits) -> Iterator[SpareFiles]:
    """The dates of which something may go, or that must be left alone; one listing, nothing is touched."""
    listed: dict[date, dict[str, Entry]] = defaultdict(dict)
    for path, entry in _listed(landing, "date=", "_unfinished/").items():
        if day := day_in(path):
            listed[day][path] = entry
    for day, written in sorted(listed.items()):
        try:
            files = _spare_of(landing, day, written, limits)
        except SourceError as error:
            yield SpareFiles(day, why_left=error.what)
        else:
            if files:
                yield SpareFiles(day, tuple(files))


def remove_spare_files(
    landing: Landing, day: date, limits: Limits, kind: Kind
) -> Iterator[SpareFile | str]:
    """Remove what of a date may go, of one kind, as it stands now; each file is yielded once it is gone.

    A date that a run holds, or with a manifest that cannot be read, is left alone: why is yielded.

    Raises:
        SourceError: if the store refuses to remove a file.
    """
    with ExitStack() as held:
        try:
            lock = landing.storage.lock(landing.at(lock_path(day)), timeout_seconds=0)
            held.enter_context(lock)
            written = _listed(landing, f"date={day}/", f"{unfinished_path(day)}/")
            files = _spare_of(landing, day, written, limits)
        except SourceError as error:
            yield error.what
            return
        for file in files:
            if file.of == kind:
                landing.storage.delete(landing.at(file.path))
                yield file


def remove_unneeded(landing: Landing, day: date, going: Collection[int]) -> None:
    """Remove these generations of a date, and whatever no other manifest names, however young.

    The date must be held: nobody may be landing it.

    Raises:
        LandingCorrupt: if a manifest that stays cannot be read.
    """
    written = _listed(landing, f"date={day}/", f"{unfinished_path(day)}/")
    for file in _without(landing, day, written, set(going)):
        landing.storage.delete(landing.at(file.path))


def dates_listed(landing: Landing) -> list[date]:
    """Every date of which anything lies in the landing, with a manifest or without."""
    days = map(day_in, _listed(landing, "date=", "_unfinished/"))
    return sorted({day for day in days if day})


def _listed(landing: Landing, *prefixes: str) -> dict[str, Entry]:
    """What lies under the container and begins so, by path."""
    entries = (entry for prefix in prefixes for entry in landing.storage.list(landing.at(prefix)))
    return {entry.path.removeprefix(landing.at("")): entry for entry in entries}


def _spare_of(landing: Landing, day: date, written: Written, limits: Limits) -> list[SpareFile]:
    """A date's files that may go, the manifests first.

    Raises:
        LandingCorrupt: if a manifest that stays cannot be read: what it names is not known.
    """
    gone = _followed(landing, day, committed(written).get(day, {}), written, limits)
    return _without(landing, day, written, gone, limits.orphans_before)


def _without(
    landing: Landing,
    day: date,
    written: Written,
    gone: set[int],
    orphans_before: datetime | None = None,
) -> list[SpareFile]:
    """What goes with these generations, and orphans written before a time (None: all), the manifests first.

    Raises:
        LandingCorrupt: if a manifest that stays cannot be read.
    """
    kept = committed(written).get(day, {}).keys() - gone
    found = []
    for path, entry in written.items():
        generation = generation_in(path)
        if generation in gone:
            if path == generation_path(day, generation, MANIFEST) or is_spare(path, kept):
                found.append(SpareFile(path, entry.size, "generation"))
        elif is_spare(path, kept) and (
            orphans_before is None or entry.modified_at < orphans_before
        ):
            found.append(SpareFile(path, entry.size, "orphan"))
    if not found:
        return []
    named = {part.path for number in kept for part in landing.manifest(day, number).parts}
    spare = [file for file in found if file.path not in named]
    return sorted(spare, key=lambda file: not file.path.endswith(f"/{MANIFEST}"))


def _followed(
    landing: Landing, day: date, generations: Collection[int], written: Written, limits: Limits
) -> set[int]:
    """The generations that another one has followed for so long that they may go."""
    if limits.followed_before is None:
        return set()
    numbers = sorted(generations)
    gone = set()
    for number, following in pairwise(numbers):
        followed_at = written[generation_path(day, following, MANIFEST)].modified_at
        if followed_at < limits.followed_before and number != limits.staged.get(day):
            gone.add(number)
    if gone and generation_path(day, numbers[-1], HELD) in written:
        return gone - _of_held_contents(landing, day, numbers)
    return gone


def _of_held_contents(landing: Landing, day: date, numbers: Sequence[int]) -> set[int]:
    """The youngest generation of each content that is held: without it an erasure could not tell its digest anew."""
    held = landing.held_digests(landing.manifest(day, numbers[-1]))
    found: dict[str, int] = {}
    for number in numbers if held else ():
        content = landing.manifest(day, number).content_digest
        for digest in held:
            if is_held(content, [digest]):
                found[digest] = number
    return set(found.values())
