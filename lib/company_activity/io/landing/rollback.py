"""A date set back: a new generation names an older one's parts, or none, and holds what it sets aside.

The manifest is the one commit point: it names parts and held contents together. A release is a
create-only file beside it. What is in force, held or released is always that of the newest
generation, so a fetch that lands other content carries the holds on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from company_activity.errors import LandingCorrupt, LandingMissing, SourceError
from company_activity.io.landing.commit import mark
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.manifest import Manifest, is_held
from company_activity.io.landing.paths import (
    PROVISIONAL,
    RELEASED,
    generation_path,
    unfinished_path,
)
from company_activity.io.landing.unfinished import discard
from company_activity.planning.state import GenerationMark

START_OVERS = 3
NEVER_STAGED = GenerationMark.of(0, None)


@dataclass(frozen=True)
class SetBack:
    """How a rollback ended: the generation in force, whether it is new, and the contents held."""

    generation: int
    is_new: bool
    held: tuple[str, ...]


@dataclass(frozen=True)
class Rollback:
    """Who sets which date back, when, and to what: the generation `to`, or to missing (None).

    `staged` is the mark of the date in staging: its landing may have been lost since.
    """

    day: date
    to: int | None
    run_id: str
    now: datetime
    staged: GenerationMark = NEVER_STAGED


def roll_back(landing: Landing, asked: Rollback) -> SetBack:
    """Commit what is asked for; nothing where the date has that content already.

    Pages of a fetch that has not ended are removed: whoever fetches next begins at page 1.

    Raises:
        LandingMissing, LandingCorrupt: if the generation, or a part of it, is gone or broken.
        SourceError: if the date is taken, or other runs keep landing it.
    """
    for _ in range(START_OVERS):
        with landing.lock(asked.day):
            done = _attempt(landing, asked)
        if done:
            return done
    raise SourceError(
        f"{asked.day}: other runs keep landing this date", remedy="let them end, then run again"
    )


def release(landing: Landing, day: date, run_id: str) -> tuple[str, ...]:
    """Let fetches land what rollbacks of the date hold; the digests that were held, none if none were."""
    with landing.lock(day):
        newest = landing.newest(day)
        held = landing.held_digests(newest)
        if newest and held:
            path = landing.at(generation_path(day, newest.generation, RELEASED))
            released = {"digests": held, "of_run": newest.run_id, "run_id": run_id}
            text = json.dumps(released, indent=1) + "\n"
            landing.storage.delete(path)  # of a manifest of this number that somebody has removed
            landing.storage.create(path, (text.encode(),))
    return held


def held_after(held: Iterable[str], aside: str, restored: str) -> tuple[str, ...]:
    """The contents that are held once `aside` has given way to `restored`; an empty digest is no content.

    >>> held_after(["aa", "bb"], "cc", restored="bb"), held_after(["aa"], "", restored="aa")
    (('aa', 'cc'), ())
    """
    kept = [digest for digest in held if not is_held(restored, [digest])]
    if aside and not is_held(aside, kept) and not is_held(restored, [aside]):
        kept.append(aside)
    return tuple(kept)


def _attempt(landing: Landing, asked: Rollback) -> SetBack | None:
    """Set the date back under its lock; None if another run has landed it all the same."""
    files = landing.files_of(asked.day)
    newest = landing.manifest(asked.day, max(files)) if files else None
    is_landed = newest is not None and newest.generation >= asked.staged.generation
    standing = newest.mark if newest and is_landed else asked.staged
    held = landing.held_digests(newest)
    target = _target(landing, asked)
    wanted = target.mark.digest if target else GenerationMark.of(0, None).digest
    if standing.digest == wanted and not (
        newest and is_landed and not landing.is_all_there(newest)
    ):
        return SetBack(standing.generation, False, held)

    if target:
        _check(landing, target)
    aside = newest.content_digest if newest and is_landed else _content(asked.staged)
    generation = max(newest.generation if newest else 0, asked.staged.generation) + 1
    ours = replace(
        target or _nothing(asked),
        generation=generation,
        run_id=asked.run_id,
        held_digests=held_after(held, aside, target.content_digest if target else ""),
    )
    discard(landing.storage, landing.at(unfinished_path(asked.day)))
    is_settled = newest is None or PROVISIONAL not in files[newest.generation]
    mark(landing, asked.day, generation, ours.fetched_at, is_settled=is_settled)
    if not landing.create_manifest(ours):
        return None
    return SetBack(generation, True, ours.held_digests)


def _target(landing: Landing, asked: Rollback) -> Manifest | None:
    """What to name again; None for nothing, which a generation that was set aside is as well."""
    if asked.to is None:
        return None
    found = landing.manifest(asked.day, asked.to)
    if not found.is_complete:
        return None
    return replace(found, restored_generation=found.restored_generation or found.generation)


def _check(landing: Landing, target: Manifest) -> None:
    """See that every part is there and whole: else staging would stop at it, in every run to come."""
    try:
        landing.check(target)
    except (LandingMissing, LandingCorrupt) as broken:
        raise type(broken)(
            f"generation {target.generation} of {target.date} cannot be restored: {broken.what}",
            remedy=f'choose another: "company-activity rollback --date {target.date}" lists them',
        ) from None


def _content(mark: GenerationMark) -> str:
    return "" if mark.is_missing else mark.digest


def _nothing(asked: Rollback) -> Manifest:
    return Manifest(
        date=asked.day,
        generation=0,
        state="missing",
        parts=(),
        pages=0,
        rows=0,
        content_digest="",
        api_url="",
        fetched_at=asked.now,
        run_id=asked.run_id,
    )
