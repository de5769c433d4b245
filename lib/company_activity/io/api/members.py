"""A JSON object taken apart: each item of its list `items` keeps the characters that were sent."""

from __future__ import annotations

import json
import re

from company_activity.records.item import Item, decode_at
from company_activity.records.item_form import Form, form_of

Member = tuple[str, str | tuple[Item, ...]]
FIRST_ITEMS = 20  # of a page, in which a form is looked for
blanks = re.compile(r"[ \t\n\r]*").match


def members_of(text: str) -> list[Member]:
    """The members of a JSON object: its items one by one, any other value as canonical JSON.

    Raises:
        ValueError: if the text is no JSON object.
    """
    found: list[Member] = []
    at, more = _sequence(text, _past(text, 0, "{")[1], "}")
    while more:
        name, at = decode_at(text, at)
        if not name.startswith('"'):
            raise ValueError(f"no name before character {at}")
        at = _skip(text, _past(text, at, ":")[1])
        value, at = _value(text, at, name)
        found.append((json.loads(name), value))
        at, more = _next(text, at, "}")
    if _skip(text, at) != len(text):
        raise ValueError(f"the object ends at character {at} of {len(text)}")
    return found


def _value(text: str, at: int, name: str) -> tuple[str | tuple[Item, ...], int]:
    """The value of a member, and where it ends: of `items`, if it is a list, the single items."""
    if name == '"items"' and text[at : at + 1] == "[":
        return _items(text, at)
    return decode_at(text, at)


def _items(text: str, at: int) -> tuple[tuple[Item, ...], int]:
    """The items of the list that begins at `at`, and where it ends."""
    items: list[Item] = []
    form: Form | None = None
    at, more = _sequence(text, at + 1, "]")
    while more:
        value, end = decode_at(text, at)
        items.append(Item(text[at:end], value))
        at, more = _next(text, end, "]")
        if form is None and len(items) <= FIRST_ITEMS:
            form = form_of(items[-1].text)
        if form is not None and more:
            alike, at = form.items_at(text, at)
            items.extend(alike)
    return tuple(items), at


def _sequence(text: str, at: int, closing: str) -> tuple[int, bool]:
    """Where the first element begins, and whether there is one: else behind the closing mark."""
    at = _skip(text, at)
    return (at + 1, False) if text[at : at + 1] == closing else (at, True)


def _next(text: str, at: int, closing: str) -> tuple[int, bool]:
    """Where the next element begins, and whether there is one: else behind the closing mark."""
    mark, at = _past(text, at, f",{closing}")
    return _skip(text, at), mark == ","


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
