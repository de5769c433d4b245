"""Canonical JSON of an item, made while it is parsed, and the digest of a date's content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple


class Json(str):
    """A piece of canonical JSON: a number as it was sent, or an object already written."""

    __slots__ = ()


class Item(NamedTuple):
    """One item of a page: the characters the API sent, and what they say in canonical JSON."""

    text: str
    canonical: str


def canonical(text: str) -> str:
    """JSON without blanks: sorted keys, strings escaped to ASCII, numbers as they were sent.

    A key that is repeated stays repeated, in its order: nothing that was sent is lost to the
    digest.

    >>> canonical('{"b": 1.50, "a": ["é", NaN]}')
    '{"a":["\\\\u00e9",NaN],"b":1.50}'

    Raises:
        ValueError: if the text is not JSON (NaN and the infinities are let pass).
    """
    value, end = decode_at(text, len(text) - len(text.lstrip(BLANKS)))
    if text[end:].strip(BLANKS):
        raise ValueError(f"JSON ends at character {end} of {len(text)}")
    return value


def decode_at(text: str, start: int) -> tuple[str, int]:
    """The value that begins at `start`, in canonical JSON, and where it ends.

    Raises:
        ValueError: if no JSON value begins there.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
        return _written(value), end
    except RecursionError:
        raise ValueError(f"the value at character {start} is nested too deeply") from None


class ContentDigest:
    """sha256 over items in API order, each as canonical JSON and a line feed.

    Page borders, parts and compression do not enter.

    >>> digest = ContentDigest()
    >>> digest.add(['{"a":1}'])
    >>> digest.add(['{"a":2}'])
    >>> digest.hexdigest() == content_digest(['{"a":1}', '{"a":2}'])
    True
    """

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    def add(self, items: Iterable[str]) -> None:
        """Take in the next items, each in canonical JSON."""
        self._sha256.update("\n".join([*items, ""]).encode("ascii"))

    def hexdigest(self) -> str:
        """The digest of all items so far, 64 hexadecimal digits."""
        return self._sha256.hexdigest()


def content_digest(items: Iterable[str]) -> str:
    """The content digest of items that are already in canonical JSON."""
    digest = ContentDigest()
    digest.add(items)
    return digest.hexdigest()


def _object(pairs: list[tuple[str, Any]]) -> Json:
    pairs.sort(key=lambda pair: pair[0])
    return Json("{" + ",".join([f"{quoted(key)}:{_written(value)}" for key, value in pairs]) + "}")


def _written(value: Any) -> str:
    kind = type(value)
    if kind is Json:
        return str.__str__(value)
    if kind is str:
        return quoted(value)
    if kind is list:
        return "[" + ",".join(map(_written, value)) + "]"
    return "null" if value is None else "true" if value else "false"


BLANKS = " \t\n\r"
# The C scanner calls these hooks, so an item is parsed, sorted and written in one pass.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Json, parse_float=Json, parse_constant=Json
)
