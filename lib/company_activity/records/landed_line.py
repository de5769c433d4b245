"""The line that an item becomes in the landing, and the way back."""

from __future__ import annotations

import json
import re
from datetime import date

from company_activity.errors import LandingCorrupt
from company_activity.records.item import Item, canonical

WRAPPED = '{"_raw":'
PLACE = re.compile(r',?"_date":"([^"]*)","_page":([0-9]+),"_item":([0-9]+)\}$')


def landed_line(item: Item, day: date, page: int, number: int) -> str:
    """The item's text unchanged, line breaks between its tokens made blanks, with its place before the last brace.

    An item that is not an object is wrapped as `_raw`. Our keys come last, so they win over the item's own.

    >>> landed_line(Item('{"a": 1}', '{"a":1}'), date(2025, 3, 31), page=2, number=7)
    '{"a": 1,"_date":"2025-03-31","_page":2,"_item":7}'
    >>> landed_line(Item("[1]", "[1]"), date(2025, 3, 31), page=2, number=8)
    '{"_raw":[1],"_date":"2025-03-31","_page":2,"_item":8}'
    """
    text = item.text.replace("\n", " ").replace("\r", " ")
    if not item.is_object or _looks_wrapped(item.canonical):
        text = f"{WRAPPED}{text}}}"
    comma = "" if item.canonical == "{}" else ","
    return f'{text[:-1]}{comma}"_date":"{day}","_page":{page},"_item":{number}}}'


def item_of(line: str) -> Item:
    """The item that a landed line was made of.

    Raises:
        LandingCorrupt: if it is not a landed line.
    """
    place = PLACE.search(line)
    if place is None:
        raise LandingCorrupt("a line has no place at its end", remedy="fetch the date again")
    text = f"{line[: place.start()]}}}"
    written = canonical(text)
    if _looks_wrapped(written):
        text = text.removeprefix(WRAPPED)[:-1]
        written = canonical(text)
    return Item(text, written)


def _looks_wrapped(written: str) -> bool:
    """Whether `_raw` is all an object has: such an item of the API is wrapped too, or could not be told apart."""
    return written.startswith(WRAPPED) and set(json.loads(written, parse_int=str)) == {"_raw"}
