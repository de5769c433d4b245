"""Texts that a spreadsheet would take for a formula: made harmless in a CSV file, and brought back."""

from __future__ import annotations

import re

MARK = "'"  # what spreadsheets put before a cell that is text
# = + - @ and their full-width forms, behind blanks and marks that are not seen; tab, CR and LF at once. One that has
# a mark already gets another, or its own would be taken off.
BEGINS = r"[\t\r\n]|[\s\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]"
FORMULA = re.compile(rf"{MARK}*(?:{BEGINS})")
GUARDED = re.compile(rf"{MARK}+(?:{BEGINS})")


def guarded(text: str) -> str:
    """The text, with a mark before it where a spreadsheet would take it for a formula.

    >>> guarded("=1+1"), guarded("+49 30"), guarded("Müller-Lüdenscheidt"), guarded("'s-Hertogenbosch")
    ("'=1+1", "'+49 30", 'Müller-Lüdenscheidt', "'s-Hertogenbosch")
    """
    return MARK + text if FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given.

    >>> [unguarded(guarded(text)) for text in ("=1", "'=1", "'s-Hertogenbosch", "")]
    ['=1', "'=1", "'s-Hertogenbosch", '']
    """
    return text[1:] if GUARDED.match(text) else text
