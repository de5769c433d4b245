"""Estimates of a company's distinct users in 30 days, against the true number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.methods import key, rows_until
from evaluation.table import Tables
from evaluation.truth import CompanyDay

Estimates = Mapping[CompanyDay, float]


@dataclass(frozen=True)
class UserError:
    """The mean absolute error of an estimate and its bias, over so many company-days."""

    company_days: int
    mean_absolute: float
    bias: float


def score_users(tables: Tables, truth: Mapping[CompanyDay, int]) -> dict[str, UserError]:
    """Judge each estimate where the truth is known."""
    named = {**our_estimates(tables), **reference_estimates(tables)}
    return {name: error for name, estimates in named.items() if (error := error_of(estimates, truth))}


def error_of(estimates: Estimates, truth: Mapping[CompanyDay, int]) -> UserError | None:
    """The error of one estimate; None where nothing can be compared."""
    errors = [estimates[at] - users for at, users in truth.items() if at in estimates]
    if not errors:
        return None
    return UserError(len(errors), sum(map(abs, errors)) / len(errors), sum(errors) / len(errors))


def our_estimates(tables: Tables) -> dict[str, Estimates]:
    """Ours, the part of it that each method gives, and the lower bound in its place."""
    by_method: dict[str, dict[CompanyDay, float]] = {}
    for row in tables.activity:
        by_method.setdefault(f"  by {row['mau_method']}", {})[key(row)] = row["est_monthly_active_users"]
    whole = {at: users for estimates in by_method.values() for at, users in estimates.items()}
    lower = {key(row): float(row["mau_lower"]) for row in tables.activity}
    return {"ours": whole, **dict(sorted(by_method.items())), "our lower bound": lower}


def reference_estimates(tables: Tables) -> dict[str, Estimates]:
    """The reference's two formulas, by each company's newest row."""
    seen = rows_until(tables.usage, map(key, tables.activity))
    return {
        "reference: sum of 30 rows": {at: rows.month_sum for at, rows in seen.items()},
        "reference: 30 × average row": {at: rows.month_average for at, rows in seen.items()},
    }


def share_within_bounds(tables: Tables, truth: Mapping[CompanyDay, int]) -> float:
    """How often the true number lies within our bounds."""
    judged = [row for row in tables.activity if key(row) in truth]
    inside = [row for row in judged if row["mau_lower"] <= truth[key(row)] <= row["mau_upper"]]
    return len(inside) / max(1, len(judged))
