"""The line that an item becomes in the landing, and the way back."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import NamedTuple

from company_activity.errors import LandingCorrupt
from company_activity.records.item import Item, canonical

FETCH_AGAIN = "fetch the date again"
WRAPPED = '{"_raw":'
# Numbers of at most 18 digits: they fit 64 bits, and we write no longer ones.
PLACE = re.compile(
    r',?"_date":"([0-9]{4}-[0-9]{2}-[0-9]{2})","_page":([0-9]{1,18}),"_item":([0-9]{1,18})\}\Z'
)


class LandedLine(NamedTuple):
    """A landed line taken apart: the object without its place, and the place."""

    text: str
    day: str
    page: int
    number: int


def place_of(day: date, page: int) -> str:
    """What every line of a page ends with, but for the number of its item.

    >>> place_of(date(2025, 3, 31), page=2)
    '"_date":"2025-03-31","_page":2,"_item":'
    """
    return f'"_date":"{day}","_page":{page},"_item":'


def landed_line(item: Item, place: str, number: int) -> str:
    """The item's text unchanged, its place added before the last brace.

    Line breaks between the item's tokens become blanks. An item that is not an object is wrapped
    as `_raw`. Our keys come last, so they win over the item's own.

    >>> place = place_of(date(2025, 3, 31), page=2)
    >>> landed_line(Item('{"a": 1}', '{"a":1}'), place, number=7)
    '{"a": 1,"_date":"2025-03-31","_page":2,"_item":7}'
    >>> landed_line(Item("[1]", "[1]"), place, number=8)
    '{"_raw":[1],"_date":"2025-03-31","_page":2,"_item":8}'
    """
    text, written = item
    if "\n" in text or "\r" in text:
        text = text.replace("\n", " ").replace("\r", " ")
    if not written.startswith("{") or _looks_wrapped(written):
        text = f"{WRAPPED}{text}}}"
    comma = "" if written == "{}" else ","
    return f"{text[:-1]}{comma}{place}{number}}}"


def split_line(line: str) -> LandedLine:
    """A landed line taken apart.

    >>> split_line('{"a": 1,"_date":"2025-03-31","_page":2,"_item":7}')
    LandedLine(text='{"a": 1}', day='2025-03-31', page=2, number=7)

    Raises:
        LandingCorrupt: if the line has no place at its end.
    """
    place = PLACE.search(line)
    if place is None:
        raise LandingCorrupt("a line has no place at its end", remedy=FETCH_AGAIN)
    text = f"{line[: place.start()]}}}"
    return LandedLine(text, place[1], int(place[2]), int(place[3]))


def unwrapped(text: str) -> str:
    """What was sent, without the wrapping of an item that is not an object.

    >>> unwrapped('{"_raw":[1]}')
    '[1]'
    """
    return text.removeprefix(WRAPPED)[:-1] if text.startswith(WRAPPED) else text


def item_of(line: str) -> Item:
    """The item that a landed line was made of.

    Raises:
        LandingCorrupt: if it is not a landed line.
    """
    text = split_line(line).text
    written = canonical(text)
    if not _looks_wrapped(written):
        return Item(text, written)
    sent = unwrapped(text)
    return Item(sent, canonical(sent))


def _looks_wrapped(written: str) -> bool:
    """Whether `_raw` is all that an object has.

    Such an item of the API is wrapped too: otherwise it would look like one that we wrapped.
    """
    return written.startswith(WRAPPED) and set(json.loads(written, parse_int=str)) == {"_raw"}
