"""A JSON object taken apart: each item of its list `items` keeps the characters that were sent.

Parsed, a value takes up to forty times the memory of its text. So none is parsed that is longer than a megabyte.
"""

from __future__ import annotations

import json
import re

from company_activity.records.item import Item, decode_at
from company_activity.records.item_form import Form, form_of

Member = tuple[str, str | tuple[Item, ...]]
FIRST_ITEMS = 20  # of a page, in which a form is looked for
LONGEST = 1 << 20  # characters of an item, a name, or another value of the envelope
NUMBER = frozenset("0123456789.eE+-")  # behind a value, these say that it was a number that was cut
blanks = re.compile(r"[ \t\n\r]*").match


def members_of(text: str) -> list[Member]:
    """The members of a JSON object: its items one by one, any other value as canonical JSON.

    Raises:
        ValueError: if the text is no JSON object, or has an item or a value that is too long to be parsed.
    """
    values = Values(text)
    found: list[Member] = []
    at, more = _sequence(text, _past(text, 0, "{")[1], "}")
    while more:
        name, at = values.decode_at(at)
        if not name.startswith('"'):
            raise ValueError(f"no name before character {at}")
        at = _skip(text, _past(text, at, ":")[1])
        value, at = _value(values, at, name)
        found.append((json.loads(name), value))
        at, more = _next(text, at, "}")
    if _skip(text, at) != len(text):
        raise ValueError(f"the object ends at character {at} of {len(text)}")
    return found


class Values:
    """The values in a text, each parsed from a piece of it that is no longer than a value may be."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._start = 0
        self._piece = text if len(text) <= LONGEST else text[:LONGEST]

    def decode_at(self, at: int) -> tuple[str, int]:
        """The value that begins at `at`, in canonical JSON, and where it ends.

        Raises:
            ValueError: if no JSON value begins there, or a longer one.
        """
        found = self._in_piece(at)
        if found is None:
            self._start = at
            self._piece = self.text[at : at + LONGEST]
            found = self._in_piece(at)
        if found is None:
            raise ValueError(f"the value at character {at} is longer than {LONGEST:,}, or broken")
        return found

    def _in_piece(self, at: int) -> tuple[str, int] | None:
        """The same within the piece; None where the piece may have cut it."""
        if self._start + len(self._piece) == len(self.text):
            return decode_at(self.text, at)
        try:
            value, end = decode_at(self._piece, at - self._start)
        except ValueError:
            return None
        end += self._start
        return None if self.text[end : end + 1] in NUMBER else (value, end)


def _value(values: Values, at: int, name: str) -> tuple[str | tuple[Item, ...], int]:
    """The value of a member, and where it ends: of `items`, if it is a list, the single items."""
    if name == '"items"' and values.text[at : at + 1] == "[":
        return _items(values, at)
    return values.decode_at(at)


def _items(values: Values, at: int) -> tuple[tuple[Item, ...], int]:
    """The items of the list that begins at `at`, and where it ends."""
    text = values.text
    items: list[Item] = []
    form: Form | None = None
    at, more = _sequence(text, at + 1, "]")
    while more:
        value, end = values.decode_at(at)
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
