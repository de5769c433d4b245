"""What can go wrong in a tree, by kind: names, texts, arguments, references, dependencies, types and keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from support.mutations.tree import Keys, Site, sites
from support.mutations.words import is_identifier, misspelt, misspelt_in

NAMES_SOMETHING = re.compile(r"(name|key|activity|type|conditions?|reference|id|outcome|run_if)$", re.IGNORECASE)
PROSE = re.compile(r"'[^']* [^']*'")  # what an expression says to people
DEPENDS = re.compile(r"^(depends_?on|dependency_?conditions)$", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """What stood in a place, and what stands there now: `value`, at the end of `keys`."""

    kind: str
    place: str
    before: Any
    after: Any
    keys: Keys
    value: Any


@dataclass(frozen=True)
class Known:
    """What the files of a folder name: for each key, the values that stand under it."""

    values: dict[str, set[str]]

    @classmethod
    def of(cls, trees: list[Any]) -> Known:
        values: dict[str, set[str]] = {}
        for tree in trees:
            for site in sites(tree):
                if is_identifier(site.value):
                    values.setdefault(site.key, set()).add(site.value)
        return cls(values)

    def others(self, site: Site) -> list[str]:
        """Other values that stand under the same key, where that key names something."""
        if not NAMES_SOMETHING.search(site.key):
            return []
        return sorted(self.values.get(site.key, set()) - {site.value})


def changed(kind: str, site: Site, after: Any) -> Change:
    return Change(kind, site.place, site.value, after, site.keys, after)


def names(tree: Any, known: Known, random: Random) -> Iterator[Change]:
    """A word that names something is misspelt."""
    for site in sites(tree):
        if is_identifier(site.value):
            yield changed("name", site, misspelt(site.value, random))


def texts(tree: Any, known: Known, random: Random) -> Iterator[Change]:
    """A word within a text is misspelt: in an expression, an address, a list of steps."""
    for site in sites(tree):
        if not isinstance(site.value, str) or is_identifier(site.value):
            continue
        wrong = misspelt_in(site.value, random)
        if wrong is not None and PROSE.sub("", wrong) != PROSE.sub("", site.value):
            yield changed("text", site, wrong)


def references(tree: Any, known: Known, random: Random) -> Iterator[Change]:
    """A word that names something names what is not there, or something else of its kind."""
    for site in sites(tree):
        if is_identifier(site.value) and NAMES_SOMETHING.search(site.key):
            others = [*known.others(site), f"{site.value}-gone"]
            yield changed("reference", site, random.choice(others))


def arguments(tree: Any, known: Known, random: Random) -> Iterator[Change]:
    """An argument is dropped, changed, or swapped with the next."""
    for site in sites(tree):
        if is_command(site.value):
            yield changed("argument", site, other_words(site.value, random))
        elif isinstance(site.value, str) and is_command(site.value.split()):
            yield changed("argument", site, " ".join(other_words(site.value.split(), random)))


def is_command(value: Any) -> bool:
    """Whether a value is a list of arguments.

    >>> is_command(["run", "--date", {"value": "@date"}]), is_command(["a", "b"])
    (True, False)
    """
    if not isinstance(value, list):
        return False
    return any(isinstance(word, str) and word.startswith("--") for word in value)


def other_words(words: list[Any], random: Random) -> list[Any]:
    """The words with one dropped, one misspelt, or two neighbours swapped."""
    at = random.randrange(len(words))
    way = random.choice(["drop", "swap", "misspell"])
    word = words[at]
    if way == "swap" and at + 1 < len(words) and words[at + 1] != word:
        return [*words[:at], words[at + 1], word, *words[at + 2 :]]
    if way == "misspell" and isinstance(word, str) and misspelt_in(word, random):
        return [*words[:at], misspelt_in(word, random), *words[at + 1 :]]
    return [*words[:at], *words[at + 1 :]]


def dependencies(tree: Any, known: Known, random: Random) -> Iterator[Change]:
    """A dependency is dropped, or has another condition or another target."""
    for site in sites(tree):
        if not any(DEPENDS.match(str(key)) for key in site.keys):
            continue
        if isinstance(site.value, list) and site.value:
            at = random.randrange(len(site.value))
            yield changed("dependency", site, [*site.value[:at], *site.value[at + 1 :]])
        if is_identifier(site.value):
            others = [*known.others(site), f"{site.value}x"]
            yield changed("dependency", site, random.choice(others))


def types(tree: Any, known: Known, random: Random) -> Iterator[Change]:
    """A text stands in place of a number, a number in place of a text, one value in place of a list."""
    for site in sites(tree):
        value = site.value
        if not site.keys:
            continue
        if isinstance(value, (bool, int, float)):
            yield changed("type", site, str(value))
        elif isinstance(value, str):
            yield changed("type", site, 7)
        elif isinstance(value, list):
            yield changed("type", site, "one" if value else {})
        elif isinstance(value, dict):
            yield changed("type", site, [value])


def keys(tree: Any, known: Known, random: Random) -> Iterator[Change]:
    """A key is misspelt, or there is one more that nobody knows."""
    for site in sites(tree):
        if not isinstance(site.value, dict):
            continue
        for key in site.value:
            if isinstance(key, str) and is_identifier(key):
                wrong = misspelt(key, random)
                renamed = {wrong if one == key else one: value for one, value in site.value.items()}
                yield Change("key", at(site.keys, key), key, wrong, site.keys, renamed)
        one_more = {**site.value, "unknownKey": 1}
        yield Change("key", at(site.keys, "unknownKey"), None, 1, site.keys, one_more)


def at(path: Keys, key: str) -> str:
    return Site((*path, key), None).place


KINDS: dict[str, Callable[[Any, Known, Random], Iterator[Change]]] = {
    "name": names,
    "text": texts,
    "argument": arguments,
    "reference": references,
    "dependency": dependencies,
    "type": types,
    "key": keys,
}
