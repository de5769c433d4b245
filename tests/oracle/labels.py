"""The words of a row: lifecycle, churn reasons, source, quality flag (design §7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from .model import Thresholds
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


def is_judged(view: View) -> bool:
    """Whether the row says anything of churn.

    Design: "`is_churn_risk` is NULL, and the reasons empty, where a date of [D-6,D] is missing, or a usage record of
    the company (by its id after the trim) that landed for one of them is quarantined in that date's newest generation".
    """
    week = view.calendar(6, 0)
    return view.all_complete(6) and view.subject.quarantined.isdisjoint(week)


def churn_reasons(view: View, limits: Thresholds) -> list[str]:
    """The reasons, alphabetical: "each only where days_since_last_active is not NULL", none where not judged."""
    is_asked = is_judged(view) and view.days_since_last_active is not None
    return sorted(reasons(view, limits)) if is_asked else []


def reasons(view: View, limits: Thresholds) -> Iterator[str]:
    """The reasons that hold for a company that is judged and not gone."""
    is_low_use = view.users(6) <= limits.low_use_max_user_days
    if is_low_use and is_without_contact(view, limits):
        yield "LOW_USE_NO_CONTACT"
    if view.all_complete(13) and is_sharp_drop(view, limits):
        yield "SHARP_DROP"
    if view.active_days(7) == 0:
        yield "SILENT"


def is_without_contact(view: View, limits: Thresholds) -> bool:
    """Whether the CRM knows the company as of D, and of no contact within 30 days.

    Design: "(D − date(last_contact_at) > 30 days, or last_contact_at is NULL as of D and not backdated, for a
    company the CRM knows)".
    """
    if view.version is None:
        return False
    contact = view.version["last_contact_at"]
    return contact is None or (view.day - contact.date()).days > limits.no_contact_days


def is_sharp_drop(view: View, limits: Thresholds) -> bool:
    """Design: "Σu[D-6,D] < 0.3·Σu[D-13,D-7] with a base ≥ 10", in exact decimals."""
    base = view.users(13, 7)
    return base >= limits.sharp_drop_min_base and view.users(6) < limits.sharp_drop_ratio * base


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
