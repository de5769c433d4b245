"""Text from outside as people may see it: on one line, and unable to hide or to turn what stands around it."""

from __future__ import annotations

import unicodedata

# Joiners, without which an emoji falls apart and Persian is misspelt. They show nothing, and turn nothing.
JOINERS = "\u200c\u200d"
LINE_ENDS = ("Zl", "Zp")
# Control, format (zero width, direction, tags), halves of a character.
INVISIBLE = ("Cc", "Cf", "Cs")
RIGHT_TO_LEFT = ("R", "AL")
ISOLATE, ISOLATE_ENDS = "\u2068", "\u2069"


def neutral(text: str, most: int) -> str:
    """The beginning of a text, with a dot for what cannot be seen.

    >>> neutral("Acme\\r\\nBcc: x\\x00\\u202eevil\\u200b", 100)
    'Acme  Bcc: x··evil·'
    >>> neutral("Acme Corporation", 4)
    'Acme…'
    """
    beginning = "".join(_shown(character) for character in text[:most])
    return beginning if len(text) <= most else f"{beginning}…"


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if character in "\n\r\t" or category in LINE_ENDS:
        return " "
    return "·" if category in INVISIBLE and character not in JOINERS else character


def isolated(text: str) -> str:
    """Neutral text that cannot order the text around it anew: one that is written from right to left is set apart.

    >>> isolated("Acme"), isolated("\\u05d0") == "\\u2068\\u05d0\\u2069"
    ('Acme', True)
    """
    turns = any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in text)
    return f"{ISOLATE}{text}{ISOLATE_ENDS}" if turns else text
