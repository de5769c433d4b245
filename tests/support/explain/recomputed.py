"""A row computed again in plain Python, from nothing but what `explain --json` prints of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from oracle.activity import activity_row
from oracle.model import Row, Thresholds
from oracle.view import Subject, View

Json = Mapping[str, Any]


def recomputed(explained: Json) -> Row:
    """The oracle's row from the inputs that an explanation lists. Of its columns only those that are explained count."""
    complete = {date.fromisoformat(day["date"]) for day in explained["window"] if day["state"] == "complete"}
    on = date.fromisoformat(explained["date"])
    # That its own date is complete is known of every row.
    return activity_row(View(subject_of(explained), on, frozenset(complete | {on})), limits_of(explained["constants"]))


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
        **{name: crm[name] for name in ("name", "country", "industry_tag")},
        "last_contact_at": None if contact is None else datetime.fromisoformat(contact),
        "valid_from": date.fromisoformat(crm["valid_from"]),
        "valid_to": day_of(crm["valid_to"]),
    }


def day_of(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def limits_of(constants: Json) -> Thresholds:
    """The constants, as the oracle names them."""
    engagement, churn = constants["engagement"], constants["churn"]
    return Thresholds(
        metric_version=constants["metric_version"],
        **{name: Decimal(str(engagement[name])) for name in engagement if name.startswith("weight_")},
        frequency_min_days=engagement["min_days"],
        recency_scale_days=Decimal(str(engagement["recency_days"])),
        breadth_scale_users=Decimal(str(engagement["breadth_users"])),
        depth_scale_density=Decimal(str(engagement["depth_events"])),
        low_use_max_user_days=churn["low_use_user_days"],
        no_contact_days=churn["no_contact_days"],
        sharp_drop_ratio=Decimal(churn["sharp_drop_percent"]) / 100,
        sharp_drop_min_base=churn["sharp_drop_min_base"],
    )
