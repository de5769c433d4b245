"""Where a document does not fit its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MOST_CHARACTERS = 200  # of a message, which may show the whole value


def misfits(validator: Any, value: Any) -> Iterator[tuple[str, str]]:
    """The place within `value` and what is wrong there, for each error that the jsonschema validator finds.

    >>> from jsonschema import Draft202012Validator
    >>> steps = {"properties": {"steps": {"items": {"type": "string"}}}}
    >>> list(misfits(Draft202012Validator(steps), {"steps": ["publish", 3]}))
    [('steps[1]', "3 is not of type 'string'")]
    """
    for error in validator.iter_errors(value):
        place = "".join(
            f"[{key}]" if isinstance(key, int) else f".{key}" for key in error.absolute_path
        )
        yield place.removeprefix("."), " ".join(error.message.split())[-MOST_CHARACTERS:]
