"""`analytics.company_activity_daily` without run_id, created_at and updated_at (design §7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import labels, metrics
from .fleet import Others, build_fleet
from .model import Row, Thresholds
from .usage import Record, UsageDay
from .view import Subject, View
from .whom_to_call import risk_columns


def build_activity(
    days: Iterable[UsageDay], companies: Iterable[Row], history: Iterable[Row], limits: Thresholds
) -> list[Row]:
    """One row per company and day.

    "For each **complete** date D, every company with first_seen_date ≤ D; a missing date has no rows."
    """
    rows: list[Row] = []
    for views in views_by_day(days, companies, history):
        fleet = build_fleet(views, limits)
        rows += [activity_row(view, fleet[view.attributes.country], limits) for view in views]
    return rows


def views_by_day(days: Iterable[UsageDay], companies: Iterable[Row], history: Iterable[Row]) -> Iterator[list[View]]:
    """Of each complete date the companies that have a row on it."""
    days = list(days)
    complete = frozenset(day.date for day in days)
    subjects = build_subjects(days, companies, history)
    for day in sorted(complete):
        yield [View(subject, day, complete) for subject in subjects if subject.first_seen <= day]


def activity_row(view: View, others: Others, limits: Thresholds) -> Row:
    """One row, in the order of the design's table; `others` is what it reads of other companies."""
    return {
        "company_id": view.subject.company_id,
        "activity_date": view.day,
        **attribute_columns(view),
        **sum_columns(view),
        "activity_consistency_30d": metrics.consistency([view.u(day) for day in view.observed(30)]),
        "active_users_dod_pct": metrics.dod_pct(view),
        "active_users_wow_pct": metrics.wow_pct(view),
        "active_users_mom_pct": metrics.mom_pct(view),
        "usage_density": metrics.usage_density(view),
        "lifecycle_state": labels.lifecycle_state(view),
        **monthly_columns(view),
        **engagement_columns(view, limits),
        **risk_columns(view, others, limits),
        "source": labels.source(view),
        "data_quality_flag": labels.data_quality_flag(view),
        "days_observed_7d": len(view.defined(6)),
        "days_observed_30d": len(view.defined(29)),
        "metric_version": limits.metric_version,
    }


def attribute_columns(view: View) -> Row:
    """Design: "country, industry_tag, last_contact_at as of D, NULL stays NULL"."""
    attributes = view.attributes
    return {
        "company_name": attributes.name,
        "country": attributes.country,
        "industry_tag": attributes.industry_tag,
        "last_contact_at": attributes.last_contact_at,
        **attributes.optional._asdict(),
    }


def sum_columns(view: View) -> Row:
    """Sums and counts over calendar days."""
    return {
        "active_users": view.users(0),
        "events": view.events(0),
        "rolling_7d_active_users": view.users(6),
        "rolling_30d_events": view.events(29),
        "active_days_7d": view.active_days(7),
        "active_days_28d": view.active_days(28),
        "days_since_last_active": view.days_since_last_active,
    }


def monthly_columns(view: View) -> Row:
    """Bounds, estimate and method; design: "mau_lower/seats and mau_upper/seats (NULL without seats or with 0)"."""
    monthly = metrics.monthly_users(view)
    seats = view.attributes.optional.seats
    return {
        "mau_lower": monthly.lower,
        "mau_upper": monthly.upper,
        "est_monthly_active_users": monthly.estimate,
        "mau_method": monthly.method,
        "seat_utilisation_lower": monthly.lower / seats if seats else None,
        "seat_utilisation_upper": monthly.upper / seats if seats else None,
    }


def engagement_columns(view: View, limits: Thresholds) -> Row:
    """The score and its components."""
    engagement = metrics.engagement(view, limits)
    return {
        "engagement_score": engagement.score,
        "engagement_frequency": engagement.frequency,
        "engagement_recency": engagement.recency,
        "engagement_breadth": engagement.breadth,
        "engagement_depth": engagement.depth,
    }


def build_subjects(days: Iterable[UsageDay], companies: Iterable[Row], history: Iterable[Row]) -> list[Subject]:
    """The companies of the dimension, each with its usage, versions and flagged dates."""
    days, history = list(days), list(history)
    return [build_subject(company, days, history) for company in companies]


def build_subject(company: Row, days: list[UsageDay], history: list[Row]) -> Subject:
    """Design: "Let u_t, e_t be the day's sums"; `largest` holds the "active_users of a single record"."""
    company_id = company["company_id"]
    records = {day.date: [row for row in day.accepted if row.company_id == company_id] for day in days}
    records = {day: rows for day, rows in records.items() if rows}
    return Subject(
        company_id=company_id,
        first_seen=company["first_seen_date"],
        first_active=company["first_active_date"],
        users={day: sum(users(rows)) for day, rows in records.items()},
        events={day: sum(row.events for row in rows) for day, rows in records.items()},
        largest={day: max(users(rows)) for day, rows in records.items()},
        versions=tuple(row for row in history if row["company_id"] == company_id),
        quarantined=frozenset(day.date for day in days if names(day, company_id)),
        conflicting=frozenset(day.date for day in days if company_id in day.conflicting),
    )


def users(rows: list[Record]) -> list[int]:
    """The active users of each record."""
    return [row.active_users for row in rows]


def names(day: UsageDay, company_id: str) -> bool:
    """Design: "a usage record landed for D […] whose company_id is this one" is in quarantine."""
    return any(refused.company_id == company_id for refused in day.quarantined)
