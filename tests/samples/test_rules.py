"""The three churn rules on hand-written days, and their doctests."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from simulation.rules.fleet import CompanyDays, Fleet
from simulation.rules.reference import reference
from simulation.rules.today import today
from simulation.rules.verdict import Verdict
from simulation.rules.whom_to_call import whom_to_call

BUSY = [2, 2, 2, 2, 2, 0, 0]  # ten user-days a week, on its first five days
WEEKS = 7
LAST = 7 * WEEKS - 1

PACKAGES = ("simulation/rules", "simulation/worlds", "evaluation")
NEEDS_SPARK = {"evaluation.table", "evaluation.methods", "evaluation.churn", "evaluation.monthly"}


def modules(samples: Path) -> list[str]:
    return [
        ".".join((*Path(package).parts, path.stem))
        for package in PACKAGES
        for path in sorted((samples / package).glob("*.py"))
    ]


@pytest.mark.parametrize(
    "name", [name for name in modules(Path(__file__).parents[2] / "samples") if name not in NEEDS_SPARK]
)
def test_the_examples_of_a_module_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def one(users: list[int], **facts: object) -> CompanyDays:
    return CompanyDays("a", users, **facts)  # type: ignore[arg-type]


def ours(company: CompanyDays, day: int = LAST, missing: frozenset[int] = frozenset()) -> Verdict:
    """What the rule says of a company among three that are active on every day."""
    days = len(company.users)
    others = [CompanyDays(f"other {number}", [1] * days) for number in range(3)]
    return whom_to_call(Fleet(days, [company, *others], missing))["a", day]


def weeks_then(week: list[int], usual: list[int] = BUSY) -> list[int]:
    return usual * (WEEKS - 1) + week


def test_a_usual_week_is_no_risk() -> None:
    assert ours(one(weeks_then(BUSY))) == Verdict(False, (), (0,), 60, 6, 1000, 0)


def test_a_week_below_half_of_many_user_days_is_declining() -> None:
    usual = [4, 4, 4, 4, 4, 0, 0]
    declining = ours(one(weeks_then([2, 1, 1, 1, 1, 0, 0], usual)))
    assert declining.reasons == ("DECLINING",)
    assert (declining.missing, declining.order) == (14, (-14,))


def test_a_week_below_half_of_few_user_days_is_chance() -> None:
    assert ours(one(weeks_then([1, 1, 1, 0, 1, 0, 0], BUSY))).is_churn_risk is False


def test_four_silent_workdays_are_unusual_for_a_company_that_was_there_on_each() -> None:
    silence = ours(one(weeks_then([2, 0, 0, 0, 0, 0, 0])))
    assert "UNUSUAL_SILENCE" in silence.reasons
    assert "UNUSUAL_SILENCE" not in ours(one(weeks_then([2, 2, 0, 0, 0, 0, 0]))).reasons


def test_silence_on_quiet_days_is_not_counted() -> None:
    silent = one(weeks_then([2, 0, 0, 0, 0, 0, 0]))
    others = [CompanyDays(f"o{number}", weeks_then([2, 0, 0, 0, 0, 0, 0])) for number in range(3)]
    verdict = whom_to_call(Fleet(LAST + 1, [silent, *others]))["a", LAST]
    assert "UNUSUAL_SILENCE" not in verdict.reasons


def test_the_pace_of_20_others_of_the_country_excuses_a_bad_week() -> None:
    week = [1, 1, 1, 1, 1, 0, 0]
    usual = [4, 4, 4, 4, 4, 0, 0]
    bad = [CompanyDays(f"c{number}", weeks_then(week, usual), countries=["DE"] * (LAST + 1)) for number in range(20)]
    good = [CompanyDays(f"f{number}", weeks_then(usual, usual), countries=["FR"] * (LAST + 1)) for number in range(30)]
    verdicts = whom_to_call(Fleet(LAST + 1, bad + good))
    assert (verdicts["c0", LAST].fleet_pace, verdicts["c0", LAST].is_churn_risk) == (250, False)
    assert verdicts["f0", LAST].fleet_pace == 1000
    alone = whom_to_call(Fleet(LAST + 1, bad[:19] + good))["c0", LAST]
    assert (alone.fleet_pace, alone.reasons) == (1000, ("DECLINING",))


def test_without_four_whole_weeks_only_a_silent_week_is_a_reason() -> None:
    young = ours(one(weeks_then([0] * 7), first_seen=15))
    assert (young.usual, young.missing, young.reasons) == (None, None, ("SILENT",))
    old = ours(one(weeks_then([0] * 7), first_seen=14))
    assert (old.usual, old.reasons) == (10, ("DECLINING", "UNUSUAL_SILENCE"))


def test_a_missing_date_or_a_refused_record_leaves_the_week_open() -> None:
    users = weeks_then([0] * 7)
    assert ours(one(users), missing=frozenset({LAST - 6})).is_churn_risk is None
    refused = ours(one(users, refused=frozenset({LAST - 6})))
    assert (refused.is_churn_risk, refused.reasons, refused.missing) == (None, (), 10)
    assert ours(one(users, refused=frozenset({LAST - 7}))).is_churn_risk is True


def test_a_missing_date_takes_its_week_from_the_baseline() -> None:
    verdict = ours(one(weeks_then(BUSY)), missing=frozenset({1, 9, 16}))
    assert (verdict.usual_weeks, verdict.usual, verdict.missing) == (3, None, None)


def test_a_company_that_is_gone_for_28_days_is_no_risk() -> None:
    users = BUSY * 6 + [0] * 40
    last_active = 39
    assert ours(one(users), day=last_active + 27).is_churn_risk is True
    assert ours(one(users), day=last_active + 28).is_churn_risk is False


def test_a_company_that_never_came_is_no_risk() -> None:
    assert ours(one([0] * 49)).is_churn_risk is False


def test_the_rule_of_today_has_three_reasons() -> None:
    users = [4] * 7 + [1] + [0] * 8
    known = one(users, in_crm=frozenset(range(16)), contacts=[None] * 16)
    verdicts = today(Fleet(16, [known]))
    assert verdicts["a", 13].reasons == ("LOW_USE_NO_CONTACT", "SHARP_DROP")
    assert verdicts["a", 15].reasons == ("LOW_USE_NO_CONTACT", "SHARP_DROP", "SILENT")
    assert verdicts["a", 5].is_churn_risk is None
    assert verdicts["a", 6].is_churn_risk is False


@pytest.mark.parametrize(("contact", "is_due"), [(-18, False), (-19, True), (None, True)])
def test_the_rule_of_today_waits_30_days_after_a_contact(contact: int | None, is_due: bool) -> None:
    company = one([0] * 7 + [1] * 2 + [0] * 4, in_crm=frozenset(range(13)), contacts=[contact] * 13)
    assert today(Fleet(13, [company]))["a", 12].is_churn_risk is is_due


def test_the_list_of_today_begins_with_most_reasons_then_most_use() -> None:
    small = CompanyDays("small", [2] * 7 + [0] * 7)
    large = CompanyDays("large", [9] * 7 + [0] * 7)
    silent = CompanyDays("silent", [1] * 7 + [0] * 7)
    verdicts = today(Fleet(14, [small, large, silent]))
    order = sorted(("small", "large", "silent"), key=lambda company_id: verdicts[company_id, 13].order)
    assert order == ["large", "small", "silent"]


def test_the_windows_of_the_reference_count_rows_however_old() -> None:
    company = one([1] + [0] * 30 + [1], recorded=frozenset({0, 31}), contacts=[-40] * 32)
    verdicts = reference(Fleet(32, [company]))
    assert verdicts["a", 31] == Verdict(True, ("LOW_USE_NO_CONTACT",), (2,))
    assert verdicts["a", 20].order == (1,)
