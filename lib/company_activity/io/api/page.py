"""A page of the usage API, and the pagination through a date's pages."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from company_activity.errors import ApiError
from company_activity.io.api.envelope import COMPARED, Total, greatest_total, what_is_missing
from company_activity.io.api.members import members_of
from company_activity.records.item import Item, content_digest
from company_activity.records.tombstone import Tombstones

NextPage = int | str | None
FIRST_PAGE = 1
MAX_DIGITS = 18
TELL_ITS_OWNER = "the API breaks its contract: tell its owner; nothing was committed"
NOT_WHOLE = "nothing was committed: run again later; if it persists, tell the API's owner"
OTHER_TOTAL = (
    "run again later; if it counts something else than the date's items, name the member that counts them in "
    "api.total_member (total, total_count or none); nothing was committed"
)


class NotAPage(ApiError):
    """A body that is not JSON. It may have been cut short: worth asking for again."""


class PagingBroken(ApiError):
    """A loop, a repeated or refused page, missing items: only a fresh start at page 1 can help."""


class Sent(NamedTuple):
    """What the API sent in a page of which items were dropped: how many items, and their digest, sealed.

    `numbers` are those of the items that are left, counted from 1 as they were sent.
    """

    items: int
    digest: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Page:
    """One answer: its items in API order, its next page (None: the end), its total, if any.

    `sent` tells what the API sent, where that is more than `items`; `digest` is over what it sent.
    """

    number: int
    items: tuple[Item, ...]
    next_page: NextPage
    total: Total | None = None
    sent: Sent | None = None
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        digest = (
            self.sent.digest if self.sent else content_digest([one.canonical for one in self.items])
        )
        object.__setattr__(self, "digest", digest)

    @property
    def items_sent(self) -> int:
        """How many items the API sent."""
        return self.sent.items if self.sent else len(self.items)

    @property
    def numbers(self) -> Sequence[int]:
        """The number of each item among those that the API sent, from 1 on."""
        return self.sent.numbers if self.sent else range(1, len(self.items) + 1)

    def without(self, erased: Tombstones) -> Page:
        """The page without the items of erased companies; the page itself if it has none."""
        if erased.are_none:
            return self
        numbered = zip(self.numbers, self.items, strict=True)
        left = [one for one in numbered if not erased.covers_item(one[1].canonical)]
        if len(left) == len(self.items):
            return self
        numbers = tuple(number for number, _ in left)
        sent = Sent(self.items_sent, erased.sealed(self.digest), numbers)
        return replace(self, items=tuple(item for _, item in left), sent=sent)


class Pagination:
    """The way through a date's pages: the next page, the pages asked for, the items so far.

    The greatest total that any of the pages named must be reached by the items sent, those of erased
    companies included. More items than that are no fault: they may have been added meanwhile.
    """

    def __init__(self) -> None:
        self.number = 0
        self.next_page: NextPage = FIRST_PAGE
        self._items = 0
        self._total = Total("", 0)
        self._asked_for = {_short(FIRST_PAGE)}
        self._contents: set[bytes] = set()

    def step(self, page: Page) -> None:
        """Go on to `page`.

        Raises:
            PagingBroken: if it names a page that was asked for before, repeats the items of an earlier page, or is
                the last and items are missing. A single item may repeat: a record sent twice is the record's affair.
        """
        self._check_is_new(page)
        items = self._items + page.items_sent
        total = max(self._total, page.total or self._total, key=lambda one: one.number)
        if page.next_page is None and items < total.number:
            raise PagingBroken(
                f"page {page.number} is the last, with {items:,} items in all; {total.member} says {total.number:,}",
                remedy=OTHER_TOTAL,
            )
        self._contents.add(_short(page.digest))
        self._asked_for.add(_short(page.next_page))
        self._items = items
        self._total = total
        self.number = page.number
        self.next_page = page.next_page

    def _check_is_new(self, page: Page) -> None:
        if page.items_sent > 1 and _short(page.digest) in self._contents:
            raise PagingBroken(
                f"page {page.number} repeats the items of an earlier page",
                remedy=TELL_ITS_OWNER,
            )
        if page.next_page is not None and _short(page.next_page) in self._asked_for:
            raise PagingBroken(
                f"page {page.number} names a page that was asked for before: {page.next_page!r}",
                remedy=TELL_ITS_OWNER,
            )


def read_page(text: str, number: int, compared: Sequence[str] = COMPARED["both"]) -> Page:
    """Parse a body; each item keeps the characters sent. `compared` members name its total.

    >>> page = read_page('{"next_page": 2, "items": [{"b": 1, "a": 2.0}, 7]}', 1)
    >>> page.items[0], page.next_page
    (Item(text='{"b": 1, "a": 2.0}', canonical='{"a":2.0,"b":1}'), 2)

    Raises:
        NotAPage: if the text is not JSON.
        ApiError: if it is JSON of another shape, or says that it is not whole.
    """
    try:
        members = members_of(text)
    except ValueError as broken:
        raise NotAPage(
            f"page {number} is not JSON: {broken}" if text.strip() else f"page {number} is empty"
        ) from None
    missing = what_is_missing(members)
    _check_names([name for name, _ in members], missing, number)
    found = dict(members)
    items = found["items"]
    if not isinstance(items, tuple):
        raise ApiError(f"page {number}: 'items' is no list", remedy=TELL_ITS_OWNER)
    if missing:
        raise ApiError(f"page {number} says that it is not whole: its {missing}", remedy=NOT_WHOLE)
    next_page = _next_page(str(found["next_page"]), number)
    return Page(number, items, next_page, greatest_total(members, compared))


def _check_names(names: Sequence[str], missing: str | None, number: int) -> None:
    """See that the envelope names its items and its next page, each once."""
    for name in ("items", "next_page"):
        if names.count(name) != 1:
            how_many = "several" if name in names else "no"
            said = f"; its {missing}" if missing else ""
            raise ApiError(f"page {number} has {how_many} {name!r}{said}", remedy=TELL_ITS_OWNER)


def _next_page(written: str, number: int) -> NextPage:
    """What the canonical JSON of `next_page` names.

    >>> _next_page("7", 1), _next_page("12345678901234567890", 1), _next_page('"0"', 1), _next_page("null", 1)
    (7, '12345678901234567890', '0', None)
    """
    if written == "null":
        return None
    if re.fullmatch(r"[1-9][0-9]*", written):
        # text beyond 18 digits: neither Python nor another reader of our files would take a number of any length
        return int(written) if len(written) <= MAX_DIGITS else written
    if written.startswith('"') and written not in ('""', '"null"'):
        return str(json.loads(written))
    raise ApiError(
        f"page {number} names no page number, token or URL: {written}", remedy=TELL_ITS_OWNER
    )


def _short(value: object) -> bytes:
    """16 bytes that stand for a token or a digest: 100,000 pages take a few megabytes."""
    return hashlib.sha256(str(value).encode("utf-8", "surrogatepass")).digest()[:16]
