"""A row computed again in plain Python, from nothing but what `explain --json` prints of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from oracle.activity import activity_row
from oracle.fleet import NORMAL_PACE, Others, is_quiet, lower_median
from oracle.model import Row, Thresholds
from oracle.view import Subject, View

Json = Mapping[str, Any]


def recomputed(explained: Json) -> Row:
    """The oracle's row from the inputs that an explanation lists. Of its columns only those that are explained count."""
    complete = {date.fromisoformat(day["date"]) for day in explained["window"] if day["state"] == "complete"}
    on = date.fromisoformat(explained["date"])
    limits = limits_of(explained["constants"])
    # That its own date is complete is known of every row.
    view = View(subject_of(explained), on, frozenset(complete | {on}))
    return activity_row(view, others_of(explained["basis"], view, limits), limits)


def others_of(basis: Json | None, view: View, limits: Thresholds) -> Others:
    """The fleet from the paces and the active companies that are listed of its scopes; all companies are the last one."""
    if basis is None:
        return Others(None, frozenset())
    scopes = basis["scopes"]
    paces = [[pace for pace, companies in scope["paces"] for _ in range(companies)] for scope in scopes]
    enough = [those for those in paces if len(those) >= limits.fleet_least]
    pace = min(lower_median(enough[0]), limits.fleet_max_pace) if enough else NORMAL_PACE
    active = [{date.fromisoformat(day): count for day, count in scope["active_companies"].items()} for scope in scopes]
    large = [those for those in active if max(those.values(), default=0) >= limits.fleet_least]
    numbers = (large or active[-1:])[0]
    quiet = frozenset(day for day in numbers if is_quiet(day, numbers, limits))
    assert {str(day) for day in quiet if (view.day - day).days < 32} == set(basis["quiet_days"])
    is_whole_week = all(day in active[-1] for day in view.calendar(6, 0))
    return Others(pace if is_whole_week else None, quiet)


def subject_of(explained: Json) -> Subject:
    """The company, with what the window lists of it; the sums are those of the records."""
    company, window = explained["company"], explained["window"]
    records = {day["date"]: day["records"] for day in window if day["records"]}
    return Subject(
        company_id=company["company_id"],
        first_seen=date.fromisoformat(company["first_seen_date"]),
        first_active=day_of(company["first_active_date"]),
        users=by_day(records, "active_users", sum),
        events=by_day(records, "events", sum),
        largest=by_day(records, "active_users", max),
        versions=() if explained["crm"] is None else (version_of(explained["crm"]),),
        quarantined=frozenset(date.fromisoformat(day["date"]) for day in window if day["refused"]),
        conflicting=frozenset(
            date.fromisoformat(day["date"]) for day in window if any(one["has_conflict"] for one in day["records"])
        ),
    )


def by_day(records: Mapping[str, Iterable[Json]], name: str, reduce: Any) -> dict[date, int]:
    return {date.fromisoformat(day): reduce(record[name] for record in several) for day, several in records.items()}


def version_of(crm: Json) -> Row:
    contact = crm["last_contact_at"]
    return {
        **{name: crm[name] for name in ("name", "country", "industry_tag", "owner", "segment", "seats")},
        "contract_value": None if crm["contract_value"] is None else Decimal(crm["contract_value"]),
        "renewal_on": day_of(crm["renewal_on"]),
        "last_contact_at": None if contact is None else datetime.fromisoformat(contact),
        "valid_from": date.fromisoformat(crm["valid_from"]),
        "valid_to": day_of(crm["valid_to"]),
    }


def day_of(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def limits_of(constants: Json) -> Thresholds:
    """The constants, as the oracle names them."""
    engagement, churn, contact = (constants[name] for name in ("engagement", "churn", "contact"))
    return Thresholds(
        metric_version=constants["metric_version"],
        weight_frequency=Decimal(str(engagement["weight_frequency"])),
        weight_recency=Decimal(str(engagement["weight_recency"])),
        weight_breadth=Decimal(str(engagement["weight_breadth"])),
        weight_depth=Decimal(str(engagement["weight_depth"])),
        frequency_min_days=engagement["min_days"],
        recency_scale_days=Decimal(str(engagement["recency_days"])),
        breadth_scale_users=Decimal(str(engagement["breadth_users"])),
        depth_scale_density=Decimal(str(engagement["depth_events"])),
        usual_least_weeks=churn["least_weeks"],
        gone_after_days=churn["gone_after_days"],
        declining_percent=churn["declining_percent"],
        declining_sigmas=churn["declining_deviations"],
        silence_odds_per_mille=churn["silence_per_mille"],
        silence_min_days=churn["silence_min_days"],
        quiet_percent=churn["quiet_percent"],
        quiet_days_of_silent=churn["most_quiet_days"],
        quiet_least_weeks=churn["least_weeks"],
        fleet_least=churn["fleet_companies"],
        fleet_min_weekly=churn["fleet_user_days"],
        low_use_max_user_days=contact["low_use_user_days"],
        no_contact_days=contact["no_contact_days"],
    )
