"""What the oracle reads: landed dates, CRM snapshots, and the constants of design §7."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """One item of the usage API at its place; `text` is its JSON exactly as sent."""

    page: int
    item: int
    text: str


@dataclass(frozen=True)
class LandedDate:
    """One generation of a landed date; `items` None says that this generation is `missing`.

    "**complete** date = its newest generation is not `missing` (the API was paged to its end)."
    """

    date: date
    generation: int
    items: tuple[Item, ...] | None


@dataclass(frozen=True)
class CrmRow:
    """One parsed CSV row: fields as text, None where the row has none."""

    line: int
    company_id: str | None
    name: str | None = None
    country: str | None = None
    industry_tag: str | None = None
    last_contact_at: str | None = None
    owner: str | None = None
    segment: str | None = None
    seats: str | None = None
    contract_value: str | None = None
    renewal_on: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """One accepted CRM file. "A path has one content"."""

    file_date: date
    path: str
    rows: tuple[CrmRow, ...]


@dataclass(frozen=True)
class Thresholds:
    """The numbers of design §7 that "stand in `conf/metrics.yaml` under a `metric_version`"."""

    metric_version: str = "2"
    weight_frequency: Decimal = Decimal("0.4")
    weight_recency: Decimal = Decimal("0.2")
    weight_breadth: Decimal = Decimal("0.2")
    weight_depth: Decimal = Decimal("0.2")
    frequency_min_days: int = 14
    recency_scale_days: Decimal = Decimal(14)
    breadth_scale_users: Decimal = Decimal(10)
    depth_scale_density: Decimal = Decimal(20)
    usual_least_weeks: int = 4
    gone_after_days: int = 28
    declining_percent: int = 50
    declining_sigmas: int = 3
    silence_odds_per_mille: int = 1
    silence_min_days: int = 2
    quiet_percent: int = 75
    quiet_least_weeks: int = 4
    quiet_days_of_silent: int = 2
    fleet_least: int = 20
    fleet_max_pace: int = 1000
    fleet_cap: int = 5000
    fleet_min_weekly: int = 10
    low_use_max_user_days: int = 3
    no_contact_days: int = 30
