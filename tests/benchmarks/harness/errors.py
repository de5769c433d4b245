"""Why a row has no figure."""

from __future__ import annotations


class Broken(Exception):
    """Something that was to be measured failed."""


class OtherAnswer(Broken):
    """Two sides that were to be compared do not give the same answer: no time is printed."""


class NotHere(Exception):
    """This machine lacks what the row needs; the message says what, and how to get it."""
