"""The gates on what has arrived, at their very thresholds: a share is a decimal, never the double beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from company_activity.gates.arrived import (
    ArrivedDate,
    judge_quarantine,
    judge_unknown,
    judge_volume,
    same_weekdays,
    usual_volume,
)
from company_activity.gates.verdict import Verdict
from company_activity.settings.model import GateSettings

DAY = date(2025, 3, 31)
GATES = GateSettings()
HUNDREDTHS = range(1, 100)


def volume(records: int, events: int, *before: tuple[int, int], gates: GateSettings = GATES) -> Verdict:
    """The verdict on a date of so many records and events after four of these."""
    normal = usual_volume(DAY, dict(zip(same_weekdays(DAY), before, strict=True)))
    return judge_volume(ArrivedDate(DAY, 1, records, records, 0, events), normal, gates)


def test_a_date_that_lost_exactly_a_tenth_is_warned_of_whatever_is_usual() -> None:
    usuals = range(10, 2000, 10)
    assert [n for n in usuals if volume(n * 9 // 10, n, *[(n, n)] * 4).passed] == []
    assert [n for n in usuals if volume(n, n * 9 // 10, *[(n, n)] * 4).passed] == []
    assert [n for n in usuals if not volume(n * 9 // 10 + 1, n, *[(n, n)] * 4).passed] == []


def test_a_loss_of_any_share_is_an_error_from_that_share_on() -> None:
    usual_days = [(1000, 1000)] * 4
    for hundredths in HUNDREDTHS:
        gates = replace(GATES, volume_error_drop=hundredths / 100, volume_warn_drop=0.0, volume_min_records=1)
        kept = 1000 - 10 * hundredths
        assert volume(kept, 1000, *usual_days, gates=gates).is_refusal, hundredths
        assert not volume(kept + 1, 1000, *usual_days, gates=gates).is_refusal, hundredths


def test_half_a_record_of_a_median_counts() -> None:
    before = [(10, 10**17 + 1), (12, 10**17 + 3), (13, 10**17 + 3), (15, 10**17 + 7)]  # 12.5 records are usual
    gates = replace(GATES, volume_warn_drop=0.2)
    assert not volume(10, 10**17 + 3, *before, gates=gates).passed
    assert volume(11, 10**17 + 3, *before, gates=gates).passed


def test_a_share_at_its_limit_passes_and_one_more_does_not() -> None:
    for hundredths in HUNDREDTHS:
        gates = replace(GATES, quarantine_max_share=hundredths / 100, unknown_max_share=hundredths / 100)
        for count, passes in ((hundredths, True), (hundredths + 1, False)):
            assert judge_quarantine(ArrivedDate(DAY, 1, 100, 100 - count, count, 0), gates).passed is passes, hundredths
            assert judge_unknown(DAY, count, 100, gates).passed is passes, hundredths


def test_a_weekday_that_is_known_too_seldom_is_not_judged() -> None:
    known = {DAY - timedelta(weeks=1): (9, 9), DAY - timedelta(weeks=2): (9, 9)}
    assert usual_volume(DAY, known) is None
    assert judge_volume(ArrivedDate(DAY, 1, 0, 0, 0, 0), None, GATES).found == "WARMUP"
