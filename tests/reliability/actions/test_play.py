"""The judge of the random actions, judged: a product that does all right passes, one that forgets late dates is found and told shortly."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from reliability.actions import inputs
from reliability.actions.actions import FIRST, WORDS, parsed, sequence, told
from reliability.actions.judge import differences
from reliability.actions.model import Landed, Model
from reliability.actions.play import Diverged, Player, play
from reliability.actions.product import Rows
from reliability.actions.shrink import shrunk
from reliability.actions.stand_in import StandIn, diverges

pytestmark = [pytest.mark.fault]


def test_a_product_that_does_all_as_it_should_is_let_through() -> None:
    for seed in range(4):
        play(StandIn(), sequence(seed, 20), say=lambda line: None)


def test_each_word_is_one_that_the_player_or_the_surroundings_know() -> None:
    around = {"restart", "copy", "restore"}
    assert {word for word in WORDS if not hasattr(Player, f"_{word}")} == around


def test_a_forgotten_late_date_is_found_and_told_in_two_actions() -> None:
    """The control: without it nobody would know whether the judge can say no."""
    seed = next(seed for seed in range(9) if diverges(sequence(seed, 12)))
    actions = sequence(seed, 12)
    short = shrunk(actions, diverges, seconds=60)
    assert diverges(short)
    assert not diverges(short, forgets_late_dates=False)
    assert [action.word in ("land", "malformed", "run", "range", "answer", "kill") for action in short] == [True] * 2
    assert short[0].day > short[1].day
    assert parsed(told(short)) == short


def test_the_shrinker_ends_with_its_time() -> None:
    moments = iter(range(100))
    actions = parsed("land 1 0; land 2 0; run 1; run 2; land 0 0; run 3")
    short = shrunk(actions, diverges, seconds=1, clock=lambda: float(next(moments)))
    assert diverges(short)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("analytics.company_activity_daily", {"events": 77}),
        ("dim.companies", {"name": "Somebody else"}),
        ("dim.companies_history", {"country": "XX"}),
        ("analytics.segment_activity_daily", {"user_days": 77}),
        ("stg.product_usage", None),
        ("quarantine.records", None),
        ("quarantine.records", {"reasons": ["FUTURE"]}),
    ],
)
def test_a_value_or_a_row_that_is_not_as_it_should_be_is_named(table: str, change: dict[str, object] | None) -> None:
    product, model = StandIn(), Model()
    play(product, parsed("crm 0 2 1; malformed 1 1"), model, say=lambda line: None)
    seen = product.seen()
    for one, rows in seen.lake.items():
        if one.name == table:
            assert isinstance(rows, list)
            row = rows.pop()
            if change is not None:
                rows.append({**row, **change})
    assert differences(model.world(), seen)


def test_what_sql_serves_or_the_ledger_says_otherwise_is_named() -> None:
    product, model = StandIn(), Model()
    play(product, parsed("crm 0 2 1; malformed 1 1"), model, say=lambda line: None)
    seen = product.seen()
    [(day, (content, rows))] = seen.ledger.items()
    activity = [*seen.served[COMPANY_ACTIVITY_DAILY]]
    other: list[Rows] = [activity[1:], [*activity, activity[0]], [{**activity[0], "events": 77}, *activity[1:]]]
    wrong = [replace(seen, served={**seen.served, COMPANY_ACTIVITY_DAILY: one}) for one in other]
    wrong += [replace(seen, ledger=one) for one in ({}, {day: ("other", rows)}, {day: (content, rows + 1)})]
    wrong.append(replace(seen, ledger={**seen.ledger, "2025-01-01": ("a date that the lake has not", 1)}))
    world = model.world()
    assert [bool(differences(world, one)) for one in (seen, *wrong)] == [False, *[True] * len(wrong)]


def test_what_a_rollback_sets_aside_lands_again_only_once_it_is_released() -> None:
    landed = Landed()
    one, two = inputs.answer(FIRST, 0), inputs.answer(FIRST, 1)
    landed.fetch(one)
    landed.fetch(two)
    landed.roll_back(one)
    landed.fetch(two)
    assert (landed.number, landed.newest) == (3, one)
    landed.held.clear()
    landed.fetch(two)
    assert (landed.number, landed.newest) == (4, two)


def test_a_killed_run_may_have_landed_its_date_and_nothing_else() -> None:
    model, day = Model(), FIRST + timedelta(days=1)
    model.answers[day] = inputs.answer(day, 0)
    assert model.saw(day, 0)
    assert model.landed(day).newest is None
    assert not model.saw(day, 2)


def test_a_command_that_ends_otherwise_is_a_difference() -> None:
    class Failing(StandIn):
        def command(self, *arguments: str) -> int:
            return 1

    with pytest.raises(Diverged, match="ended with 1, not 0"):
        play(Failing(), sequence(1, 3), say=lambda line: None)
