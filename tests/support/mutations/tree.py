"""A file's content as a tree: where each value lies in it, and how it is changed there."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Keys = tuple[str | int, ...]
Alter = Callable[[Any], None]

FREE_TEXT = {"description", "comment"}


@dataclass(frozen=True)
class Site:
    """A value of a tree, and the keys that lead to it."""

    keys: Keys
    value: Any

    @property
    def key(self) -> str:
        """The nearest key that is a name, not a number of a list."""
        return next((key for key in reversed(self.keys) if isinstance(key, str)), "")

    @property
    def place(self) -> str:
        """The keys as one text.

        >>> Site(("activities", 2, "name"), "act").place
        'activities[2].name'
        """
        return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.keys).removeprefix(".")


def sites(tree: Any, keys: Keys = ()) -> Iterator[Site]:
    """Every value of a tree, but for free text.

    >>> [site.place for site in sites({"a": [1, {"b": 2}], "description": "x"})]
    ['', 'a', 'a[0]', 'a[1]', 'a[1].b']
    """
    yield Site(keys, tree)
    inner: list[tuple[str | int, Any]] = []
    if isinstance(tree, dict):
        inner = [(key, value) for key, value in tree.items() if str(key).lower() not in FREE_TEXT]
    if isinstance(tree, list):
        inner = list(enumerate(tree))
    for key, value in inner:
        yield from sites(value, (*keys, key))


def replaced(tree: Any, keys: Keys, value: Any) -> Any:
    """A copy of the tree with another value in one place.

    >>> replaced({"a": [1, 2]}, ("a", 1), "two")
    {'a': [1, 'two']}
    """
    if not keys:
        return value
    new = copy.deepcopy(tree)
    inner = new
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return new
