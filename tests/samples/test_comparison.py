"""The figures that rules are compared by, on rows written by hand; and the worlds are where they should be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compare import DEFINITIONS, FRESH_SEEDS, RULES, TUNED_SEEDS, WORLDS, Task, calibration, judged, main, summed, told
from evaluation.comparison import Figures, figures, judged_days
from evaluation.fate import Fate
from evaluation.flags import Flag, alerts, lists
from evaluation.worlds import fates_of
from simulation.worlds.world import world

DAYS = range(100)


def flagged(company_id: str, days: range, order: float = 0) -> list[Flag]:
    return [Flag(company_id, day, day in days, (order,)) for day in DAYS]


def test_figures_of_a_fade_that_is_found_three_days_early() -> None:
    fates = {"a": Fate("a", 0, churned_on=60, wave_from=50, is_fade=True), "b": Fate("b", 0)}
    of_rule = figures([*flagged("a", range(56, 62)), *flagged("b", range(40, 42), -1)], fates, DAYS)
    assert (of_rule.fades_found, of_rule.fades, of_rule.leads, of_rule.delays) == (1, 1, [3], [0])
    assert (of_rule.flagged, of_rule.right, of_rule.precision) == (8, 6, 0.75)
    assert of_rule.recall == 6 / 28
    assert of_rule.alerts == {"churn": 1, "noise": 1}
    assert of_rule.first_ten == 0.75


def test_a_fade_flagged_from_its_first_silent_day_on_is_not_found_by_the_last_day() -> None:
    fates = {"a": Fate("a", 0, churned_on=60, wave_from=50, is_fade=True)}
    of_rule = figures(flagged("a", range(60, 80)), fates, DAYS)
    assert (of_rule.fades_found, of_rule.delays) == (0, [0])


def test_a_flag_before_the_first_quit_does_not_find_a_fade() -> None:
    fates = {"a": Fate("a", 0, churned_on=60, wave_from=50, is_fade=True)}
    assert figures(flagged("a", range(40, 50)), fates, DAYS).fades_found == 0


def test_dates_whose_future_is_unknown_are_not_judged() -> None:
    assert (judged_days(DAYS)[0], judged_days(DAYS)[-1]) == (30, 85)
    fates = {"a": Fate("a", 0)}
    assert figures(flagged("a", range(86, 100)), fates, DAYS).flagged == 0


def test_a_company_long_gone_is_no_customer_and_still_stands_in_the_list() -> None:
    fates = {"a": Fate("a", 0, churned_on=40)}
    of_rule = figures(flagged("a", range(60, 70)), fates, DAYS)
    assert (of_rule.flagged, of_rule.shown, of_rule.shown_right) == (0, 10, 0)


def test_a_row_that_is_not_judged_neither_ends_a_risk_nor_begins_one() -> None:
    said = [False, True, None, True, False, None, True]
    rows = [Flag("a", day, is_risk) for day, is_risk in enumerate(said)]
    assert [alert.day for alert in alerts(rows)] == [1, 6]


def test_the_list_shows_the_first_by_order_then_by_company() -> None:
    rows = [Flag("c", 1, True, (-5,)), Flag("b", 1, True, (-5,)), Flag("a", 1, True, (0,)), Flag("d", 1, False, (-9,))]
    assert [[flag.company_id for flag in shown] for shown in lists(rows, 2)] == [["b", "c"]]


def test_figures_add_up() -> None:
    one = Figures(fades=2, leads=[1], flagged=4, right=1)
    both = one + Figures(fades=3, leads=[5, 6], flagged=4, right=3)
    assert (both.fades, both.fades_found, both.lead, both.precision) == (5, 3, 5, 0.5)


def test_alerts_are_counted_per_100_customers_and_week() -> None:
    fates = {f"c{number}": Fate(f"c{number}", 0) for number in range(50)}
    of_rule = figures(flagged("c0", range(40, 41)), fates, DAYS)
    assert of_rule.alerts_a_week == pytest.approx(100 / 50 * 7 / 56)


def test_the_seeds_that_are_reported_were_not_tuned_on() -> None:
    assert not set(TUNED_SEEDS) & set(FRESH_SEEDS)


def test_fates_know_shrinking_and_pausing_companies() -> None:
    fates = fates_of(world(1, companies=40, days=100))
    assert len(fates) == 37
    assert sum(bool(fate.shrinking) for fate in fates.values()) == 2
    assert sum(bool(fate.paused) for fate in fates.values()) == 2
    assert sum(fate.is_fade for fate in fates.values()) == 4


def test_the_lines_name_every_figure() -> None:
    by_rule = summed([judged(Task("hard", 1, 40, 100))])
    text = "\n".join(told("hard", "tuned", (1,), by_rule))
    assert list(by_rule) == list(RULES)
    for figure in ("fades found", "lead", "delay", "precision", "recall", "per 100", "noise", "first 10"):
        assert figure in text
    assert "fade found" in DEFINITIONS


def test_too_few_dates_end_in_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--days", "59"])
    assert "--days 59 leaves no churn" in capsys.readouterr().err


def test_worlds_that_have_moved_are_named() -> None:
    where = Figures(fades=120, leads=[1] * 22)
    assert calibration("plain", where).endswith("as it should be")
    assert calibration("plain", replace(where, leads=[1] * 40)).endswith("THE WORLDS HAVE MOVED")


@pytest.mark.long
@pytest.mark.nightly
@pytest.mark.parametrize("kind", WORLDS)
def test_the_worlds_are_where_they_should_be_and_ours_finds_twice_the_fades(kind: str) -> None:
    by_rule = summed(judged(Task(kind, seed, 400, 180)) for seed in FRESH_SEEDS)
    ours = by_rule["ours"]
    assert calibration(kind, by_rule["today"]).endswith("as it should be")
    assert ours.fades_found >= 2 * by_rule["today"].fades_found
    assert ours.alerts.total() < by_rule["today"].alerts.total()
    assert (ours.precision or 0) > (by_rule["today"].precision or 0)


@pytest.mark.long
@pytest.mark.nightly
def test_on_hard_worlds_ours_finds_50_of_120_fades_with_two_thirds_of_the_alerts() -> None:
    by_rule = summed(judged(Task("hard", seed, 400, 180)) for seed in FRESH_SEEDS)
    assert 120 * by_rule["ours"].fades_found >= 50 * by_rule["ours"].fades
    assert by_rule["ours"].alerts.total() <= 0.65 * by_rule["today"].alerts.total()
