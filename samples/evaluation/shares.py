"""Shares and numbers: as they follow from counts, and as they are shown."""

from __future__ import annotations


def ratio(part: float, whole: float) -> float | None:
    """A share; None of nothing."""
    return part / whole if whole else None


def percent(share: float | None) -> str:
    """A share for the eye."""
    return "–" if share is None else f"{100 * share:.0f} %"


def number(value: float | None) -> str:
    """A number for the eye."""
    return "–" if value is None else f"{value:.1f}"
