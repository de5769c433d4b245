"""A date being fetched: each page is durable before the next request, so a kill loses none.

A page is one create-only file, `_unfinished/date=…/<session>/page-000001`. Whoever holds the date's
lock may go on where the pages end. Two runs that both try, because a lease was lost, cannot mix
their pages: only one of them can create the next file, and the other stops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from company_activity.errors import ApiError, LandingCorrupt, SourceError
from company_activity.io.api.page import Page, Pagination
from company_activity.io.landing.page_file import (
    Session,
    decode_page,
    decode_page_file,
    encode_page,
)
from company_activity.io.landing.parts import Lines
from company_activity.io.storage.port import Storage
from company_activity.records.item import ContentDigest
from company_activity.records.tombstone import NO_TOMBSTONES, Tombstones


class UnfinishedDate:
    """The durable pages of one session, and the digest and pagination that they amount to.

    `follows` is the date's newest generation when the fetch began, or was gone on with; 0 where there was none.
    """

    def __init__(self, storage: Storage, folder: str, session: Session) -> None:
        self._storage = storage
        self._folder = f"{folder}/{session.name}"
        self._digest = ContentDigest()
        self.session = session
        self.pagination = Pagination()
        self.pages = self.rows = 0
        self.is_resumed = False
        self.follows = 0

    @property
    def content_digest(self) -> str:
        """The content digest of the pages so far."""
        return self._digest.hexdigest()

    def append(self, page: Page) -> None:
        """Make a page durable.

        Raises:
            SourceError: if another run has made a page of this number durable in this session.
        """
        if not self._storage.create(
            page_path(self._folder, page.number), encode_page(page, self.session)
        ):
            raise self._taken()
        self._count(page)

    def resume(self, erased: Tombstones = NO_TOMBSTONES) -> bool:
        """Load the pages that are durable already. False: there are none, or they do not match.

        Nor are they of use if one holds an item of a company that was erased since.
        """
        try:
            while (page := self._durable(self.pages + 1)) is not None:
                if page.without(erased) is not page:
                    return False
                self.pagination.step(page)
                self._count(page)
        except (LandingCorrupt, ApiError):
            return False
        self.is_resumed = self.pages > 0
        return self.is_resumed

    def lines(self) -> Iterator[Lines]:
        """The landed lines, page by page.

        Raises:
            SourceError: if another run has removed a page.
        """
        for number in range(1, self.pages + 1):
            path = page_path(self._folder, number)
            try:
                head, text = decode_page_file(self._storage.read(path), path)
            except FileNotFoundError:
                raise self._taken() from None
            yield Lines(text, head["items"])

    def discard(self) -> None:
        """Remove the pages."""
        discard(self._storage, self._folder)

    def _durable(self, number: int) -> Page | None:
        path = page_path(self._folder, number)
        try:
            return decode_page(self._storage.read(path), number, path)
        except FileNotFoundError:
            return None

    def _count(self, page: Page) -> None:
        self._digest.add([item.canonical for item in page.items])
        self.pages = page.number
        self.rows += len(page.items)

    def _taken(self) -> SourceError:
        return SourceError(
            f"{self.session.day}: another run lands this date too",
            remedy="let it end, then run again",
        )


def resumable(
    storage: Storage,
    folder: str,
    names: Iterable[str],
    wanted: Session,
    max_age_seconds: float,
    erased: Tombstones = NO_TOMBSTONES,
) -> UnfinishedDate | None:
    """The youngest of these sessions that has the source of `wanted` and is not too old."""
    for name in sorted(names, reverse=True):
        session = _session(storage, f"{folder}/{name}", wanted)
        if session is None or session.name != name or session.source != wanted.source:
            continue
        if abs(wanted.started_at - session.started_at) > timedelta(seconds=max_age_seconds):
            continue
        found = UnfinishedDate(storage, folder, session)
        if found.resume(erased):
            return found
    return None


def discard(storage: Storage, folder: str) -> None:
    """Remove the pages under `folder`, page 1 first: without it no one goes on with the rest."""
    for entry in storage.list(f"{folder}/"):
        storage.delete(entry.path)


def page_path(folder: str, number: int) -> str:
    """The path of a page in its session's folder."""
    return f"{folder}/page-{number:06d}"


def _session(storage: Storage, folder: str, wanted: Session) -> Session | None:
    """The session whose pages lie in a folder; None if page 1 does not say."""
    path = page_path(folder, 1)
    try:
        return Session.of(decode_page_file(storage.read(path), path)[0], wanted.day)
    except (FileNotFoundError, LandingCorrupt, KeyError, ValueError, TypeError):
        return None
