"""Random histories: repeatable, of every kind, and what must hold for each."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from .cases import merge, random_world, random_worlds
from .model import Row
from .world import build

READS_OTHERS = {"fleet_pace", "missing_user_days_7d", "is_churn_risk", "churn_reasons", "churn_reasons_text"}
SEEDS = st.integers(min_value=0, max_value=10**6)


def test_a_seed_is_a_history() -> None:
    assert random_worlds(3, 2) == random_worlds(3, 2) != random_worlds(4, 2)


def test_every_label_occurs() -> None:
    some = [build(*random_world(seed)) for seed in range(60)]
    rows = [row for world in some for row in world.activity]
    quarantined = {reason for world in some for row in world.quarantine for reason in row["reasons"]}
    assert {row["lifecycle_state"] for row in rows} == {
        "new", "returning", "resurrected", "dormant", "inactive", None
    }  # fmt: skip
    assert len({row["data_quality_flag"] for row in rows}) == 7
    assert {row["source"] for row in rows} == {"product_api", "merged", "crm_csv"}
    assert {row["mau_method"] for row in rows} == {"binomial_moment", "geometric_mean"}
    assert len({reason for row in rows for reason in row["churn_reasons"]}) == 3
    assert {row["days_since_last_active"] for row in rows} >= {0, 30, 59, None}
    assert len(quarantined) == 10


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_in_is_accepted_and_duplicates_and_quarantined(seed: int) -> None:
    for count in build(*random_world(seed)).counts:
        assert count["rows_in"] == count["accepted"] + count["duplicates"] + count["quarantined"]


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_the_order_of_arrival_does_not_matter(seed: int) -> None:
    landed, snapshots = random_world(seed)
    assert build(reversed(landed), reversed(snapshots)) == build(landed, snapshots)


@settings(max_examples=5, deadline=None)
@given(SEEDS)
def test_histories_that_share_their_dates_do_not_disturb_each_other(seed: int) -> None:
    histories = random_worlds(seed, 3)
    alone = [own(row) for history in histories for row in build(*history).activity]
    together = [own(row) for row in build(*merge(histories)).activity]
    assert sorted(together, key=str) == sorted(alone, key=str)


def own(row: Row) -> Row:
    """The columns that read no other company."""
    return {name: value for name, value in row.items() if name not in READS_OTHERS}


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_every_number_stays_in_its_bounds(seed: int) -> None:
    for row in build(*random_world(seed)).activity:
        assert row["mau_lower"] <= row["est_monthly_active_users"] <= row["mau_upper"]
        assert 0 <= row["engagement_score"] <= 100
        assert row["active_days_7d"] <= row["days_observed_7d"] <= row["days_observed_30d"] <= 30
        assert row["is_churn_risk"] in ((True,) if row["churn_reasons"] else (False, None))
