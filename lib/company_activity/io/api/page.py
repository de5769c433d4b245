"""A page of the usage API: what its body says, and the trail that a date's pages leave."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field

from company_activity.errors import ApiError
from company_activity.io.landing.canonical import Item, content_digest, decode_at

NextPage = int | str | None
FIRST_PAGE = 1
TELL_ITS_OWNER = "the API breaks its contract: tell its owner; nothing was committed"
blanks = re.compile(r"[ \t\n\r]*").match


class NotAPage(ApiError):
    """A body that is not JSON. It may have been cut short: worth asking for again."""


class PagingBroken(ApiError):
    """A loop, a repeated page, a page that is refused: only a fresh start at page 1 leads out."""


@dataclass(frozen=True)
class Page:
    """The items of one answer in API order, and what it names as the next page (None: the end)."""

    number: int
    items: tuple[Item, ...]
    next_page: NextPage
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", content_digest(item.canonical for item in self.items))


class Trail:
    """The way through a date's pages so far: where to go on, and whether a page leads back onto it."""

    def __init__(self) -> None:
        self.number = 0
        self.next_page: NextPage = FIRST_PAGE
        self._asked_for = {_short(FIRST_PAGE)}
        self._contents: set[bytes] = set()

    def step(self, page: Page) -> None:
        """Go on to `page`.

        Raises:
            PagingBroken: if it names a page that was asked for before, or repeats the items of an earlier page.
                A single item may repeat: a record sent twice is the record's affair.
        """
        content, token = _short(page.digest), _short(page.next_page)
        if len(page.items) > 1 and content in self._contents:
            raise PagingBroken(f"page {page.number} repeats the items of an earlier page", remedy=TELL_ITS_OWNER)
        if page.next_page is not None and token in self._asked_for:
            raise PagingBroken(
                f"page {page.number} names a page that was asked for before: {page.next_page!r}",
                remedy=TELL_ITS_OWNER,
            )
        self._contents.add(content)
        self._asked_for.add(token)
        self.number, self.next_page = page.number, page.next_page


def read_page(text: str, number: int) -> Page:
    """Take a body apart; each item keeps the characters that were sent.

    >>> page = read_page('{"next_page": 2, "items": [{"b": 1, "a": 2.0}, 7]}', 1)
    >>> page.items[0], page.next_page
    (Item(text='{"b": 1, "a": 2.0}', canonical='{"a":2.0,"b":1}'), 2)

    Raises:
        NotAPage: if the text is not JSON.
        ApiError: if it is JSON of another shape.
    """
    try:
        members = _members(text)
    except ValueError as broken:
        raise NotAPage(f"page {number} is not JSON: {broken}" if text.strip() else f"page {number} is empty") from None
    names = [name for name, _ in members]
    found = dict(members)
    for name in ("items", "next_page"):
        if names.count(name) != 1:
            how_many = "several" if name in names else "no"
            raise ApiError(f"page {number} has {how_many} {name!r}", remedy=TELL_ITS_OWNER)
    if not isinstance(found["items"], tuple):
        raise ApiError(f"page {number}: 'items' is no list", remedy=TELL_ITS_OWNER)
    return Page(number, found["items"], _next_page(str(found["next_page"]), number))


def _members(text: str) -> list[tuple[str, str | tuple[Item, ...]]]:
    """The members of the object that the text is: the items taken apart, any other value as canonical JSON."""
    found: list[tuple[str, str | tuple[Item, ...]]] = []
    value: str | tuple[Item, ...]
    at, more = _sequence(text, _past(text, 0, "{")[1], "}")
    while more:
        name, at = decode_at(text, at)
        if not name.startswith('"'):
            raise ValueError(f"no name before character {at}")
        at = _skip(text, _past(text, at, ":")[1])
        value, at = _items(text, at) if name == '"items"' and text[at : at + 1] == "[" else decode_at(text, at)
        found.append((json.loads(name), value))
        mark, at = _past(text, at, ",}")
        at, more = _skip(text, at), mark == ","
    if _skip(text, at) != len(text):
        raise ValueError(f"the object ends at character {at} of {len(text)}")
    return found


def _items(text: str, at: int) -> tuple[tuple[Item, ...], int]:
    """The items of the list that begins at `at`, and where it ends."""
    items: list[Item] = []
    at, more = _sequence(text, at + 1, "]")
    while more:
        value, end = decode_at(text, at)
        items.append(Item(text[at:end], value))
        mark, at = _past(text, end, ",]")
        at, more = _skip(text, at), mark == ","
    return tuple(items), at


def _sequence(text: str, at: int, closing: str) -> tuple[int, bool]:
    """Where the first element begins, and whether there is one: else behind the closing mark."""
    at = _skip(text, at)
    return (at + 1, False) if text[at : at + 1] == closing else (at, True)


def _past(text: str, at: int, marks: str) -> tuple[str, int]:
    """The mark that comes next, and the place behind it."""
    at = _skip(text, at)
    mark = text[at : at + 1]
    if not mark or mark not in marks:
        raise ValueError(f"expected {' or '.join(marks)} at character {at} of {len(text)}")
    return mark, at + 1


def _skip(text: str, at: int) -> int:
    found = blanks(text, at)
    return found.end() if found else at


def _next_page(written: str, number: int) -> NextPage:
    if written == "null":
        return None
    if re.fullmatch(r"[0-9]{1,18}", written):
        return int(written)
    if written.startswith('"') and written != '""':
        return str(json.loads(written))
    raise ApiError(f"page {number} names no page number, token or URL: {written}", remedy=TELL_ITS_OWNER)


def _short(value: object) -> bytes:
    """16 bytes that stand for a token or a digest: 100,000 pages take a few megabytes."""
    return hashlib.sha256(str(value).encode("utf-8", "surrogatepass")).digest()[:16]
