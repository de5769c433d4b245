"""What came from outside, as a terminal or a log may show it: it moves no cursor, ends no line, and turns nothing."""

from __future__ import annotations

import sys
import traceback
import unicodedata

from company_activity.io.secrets.in_urls import without_secrets_in

JOINERS = "\u200c\u200d"  # without them an emoji falls apart, and Persian is misspelt
# Control, format (direction, zero width, tags), halves of a character, ends of lines.
UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def visible(text: str) -> str:
    """The text on one line, each character that nobody sees written as Python would write it.

    >>> print(visible("Acme\\r\\n\\x1b[2J\\u202eevil"))
    Acme\\r\\n\\x1b[2J\\u202eevil
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character in JOINERS or unicodedata.category(character) not in UNSEEN:
        return character
    return character.encode("unicode_escape").decode("ascii")


def escape(text: str) -> str:
    """The same for a line in which rich reads its markup."""
    from rich import markup

    return markup.escape(visible(text))


def print_traceback(error: BaseException) -> None:
    """Its traceback on standard error, without the secrets of the addresses that a client's error may quote."""
    told = "".join(traceback.format_exception(error))
    print(without_secrets_in(told), file=sys.stderr, end="")
