"""Small changes of a word."""

from __future__ import annotations

import re
from random import Random

IDENTIFIER = re.compile(r"[A-Za-z_][\w.\-/]*")
WORD = re.compile(r"[A-Za-z_][A-Za-z_\d]{2,}")
OTHER = "abcdefghijklmnopqrstuvwxyz"


def is_identifier(value: object) -> bool:
    """Whether a value is one word that names something.

    >>> is_identifier("act-copy"), is_identifier("two words"), is_identifier("")
    (True, False, False)
    """
    return isinstance(value, str) and IDENTIFIER.fullmatch(value) is not None


def misspelt(word: str, random: Random) -> str:
    """The word with one letter dropped, doubled or changed: never the word itself.

    >>> misspelt("ab", Random(1)) != "ab"
    True
    """
    letters = [at for at, letter in enumerate(word) if letter.isalnum()]
    at = random.choice(letters)
    head, letter, tail = word[:at], word[at], word[at + 1 :]
    other = random.choice([one for one in OTHER if one != letter.lower()])
    ways = [head + letter + letter + tail, head + other + tail]
    if len(letters) > 1:
        ways.append(head + tail)
    return random.choice(ways)


def misspelt_in(text: str, random: Random) -> str | None:
    """A text with one of its words misspelt; None if it has none."""
    found = list(WORD.finditer(text))
    if not found:
        return None
    word = random.choice(found)
    return text[: word.start()] + misspelt(word.group(), random) + text[word.end() :]
