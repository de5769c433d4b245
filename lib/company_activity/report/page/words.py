"""How the page says things: steps, dates, churn reasons, lifecycle states."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from company_activity.report.model import ChurnRisk

# Where each step takes the data from, and where to.
PATH = {
    "admit_crm": ("CRM files", "admitted"),
    "ingest_usage": ("Usage API", "landing"),
    "stage_crm": ("CRM files", "staging"),
    "stage_usage": ("Landing", "staging"),
    "build_companies": ("Staging", "company dimension"),
    "build_activity": ("Staging", "activity table"),
    "register_tables": ("Lake", "catalog"),
    "publish": ("Lake", "SQL warehouse"),
    "validate": ("SQL warehouse", "lake, compared"),
}
# Lifecycle states from the bottom of the chart up, their colour, and what they mean.
STATES = {
    "returning": ("#a9c6e4", "active in the last 7 days and in the 7 before"),
    "new": ("#4f9a6a", "first active in the last 7 days"),
    "resurrected": ("#7d58a8", "active again after a silent week"),
    "dormant": ("#d98a2b", "silent for 7 days, active in the 7 before"),
    "inactive": ("#c6ced7", "silent for 14 days or more"),
    "unknown": ("#eef1f4", "unknown: a date is missing"),
}
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # embeddings, overrides and isolates of direction
# The letter case of a reason in the data is for queries; these are for people.
REASONS = {
    "SILENT": ("Silent", "no active user in the last 7 days"),
    "SHARP_DROP": ("Sharp drop", "the last 7 days are far below the 7 before"),
    "LOW_USE_NO_CONTACT": (
        "Low use, no contact",
        "hardly any use in 7 days, and not contacted for a long time",
    ),
}


def printable(value: Any) -> Any:
    """Text without the characters that a page cannot hold or that reverse its direction.

    >>> printable("Acme\\x00\\nCorp")
    'Acme· Corp'
    """
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "".join(_printable_character(character) for character in value)


def _printable_character(character: str) -> str:
    if character in "\n\r\t":
        return " "
    is_control = unicodedata.category(character) in ("Cc", "Cs")
    return "·" if is_control or character in TURNING else character


def cut(text: str, characters: int) -> str:
    """The beginning of a text that may be of any length.

    >>> cut("hello world", 5)
    'hello…'
    """
    return text if len(text) <= characters else f"{text[:characters]}…"


def day(at: date) -> str:
    """
    >>> day(date(2025, 11, 3))
    '3 Nov'
    """
    return f"{at.day} {at:%b}"


def day_and_year(at: date) -> str:
    """
    >>> day_and_year(date(2025, 11, 3))
    '3 November 2025'
    """
    return f"{at.day} {at:%B %Y}"


def label(name: str) -> str:
    """A step's or a count's name for people.

    >>> label("stage_crm"), label("dates_built")
    ('stage CRM', 'dates built')
    """
    return " ".join({"crm": "CRM", "api": "API"}.get(word, word) for word in name.split("_"))


def heading(name: str) -> str:
    """A step's name at the beginning of a line.

    >>> heading("stage_crm")
    'Stage CRM'
    """
    return label(name)[:1].upper() + label(name)[1:]


def reason_with_figures(reason: str, risk: ChurnRisk, on: date) -> str:
    """Why this company is at risk, with its own figures."""
    week = _user_days(risk.days[-7:])
    before = _user_days(risk.days[-14:-7])
    if reason == "SILENT" and risk.last_active:
        return f"no active user for {(on - risk.last_active).days} days"
    if reason == "SHARP_DROP":
        return f"{week:,} user-days in the last 7 days, {before:,} in the 7 before"
    if reason == "LOW_USE_NO_CONTACT":
        return f"{week:,} user-days in 7 days, {_contact(risk.last_contact, on)}"
    return definition(reason)


def _user_days(days: Sequence[int | None]) -> int:
    return sum(users or 0 for users in days)


def reason_name(reason: str) -> str:
    """
    >>> reason_name("SHARP_DROP")
    'Sharp drop'
    """
    return REASONS.get(reason, (label(reason.lower()).capitalize(), ""))[0]


def definition(reason: str) -> str:
    """What a reason means, for whoever does not know it yet."""
    return REASONS.get(reason, ("", reason))[1]


def _contact(last: date | None, on: date) -> str:
    return f"last contact {(on - last).days} days ago" if last else "no contact on record"
