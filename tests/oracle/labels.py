"""The words of a row: lifecycle, source, quality flag (design §7)."""

from __future__ import annotations

from datetime import timedelta

from .view import UNKNOWN, View


def lifecycle_state(view: View) -> str | None:
    """Design: "A = active in [D-6,D], P = active in [D-13,D-7]"."""
    is_active, was_active = view.users(6) > 0, view.users(13, 7) > 0
    if is_open(view, is_active, was_active):
        return None
    return active_state(view, was_active) if is_active else silent_state(was_active)


def is_open(view: View, is_active: bool, was_active: bool) -> bool:
    """Whether a missing date leaves the state open.

    Design: "NULL when not A and a date in [D-6,D] from first_seen_date on is missing, or when not P and one in
    [D-13,D-7] from first_seen_date on is".
    """
    return (not is_active and view.misses(6)) or (not was_active and view.misses(13, 7))


def active_state(view: View, was_active: bool) -> str:
    """Design: "`new` (A and first_active_date ≥ D-6), `returning` (A, P), `resurrected` (A, not P, not new)"."""
    first_active = view.subject.first_active
    assert first_active is not None
    if first_active >= view.day - timedelta(days=6):
        return "new"
    return "returning" if was_active else "resurrected"


def silent_state(was_active: bool) -> str:
    """Design: "`dormant` (not A, P), `inactive`"."""
    return "dormant" if was_active else "inactive"


def source(view: View) -> str:
    """Where the row's facts come from.

    "`product_api` (no CRM snapshot up to D + 60 days knows the company), else `merged` (an accepted usage
    record that day), else `crm_csv`".
    """
    if not view.is_known:
        return "product_api"
    return "merged" if view.day in view.subject.users else "crm_csv"


def data_quality_flag(view: View) -> str:
    """Design: "the first that holds"."""
    flags = {
        "WINDOW_INCOMPLETE": view.misses(29),
        "UNKNOWN_COMPANY": view.attributes.name == UNKNOWN,
        "ATTRIBUTES_BACKDATED": view.is_backdated,
        "QUARANTINED_RECORDS": view.day in view.subject.quarantined,
        "CONFLICTING_DUPLICATES": view.day in view.subject.conflicting,
        "WARMUP": len(view.observed(30)) < 30,
        "OK": True,
    }
    return next(flag for flag, holds in flags.items() if holds)
