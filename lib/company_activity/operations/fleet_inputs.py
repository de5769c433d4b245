"""What cells that read other companies are computed from: the fleet of their dates, and the steps to a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from company_activity.dates import HORIZON_DAYS
from company_activity.runtime.compute import cached, uncache
from company_activity.transforms.activity import known_rows, within_reach
from company_activity.transforms.fleet import (
    figures_by_scope,
    fleet_figures,
    paces_by_scope,
    with_fleet,
)
from company_activity.transforms.risk import silence_odds
from company_activity.work.build_activity import MOST_SLICES, inputs_of

if TYPE_CHECKING:
    from company_activity.io.lake.delta import Lake
    from company_activity.settings.model import MetricSettings

Key = tuple[str, date]
Scope = tuple[date, str | None]


@dataclass(frozen=True)
class Scoped:
    """A scope of a date, a country or (None) all companies: how many have which pace, and were active on which date."""

    scope: str | None
    paces: tuple[tuple[int, int], ...]
    active_companies: Mapping[date, int]

    def as_json(self) -> dict[str, Any]:
        counts = {str(day): count for day, count in sorted(self.active_companies.items())}
        return {"scope": self.scope, "paces": self.paces, "active_companies": counts}


@dataclass(frozen=True)
class Basis:
    """The steps to a reason, of one row: its usual weeks, the quiet days, the odds of its silence.

    `odds` are the two products of the odds; None where nobody was ever active, or the company is gone. `scopes` are
    that of the row's country, if it has one, and that of all companies.
    """

    whole_weeks: int
    baseline_user_days: int
    quiet_days: tuple[date, ...]
    odds: tuple[int, int] | None
    scopes: tuple[Scoped, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "whole_weeks": self.whole_weeks,
            "baseline_user_days": self.baseline_user_days,
            "quiet_days": self.quiet_days,
            "odds": self.odds,
            "scopes": [scope.as_json() for scope in self.scopes],
        }


@dataclass
class _Scopes:
    """What was read of the scopes of the asked dates."""

    active: dict[Scope, dict[date, int]] = field(default_factory=dict)
    paces: dict[Scope, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def of(self, day: date, country: str | None) -> tuple[Scoped, ...]:
        """Those that a row looks at."""
        names = [None] if country is None else [country, None]
        return tuple(
            Scoped(name, tuple(sorted(self.paces[day, name])), self.active.get((day, name), {}))
            for name in names
        )


def read_bases(lake: Lake, metrics: MetricSettings, keys: Collection[Key]) -> dict[Key, Basis]:
    """The steps to a reason of each of these rows; the fleets of their dates are computed as a run computes them."""
    if not keys:
        return {}
    dates = sorted({day for _, day in keys})
    inputs = inputs_of(lake, lake.staging.complete, dates)
    rows = known_rows(within_reach(inputs), metrics, by_slices=len(dates) <= MOST_SLICES)
    known = cached(rows)
    try:
        limits = metrics.churn
        silent, usual = silence_odds(limits)
        asked = known.where(F.col("company_id").isin(sorted({name for name, _ in keys})))
        steps = asked.transform(with_fleet, fleet_figures(known, limits)).select(
            "company_id",
            "activity_date",
            "country",
            "whole_weeks",
            "baseline_user_days",
            "quiet_mask",
            "days_since_last_active",
            silent.alias("silent"),
            usual.alias("usual"),
        )
        scopes = _Scopes()
        for row in figures_by_scope(known, limits).collect():
            scopes.active[row["activity_date"], row["scope"]] = _by_day(row.asDict())
        for day, scope, pace, companies in paces_by_scope(known, limits).collect():
            scopes.paces[day, scope].append((pace, companies))
        found = {(row["company_id"], row["activity_date"]): row.asDict() for row in steps.collect()}
    finally:
        uncache(known)
    return {key: _basis(found[key], scopes, limits.gone_after_days) for key in keys if key in found}


def _by_day(row: Mapping[str, Any]) -> dict[date, int]:
    """The companies that were active on each complete date."""
    return {
        row["activity_date"] - timedelta(days=back): row["counts"][back]
        for back in range(HORIZON_DAYS)
        if row["complete_mask"] >> back & 1
    }


def _basis(row: Mapping[str, Any], scopes: _Scopes, gone_after_days: int) -> Basis:
    day = row["activity_date"]
    backs = [back for back in range(HORIZON_DAYS) if row["quiet_mask"] >> back & 1]
    idle = row["days_since_last_active"]
    has_odds = idle is not None and idle < gone_after_days
    odds = (int(row["silent"]), int(row["usual"])) if has_odds else None
    return Basis(
        row["whole_weeks"],
        row["baseline_user_days"],
        tuple(day - timedelta(days=back) for back in backs),
        odds,
        scopes.of(day, row["country"]),
    )
