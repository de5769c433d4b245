"""How a date's fetch begins and ends in the landing. Both under the date's lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from company_activity.io.landing.landing import Landing
from company_activity.io.landing.manifest import Manifest, is_held
from company_activity.io.landing.page_file import Session
from company_activity.io.landing.parts import write_parts
from company_activity.io.landing.paths import (
    PROVISIONAL,
    generation_path,
    part_path,
    unfinished_path,
)
from company_activity.io.landing.unfinished import UnfinishedDate, discard, resumable
from company_activity.records.tombstone import NO_TOMBSTONES, Tombstones


@dataclass(frozen=True)
class Landed:
    """How a fetch ended: the newest generation, whether it is new, whether the date had settled.

    `is_held`: what was fetched is not the newest generation's content; a rollback set it aside.
    """

    manifest: Manifest
    is_new: bool
    is_settled: bool
    is_held: bool = False


@dataclass(frozen=True)
class Fetch:
    """Who commits, where it was fetched, and when the date settles.

    `known_generation` is the greatest that anybody ever staged of the date: its landing may have
    been lost since.
    """

    run_id: str
    api_url: str
    settles_at: datetime
    known_generation: int = 0


def begin(
    landing: Landing,
    session: Session,
    resume_max_age_seconds: float,
    erased: Tombstones = NO_TOMBSTONES,
) -> UnfinishedDate:
    """Begin a fetch: at page 1, or where a killed run stopped if its pages are still usable.

    The pages of every other session are removed: also those that the newest generation was made of, and those that
    hold items of `erased` companies.
    """
    folder = landing.at(unfinished_path(session.day))
    newest = landing.newest(session.day)
    names = {entry.path.split("/")[-2] for entry in landing.storage.list(f"{folder}/")}
    spent = {newest.session} if newest else set()
    found = resumable(
        landing.storage, folder, names - spent, session, resume_max_age_seconds, erased
    )
    for name in names - ({found.session.name} if found else set()):
        discard(landing.storage, f"{folder}/{name}")
    fetched = found or UnfinishedDate(landing.storage, folder, session)
    fetched.follows = _generation(newest)
    return fetched


def commit(landing: Landing, fetched: UnfinishedDate, fetch: Fetch) -> Landed | None:
    """Commit the fetched pages, unless the newest generation is complete and has their content.

    A content that a rollback set aside is not committed until it is released.

    None: another run has committed other content since this fetch began, because a lease was lost;
    only a new fetch can tell which of them is the later.
    """
    day = fetched.session.day
    fetched_at = fetched.session.started_at
    newest = landing.newest(day)
    held = landing.held_digests(newest)
    is_refused = is_held(fetched.content_digest, held)
    is_settled = fetched_at >= fetch.settles_at
    is_overtaken = _generation(newest) != fetched.follows
    is_wanted = not is_refused and not is_overtaken
    if is_wanted and (newest is None or _is_superseded(landing, newest, fetched, fetch)):
        generation = max(_generation(newest), fetch.known_generation) + 1
        mark(landing, day, generation, fetched_at, is_settled=is_settled)
        ours = _with_parts(landing, fetched, generation, fetch, held)
        if landing.create_manifest(ours):
            fetched.discard()
            return Landed(ours, is_new=True, is_settled=is_settled)
        newest = landing.newest(day)
    fetched.discard()
    if newest is None or not (is_refused or _is_same(newest, fetched)):
        return None
    if is_settled:
        mark(landing, day, newest.generation, fetched_at, is_settled=is_settled)
    return Landed(newest, is_new=False, is_settled=is_settled, is_held=is_refused)


def _generation(newest: Manifest | None) -> int:
    """The number of a date's newest generation; 0 where it has none."""
    return newest.generation if newest else 0


def _is_superseded(
    landing: Landing, newest: Manifest, fetched: UnfinishedDate, fetch: Fetch
) -> bool:
    """Whether the newest generation is older than the staged one, differs, or lacks parts."""
    if newest.generation < fetch.known_generation:
        return True
    return not _is_same(newest, fetched) or not landing.is_all_there(newest)


def _is_same(newest: Manifest, fetched: UnfinishedDate) -> bool:
    return newest.is_complete and newest.content_digest == fetched.content_digest


def mark(
    landing: Landing, day: date, generation: int, fetched_at: datetime, *, is_settled: bool
) -> None:
    """Mark a generation as provisional before its manifest; remove the mark once it is settled."""
    path = landing.at(generation_path(day, generation, PROVISIONAL))
    if is_settled:
        landing.storage.delete(path)
        return
    text = f'{{"fetched_at": "{fetched_at.isoformat()}"}}\n'
    landing.storage.create(path, (text.encode(),))


def _with_parts(
    landing: Landing,
    fetched: UnfinishedDate,
    generation: int,
    fetch: Fetch,
    held: tuple[str, ...],
) -> Manifest:
    """Write the parts of a generation, and its manifest's content, which no one sees yet."""
    day = fetched.session.day

    def path_of(number: int) -> str:
        path = part_path(day, generation, number, fetch.run_id, landing.settings.compression)
        landing.storage.delete(
            landing.at(path)
        )  # left by an earlier attempt of this very run, and in no manifest
        return path

    return Manifest(
        date=day,
        generation=generation,
        state="complete",
        parts=write_parts(landing.storage, fetched.lines(), landing.settings, path_of),
        pages=fetched.pages,
        rows=fetched.rows,
        content_digest=fetched.content_digest,
        api_url=fetch.api_url,
        fetched_at=fetched.session.started_at,
        run_id=fetch.run_id,
        session=fetched.session.name,
        held_digests=held,
    )
