"""The scores: by hand on a few rows, and on random worlds by plain loops over days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.operations.backtest.scores import Bin, Churns, Period, Scores, calibration_of, score

COLUMNS = (
    "company_id string, activity_date date, is_churn_risk boolean, days_since_last_active bigint,"
    " missing_user_days_7d bigint"
)
FIRST = date(2025, 1, 1)
GONE_AFTER = 28
Told = tuple[bool | None, int | None, int | None]


@dataclass(frozen=True)
class World:
    """Rows by company and date, and who churned when."""

    rows: dict[str, dict[date, Told]]
    churned: dict[str, date]
    dates: list[date]

    @property
    def period(self) -> Period:
        return Period.of(self.dates, self.dates[-1])

    def judged(self) -> Iterator[tuple[str, date, Told]]:
        """The days of customers."""
        for company_id, days in self.rows.items():
            for day, told in days.items():
                silent_for = told[1]
                is_in_time = self.period.first <= day <= self.period.last
                is_active = silent_for is not None and silent_for < GONE_AFTER
                if is_in_time and is_active and self.left(company_id, day) > -30:
                    yield company_id, day, told

    def left(self, company_id: str, day: date) -> int:
        """Days until the churn; many where none is known."""
        return (self.churned[company_id] - day).days if company_id in self.churned else 999

    def is_right(self, company_id: str, day: date) -> bool:
        return -30 < self.left(company_id, day) <= 30


def random_world(seed: int) -> World:
    """A few companies over some 130 dates, of which some are missing: each is active at random until it stops."""
    rng = Random(seed)
    calendar = [FIRST + timedelta(days=n) for n in range(rng.randint(105, 140))]
    dates = [day for day in calendar if day in (calendar[0], calendar[-1]) or rng.random() > 0.03]
    rows: dict[str, dict[date, Told]] = {}
    churned: dict[str, date] = {}
    for number in range(25):
        company_id = f"c_{number}"
        stops = rng.choice([None, *calendar[30:]])
        often = rng.choice([0.1, 0.5, 0.9])
        seen = calendar[rng.choice([0, 0, 0, 20, 70])]
        last: date | None = None
        rows[company_id] = {}
        for day in calendar:
            if (stops is None or day < stops) and rng.random() < often:
                last = day
            if day not in dates or day < seen:
                continue
            silent_for = (day - last).days if last else None
            risk = rng.random() < (0.5 if silent_for and silent_for > 2 else 0.08)
            is_risk = rng.choice([None, risk, risk, risk, risk]) if silent_for is None or silent_for < 35 else False
            missing = rng.choice([None, 0, 0, 0, rng.randint(1, 6), rng.randint(1, 60)])
            rows[company_id][day] = (is_risk, silent_for, missing)
        if stops and rng.random() < 0.8:
            churned[company_id] = stops + timedelta(days=rng.choice([0, 0, -5, 7, 40]))
    return World(rows, churned | {"nobody": FIRST + timedelta(days=80)}, dates)


def recomputed(world: World) -> dict[str, Any]:
    """What the scores should be."""
    judged = list(world.judged())
    flagged = [(company_id, day) for company_id, day, told in judged if told[0]]
    alerts = [one for one in flagged if enters(world.rows[one[0]], one[1])]
    listed = []
    for day in world.dates:
        risky = [
            (told[2] is None, -(told[2] or 0), company_id) for company_id, at, told in judged if at == day and told[0]
        ]
        listed += [(company_id, day) for *_, company_id in sorted(risky)[:10]]
    return {
        "company_days": len(judged),
        "due": sum(world.is_right(company_id, day) for company_id, day, _ in judged),
        "flagged": len(flagged),
        "right": sum(world.is_right(*one) for one in flagged),
        "alerts": len(alerts),
        "right_alerts": sum(world.is_right(*one) for one in alerts),
        "listed": len(listed),
        "right_listed": sum(world.is_right(*one) for one in listed),
        "churns": asdict(churns(world)),
        "calibration": calibrated(world),
    }


def enters(days: dict[date, Told], day: date) -> bool:
    """At risk, and on none of the 7 judged rows before."""
    before = [told[0] for at, told in sorted(days.items()) if at < day and told[0] is not None]
    return not any(before[-7:])


def churns(world: World) -> Churns:
    leads, delays, missed, still_open = [], [], 0, 0
    for company_id, churned_on in world.churned.items():
        days = world.rows.get(company_id, {})
        active = [
            day - timedelta(days=told[1]) for day, told in days.items() if day <= churned_on and told[1] is not None
        ]
        if not active or max(active) < world.period.first or churned_on > world.dates[-1]:
            continue
        last = max(active)
        near = [(day - last).days for day, told in days.items() if told[0] and -14 <= (day - last).days <= 30]
        if not near and last + timedelta(days=30) > world.period.last + timedelta(days=30):
            still_open += 1
        elif not near:
            missed += 1
        elif min(near) <= 0:
            leads.append(-min(near))
        else:
            delays.append(min(near))
    return Churns(tuple(sorted(leads)), tuple(sorted(delays)), missed, still_open)


def calibrated(world: World) -> tuple[dict[str, Any], ...]:
    """The days before a churn one by one, in the order of what they lack."""
    days = [
        (told[2], world.left(company_id, day) <= 30)
        for company_id, day, told in world.judged()
        if world.left(company_id, day) > 0
    ]
    lacking = sorted(missing for missing, _ in days if missing)
    bins: dict[int, list[tuple[int | None, bool]]] = {}
    for missing, churns_soon in days:
        tenth = lacking.index(missing) * 10 // len(lacking) if missing else (-2 if missing is None else -1)
        bins.setdefault(tenth, []).append((missing, churns_soon))
    found = []
    for _, group in sorted(bins.items()):
        known = [missing for missing, _ in group if missing is not None]
        low, high = min(known, default=None), max(known, default=None)
        found.append(asdict(Bin(low, high, len(group), sum(soon for _, soon in group))))
    return tuple(found)


def scored(spark: SparkSession, world: World) -> Scores:
    rows = [(company_id, day, *told) for company_id, days in world.rows.items() for day, told in days.items()]
    return score(spark.createDataFrame(rows, COLUMNS), world.churned, world.period, GONE_AFTER)


def test_random_worlds_are_scored_as_plain_loops_score_them(spark: SparkSession) -> None:
    worlds = [random_world(seed) for seed in (1, 2, 3)]
    expected = [recomputed(world) for world in worlds]
    assert min(min(one["right_alerts"], one["churns"]["missed"] + len(one["churns"]["delays"])) for one in expected) > 0
    assert max(one["listed"] for one in expected) < sum(one["flagged"] for one in expected)
    assert [asdict(scored(spark, world)) for world in worlds] == expected


def test_a_flag_is_right_from_thirty_days_before_the_churn_to_twenty_nine_after_it(spark: SparkSession) -> None:
    dates = [FIRST + timedelta(days=n) for n in range(200)]
    churned_on = dates[100]
    days: dict[date, Told] = dict.fromkeys(dates, (True, 0, 5))
    world = World({"a": days}, {"a": churned_on}, dates)
    found = scored(spark, world)
    assert (found.right, found.due) == (60, 60)
    assert found.company_days == 130 - 59, "no customer any more from 30 days after the churn on"
    assert found.churns == Churns(leads=(14,))


def test_the_shares_of_nothing_are_none() -> None:
    found = Scores(0, 0, 0, 0, 0, 0, 0, 0, Churns(), ())
    assert {found.precision, found.recall, found.alerts_a_week, found.alerts_of_churn, found.right_of_ten} == {None}
    assert {found.churns.found, found.churns.lead, found.churns.delay} == {None}


@pytest.mark.parametrize("seed", range(20))
def test_each_tenth_has_its_share_and_equal_values_stay_together(seed: int) -> None:
    rng = Random(seed)
    values = rng.sample(range(1, 500), rng.randint(1, 200))
    counted = [(value, rng.randint(1, 9), 1) for value in values]
    bins = calibration_of(counted)
    assert sum(one.company_days for one in bins) == sum(days for _, days, _ in counted)
    assert sum(one.churned for one in bins) == len(values)
    assert len(bins) <= 10
    edges = [edge for one in bins for edge in (one.low, one.high)]
    assert edges == sorted(edges, key=lambda edge: edge or 0)
    assert max(one.company_days for one in bins) <= sum(days for _, days, _ in counted) / 10 + 9
