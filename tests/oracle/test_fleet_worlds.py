"""Random fleets make each rule of "Whom to call" bite."""

from __future__ import annotations

from collections import Counter
from functools import cache

from .activity import views_by_day
from .fleet import Fleet, build_fleet
from .model import Row, Thresholds
from .usage import read_date
from .world import World, build, newest_generations
from support.orders.fleets import HOLIDAY, fleet_world

SEEDS = (1, 2, 3)


@cache
def rows() -> list[Row]:
    return [row for seed in SEEDS for row in world(seed).activity]


@cache
def world(seed: int) -> World:
    return build(*fleet_world(seed))


@cache
def fleets() -> list[Fleet]:
    return [fleet for seed in SEEDS for fleet in fleets_of(seed)]


def fleets_of(seed: int) -> list[Fleet]:
    landed, _ = fleet_world(seed)
    days = [read_date(one) for one in newest_generations(landed) if one.items is not None]
    several = views_by_day(days, world(seed).companies, world(seed).history)
    return [build_fleet(views, Thresholds()) for views in several]


def test_each_answer_occurs() -> None:
    reasons = {reason for row in rows() for reason in row["churn_reasons"]}
    assert reasons == {"DECLINING", "SILENT", "UNUSUAL_SILENCE"}
    assert {row["is_churn_risk"] for row in rows()} == {True, False, None}
    assert {row["is_contact_due"] for row in rows()} == {True, False}
    assert any(row["usual_user_days_7d"] is None for row in rows())
    assert any(row["missing_user_days_7d"] == 0 for row in rows())
    assert any(row["fleet_pace"] is None for row in rows())


def test_a_row_is_not_judged_for_a_missing_date_or_for_a_refused_record() -> None:
    unjudged = [row for row in rows() if row["is_churn_risk"] is None]
    assert {row["days_observed_7d"] == 7 for row in unjudged} == {True, False}


def test_companies_go_and_some_return() -> None:
    assert any((row["days_since_last_active"] or 0) >= 28 and row["is_churn_risk"] is False for row in rows())
    assert any(row["lifecycle_state"] == "resurrected" for row in rows())


def test_countries_have_days_and_a_pace_of_their_own_and_small_ones_those_of_all() -> None:
    assert any(fleet[HOLIDAY].quiet - fleet[None].quiet for fleet in fleets())
    paces = {(fleet[HOLIDAY].pace, fleet[None].pace) for fleet in fleets()}
    assert any(own is not None and own != of_all for own, of_all in paces)
    assert any(of_all not in (None, 1000) for _, of_all in paces)
    assert any(
        fleet["PT"] == fleet[None] and fleet["PT"].pace not in (None, 1000) for fleet in fleets() if "PT" in fleet
    )


def test_a_late_file_backdates() -> None:
    backdated = [row for row in rows() if row["data_quality_flag"] == "ATTRIBUTES_BACKDATED"]
    assert {HOLIDAY, None} <= {row["country"] for row in backdated}


def test_20_may_have_no_country() -> None:
    without = Counter(row["activity_date"] for row in rows() if row["country"] is None)
    assert max(without.values()) >= 20
