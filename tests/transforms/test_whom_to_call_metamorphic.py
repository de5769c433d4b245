"""Whom to call, when everybody's week shrinks alike, and when companies have other names."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from support.lake.build import activity, by_key, days

pytestmark = pytest.mark.spark

LAST = date(2025, 3, 30)
COMPLETE = days(LAST - timedelta(days=59), LAST)
WEEK = frozenset(COMPLETE[-7:])
COMPANIES = 24  # of a country, so that it has a pace of its own
BASES = ("1", "2", "3", "4", "5")
PACES = {"1": 0.46, "2": 0.5, "3": 0.65, "4": 0.85, "5": 0.95}  # about how this week goes for a country, before
TENTHS = range(3, 10)
SHRUNK = [(base, tenths) for base in BASES for tenths in TENTHS]
JUDGED = ("is_churn_risk", "churn_reasons", "usual_user_days_7d", "fleet_pace", "missing_user_days_7d")
Row = dict[str, Any]
Counts = dict[str, dict[date, int]]  # users, by company and date


def counts_of(base: str) -> Counts:
    """A country's companies, all counts multiples of ten: some fell to half of the others' pace, some to more or less."""
    rng = Random(base)
    found: Counts = {}
    for number in range(COMPANIES):
        usual = rng.randint(1, 12)
        own = PACES[base] * rng.choice((0.3, 0.45, 0.5, 0.55, 0.8, 1, 1, 1, 1.2, 1.5))
        found[f"{number:02}"] = {
            day: 10 * round(usual * (own if day in WEEK else 1) * rng.uniform(0.8, 1.2))
            for day in COMPLETE
            if rng.random() < 0.9
        }
    return found


def shrunk(counts: Counts, tenths: int) -> Counts:
    """The same, but for this week, of which a few tenths are left."""
    return {
        name: {day: users * tenths // 10 if day in WEEK else users for day, users in of_days.items()}
        for name, of_days in counts.items()
    }


def renamed(name: str) -> str:
    """Another name, which comes in another order."""
    return f"{(int(name) * 7 + 5) % COMPANIES:02}"


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> dict[str, dict[str, Row]]:
    """The rows of the last date by country and company: each base, the same renamed, and the same week shrunk."""
    countries: dict[str, Counts] = {}
    for base in BASES:
        counts = counts_of(base)
        countries[base] = counts
        countries[f"{base} renamed"] = {renamed(name): of_days for name, of_days in counts.items()}
        countries |= {f"{base} to {tenths}": shrunk(counts, tenths) for tenths in TENTHS}
    usage = [
        (f"{country}/{name}", day, users, users)
        for country, counts in countries.items()
        for name, of_days in counts.items()
        for day, users in of_days.items()
    ]
    snapshots = [
        {"company_id": f"{country}/{name}", "name": name, "country": country, "file_date": COMPLETE[0]}
        for country, counts in countries.items()
        for name in counts
    ]
    found: dict[str, dict[str, Row]] = {country: {} for country in countries}
    table = activity(spark, COMPLETE, usage, snapshots, by_slices=True, dates=[LAST])
    for (company_id, _), row in by_key(table).items():
        country, name = company_id.split("/")
        found[country][name] = row
    return found


def week_and_expected(row: Row) -> tuple[int, float]:
    """The user-days of the week, and those to be expected: the usual ones at the fleet's pace."""
    return row["rolling_7d_active_users"], row["usual_user_days_7d"] * row["fleet_pace"] / 1000


@pytest.mark.parametrize(("base", "tenths"), SHRUNK)
def test_a_week_that_shrinks_for_all_accuses_nobody(rows: dict[str, dict[str, Row]], base: str, tenths: int) -> None:
    before, after = rows[base], rows[f"{base} to {tenths}"]
    assert {row["fleet_pace"] for row in before.values()} <= set(range(250, 1000))
    kept_up = 0
    for name, row in before.items():
        week, expected = week_and_expected(row)
        assert after[name]["rolling_7d_active_users"] * 10 == week * tenths
        if week >= 0.502 * expected:
            kept_up += 1
            assert "DECLINING" not in after[name]["churn_reasons"], (name, row, after[name])
    assert 0 < kept_up < COMPANIES


def test_those_who_fell_behind_are_still_named(rows: dict[str, dict[str, Row]]) -> None:
    for base in BASES:
        named = [row for row in rows[f"{base} to 9"].values() if "DECLINING" in row["churn_reasons"]]
        assert 0 < len(named) < COMPANIES


@pytest.mark.parametrize("base", BASES)
def test_other_names_change_nothing(rows: dict[str, dict[str, Row]], base: str) -> None:
    for name, row in rows[base].items():
        other = rows[f"{base} renamed"][renamed(name)]
        assert [other[column] for column in JUDGED] == [row[column] for column in JUDGED]
