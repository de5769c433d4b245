"""The numbers of an activity row, each worked by hand."""

from __future__ import annotations

import math
from datetime import date

import pytest

from .hand import JAN_1, MISSING, item, landed, last_row, only, row_on, snapshot, usage
from .world import build

MON, TUE, SAT = JAN_1, date(2024, 1, 2), date(2024, 1, 6)


def test_sums_run_over_calendar_days_and_a_missing_day_is_not_zero() -> None:
    row = last_row([1, 2, 3, MISSING, None, 0, 4, 5], events=10)  # 8 January reads 2–8 January
    assert row == row | {
        "company_id": "a",
        "activity_date": date(2024, 1, 8),
        "active_users": 5,
        "events": 10,
        "rolling_7d_active_users": 2 + 3 + 0 + 4 + 5,
        "rolling_30d_events": 60,
        "active_days_7d": 4,
        "active_days_28d": 5,
        "days_since_last_active": 0,
        "active_users_dod_pct": 0.25,  # 5 / 4
        "active_users_wow_pct": 4.0,  # 5 / 1
        "active_users_mom_pct": None,
        "usage_density": 2.0,
        "mau_lower": 5,
        "mau_upper": 15,
        "days_observed_7d": 6,
        "days_observed_30d": 7,
        "metric_version": "2",
    }


def test_a_window_ends_after_7_28_and_30_days() -> None:
    spike_on_day_0 = [[9] + [None] * later for later in (6, 7, 27, 28, 29, 30)]
    rows = [last_row(users, events=5) for users in spike_on_day_0]
    assert [row["rolling_7d_active_users"] for row in rows] == [9, 0, 0, 0, 0, 0]
    assert [row["active_days_28d"] for row in rows] == [1, 1, 1, 0, 0, 0]
    assert [row["days_observed_30d"] for row in rows] == [7, 8, 28, 29, 30, 30]
    assert [row["rolling_30d_events"] for row in rows] == [5, 5, 5, 5, 5, 0]
    assert [row["mau_lower"] for row in rows] == [row["mau_upper"] for row in rows] == [9, 9, 9, 9, 9, 0]


def test_a_silent_company_has_rows_and_a_missing_date_or_an_early_one_has_none() -> None:
    world = build([landed(JAN_1), *usage([4, MISSING, None], start=TUE)], [])
    assert [(row["activity_date"].day, row["active_users"]) for row in world.activity] == [(2, 4), (4, 0)]


def test_days_since_last_active_counts_to_59() -> None:
    assert last_row([1] + [None] * 59)["days_since_last_active"] == 59
    assert last_row([1] + [None] * 60)["days_since_last_active"] is None


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ([5], None),  # n30 = 1
        ([1, 3], math.sqrt(2) / 2),  # mean 2, stdev √2
        ([2, MISSING, 2], 0.0),
        ([0, 0, 0], None),  # mean 0
        ([3, None, None], math.sqrt(3)),  # mean 1, stdev √((4 + 1 + 1) / 2)
        ([9] + [4] * 30, 0.0),  # the 9 is 31 days old
    ],
)
def test_consistency_is_the_coefficient_of_variation(users: list[int | None], expected: float | None) -> None:
    assert last_row(users)["activity_consistency_30d"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("users", "dod", "wow"),
    [
        ([0, 7], None, None),  # base 0, no date D-7
        ([MISSING, 7], None, None),
        ([4, 0, 0, 0, 0, 0, 8, 2], -0.75, -0.5),
        ([3, 4, 5, 5, 5, 5, 5, 8, 2], -0.75, -0.5),
        ([MISSING, 4, MISSING, 0, 0, 0, MISSING, 8, 2], -0.75, -0.5),
        ([4, 0, 0, 0, 0, 0, MISSING, 2], None, -0.5),
        ([MISSING, 0, 0, 0, 0, 0, 2, None], -1.0, None),
    ],
)
def test_changes_need_two_defined_days_and_a_base(users: list[int | None], dod: float, wow: float) -> None:
    row = last_row(users)
    assert (row["active_users_dod_pct"], row["active_users_wow_pct"]) == (dod, wow)


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ([1] * 30 + [3] * 30, 2.0),  # 90 / 30
        ([9] + [1] * 30 + [3] * 30, 2.0),  # the 9 is day D-60
        ([1] * 30 + [3] * 29, None),  # 59 dates
        ([None] + [1] * 29 + [3] * 30, None),  # first seen on D-58
        ([1] * 30 + [MISSING] + [3] * 29, None),
        ([0] * 30 + [3] * 30, None),  # base 0
    ],
)
def test_month_over_month_needs_60_complete_dates(users: list[int | None], expected: float | None) -> None:
    assert last_row(users)["active_users_mom_pct"] == expected


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ([1, 2], (2, 3, 2, "binomial_moment")),  # S 3, Q 5, V 1, T 3: p = 2/3, 3/(4/3)·(1 − 1/9) = 2
        ([4, 5, 6], (6, 15, 6, "binomial_moment")),  # V 6, T 30: p = 0.8, 15/2.4·0.992 = 6.2
        ([1, 2, 3], (3, 6, 4, "binomial_moment")),  # V 6, T 12: p = 0.5, 6/1.5·0.875 = 3.5, half up
        ([7, 7, 7], (7, 21, 7, "binomial_moment")),  # p = 1
        ([None, None, None, 4, 5], (5, 9, 5, "binomial_moment")),  # Thursday and Friday: (S + V)/2
        ([9] + [4] * 30, (4, 120, 4, "binomial_moment")),  # the 9 is 31 days old
        ([1, 9], (9, 10, 9, "geometric_mean")),  # V 64 ≥ T 10: √90 = 9.49
        ([2, 0], (2, 2, 2, "geometric_mean")),  # V 4 ≥ T 2
        ([1, 0], (1, 1, 1, "geometric_mean")),  # V = T
        ([5], (5, 5, 5, "geometric_mean")),  # w = 1
        ([0, 0], (0, 0, 0, "geometric_mean")),  # S = 0
        ([4, MISSING, 5], (5, 9, 5, "binomial_moment")),  # w 2, V 1, T 9: p = 8/9, 9/(16/9)·(80/81) = 5
    ],
)
def test_monthly_users_over_workdays(users: list[int | None], expected: tuple[int, int, int, str]) -> None:
    columns = ("mau_lower", "mau_upper", "est_monthly_active_users", "mau_method")
    assert tuple(only(last_row(users), *columns).values()) == expected


def test_monthly_users_know_the_largest_record_and_leave_weekends_to_the_bounds() -> None:
    weekend = landed(SAT, item(SAT, 8), item(SAT, 30, time="10:00"))
    row = row_on(build([*usage([4, 4]), weekend], []), SAT)
    assert only(row, "mau_lower", "mau_upper", "est_monthly_active_users") == {
        "mau_lower": 30,
        "mau_upper": 46,
        "est_monthly_active_users": 30,  # 4 by the workdays, clamped
    }


def test_workdays_count_from_the_first_seen_date_on_zeros_included() -> None:
    columns = ("est_monthly_active_users", "mau_method")
    seen_on_tuesday, seen_on_monday = last_row([None, 3, 3]), last_row([None, 3, 3], snapshot(MON))
    assert tuple(only(seen_on_tuesday, *columns).values()) == (3, "binomial_moment")  # V 0: p = 1
    assert tuple(only(seen_on_monday, *columns).values()) == (4, "geometric_mean")  # V 18 ≥ T 12: √18 = 4.24


@pytest.mark.parametrize(
    ("users", "frequency", "recency", "breadth", "depth", "score"),
    [
        # 1/14; exp 0; 1 − 1/e; 1 − exp(−20/20): 100·(0.02857 + 0.2 + 2·0.12642)
        ([10], 0.0714286, 1.0, 0.6321206, 0.6321206, 48.14),
        # 1/14; exp(−7/14); no users in 7 days; 20 events per user: 100·(0.02857 + 0.12131 + 0 + 0.12642)
        ([10] + [None] * 7, 0.0714286, 0.6065307, 0.0, 0.6321206, 27.63),
        ([0], 0.0, 0.0, 0.0, 0.0, 0.0),
        # 27/28; exp 0; 60 user-days over 7 dates; 20 events per user: 100·(0.38571 + 0.2 + 0.12642 + 0.12642)
        ([10] * 27 + [None] + [10], 27 / 28, 1.0, 1 - math.exp(-6 / 7), 0.6321206, 82.73),
        # 1/28; exp 0; 10 user-days over 7 dates; 20 events per user: 100·(0.01429 + 0.2 + 0.02662 + 0.12642)
        ([50] + [None] * 29 + [10], 1 / 28, 1.0, 0.1331221, 0.6321206, 36.73),
    ],
)
def test_engagement(
    users: list[int | None], frequency: float, recency: float, breadth: float, depth: float, score: float
) -> None:
    row = last_row(users, events=200)
    parts = [row[f"engagement_{name}"] for name in ("frequency", "recency", "breadth", "depth")]
    assert parts == pytest.approx([frequency, recency, breadth, depth], abs=5e-8)
    assert row["engagement_score"] == score
