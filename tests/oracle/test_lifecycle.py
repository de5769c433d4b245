"""The lifecycle state of a row, and what a missing date does to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from .hand import JAN_1, MISSING, last_row, only, snapshot

TUE = date(2024, 1, 2)
WEEK: Sequence[int | None] = [None] * 7
QUIET_WITH_GAP: Sequence[int | None] = [None, None, None, MISSING, None, None, None]


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ([1], "new"),
        ([0, 0, 0, 1, *[None] * 6], "new"),  # first active on D-6, first seen on D-9
        ([1, *[None] * 6, 1], "returning"),
        ([1, *[None] * 13, 1], "resurrected"),  # last active on D-14
        ([1, *[None] * 13, MISSING, 1], "resurrected"),  # the missing date is D-1
        ([1, *[None] * 5, MISSING, *[None] * 7, 1], None),  # the missing date is D-8
        ([1, MISSING, *[None] * 13, 1], "resurrected"),  # the missing date is D-14
        ([1, *[None] * 6, MISSING, *[None] * 6, 1], None),  # the missing date is D-7
        ([1, *WEEK], "dormant"),
        ([1, MISSING, *WEEK], "dormant"),
        ([1, *QUIET_WITH_GAP], None),
        ([1, *WEEK, *WEEK], "inactive"),
        ([0, None], "inactive"),
        ([1, *QUIET_WITH_GAP, *WEEK], None),  # the missing date is D-10: dormant or inactive
        ([1, MISSING, *WEEK, *WEEK], "inactive"),  # the missing date is D-14
        ([1, *QUIET_WITH_GAP, 1, *WEEK], "dormant"),  # active on D-7: the missing date does not matter
        ([0, MISSING, *[None] * 5, 1], "new"),  # the missing date is D-6
        ([0, MISSING, *[None] * 6, 1], None),  # the missing date is D-7: new or returning
    ],
)
def test_lifecycle(users: list[int | None], expected: str | None) -> None:
    assert last_row(users)["lifecycle_state"] == expected


def test_dates_before_the_first_seen_one_do_not_hide_a_lifecycle_state() -> None:
    seen_on_tuesday = snapshot(TUE)
    assert last_row([MISSING, None, None], seen_on_tuesday)["lifecycle_state"] == "inactive"
    assert last_row([None, MISSING, None], seen_on_tuesday)["lifecycle_state"] is None


def test_a_first_snapshot_counts_as_seen_even_where_its_date_is_missing() -> None:
    row = last_row([MISSING] * 29 + [None], snapshot(JAN_1 + timedelta(days=28)))
    assert only(row, "data_quality_flag", "days_observed_30d") == {
        "data_quality_flag": "WINDOW_INCOMPLETE",
        "days_observed_30d": 1,
    }
