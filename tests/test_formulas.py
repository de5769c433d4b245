"""Every column declares its formula, and reads what it declares: no day more, and not the CRM where it says nothing of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import TypeVar

import pytest

from company_activity.formulas import FORMULAS
from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from oracle.activity import activity_row, views_by_day
from oracle.cases import History, random_world
from oracle.fleet import Fleet, Others, build_fleet
from oracle.hand import JAN_1, snapshot, usage
from oracle.model import Row, Thresholds
from oracle.usage import read_date
from oracle.view import View
from oracle.world import build, newest_generations
from support.orders.fleets import fleet_world

Value = TypeVar("Value")
COMPUTED = [name for name in FORMULAS if name not in COMPANY_ACTIVITY_DAILY.unhashed]
SEEDS = range(1, 16)
ROWS = 300
# A month begins with its one large day; then 60 silent ones end with the row that still knows of use.
DECIDED_BY_THE_OLDEST = [40, *[5] * 29, *[None] * 60]
LIMITS = Thresholds()
ALONE = Others(None, frozenset())
Seen = tuple[View, Fleet]


def test_every_column_has_a_formula_and_no_other_has() -> None:
    assert sorted(FORMULAS) == sorted(COMPANY_ACTIVITY_DAILY.column_names)


@cache
def views() -> list[Seen]:
    """Rows of random histories, as the oracle sees them, and those of a company on which the oldest days decide."""
    found = [seen for seed in SEEDS for seen in views_of(random_world(seed))]
    assert len(found) > ROWS
    fleet = fleet_world(1)
    of_fleet = list(views_of((tuple(fleet[0]), tuple(fleet[1]))))
    chosen = [*found[:: len(found) // ROWS], *of_fleet[:: len(of_fleet) // ROWS]]
    oldest = tuple(usage(DECIDED_BY_THE_OLDEST))
    known = snapshot(JAN_1)
    known = replace(known, rows=tuple(replace(row, seats="10") for row in known.rows))
    return [*chosen, *views_of((oldest, ())), *views_of((oldest, (known,)))]


def views_of(history: History) -> Iterator[Seen]:
    landed, snapshots = history
    world = build(landed, snapshots)
    days = [read_date(newest) for newest in newest_generations(landed) if newest.items is not None]
    for of_date in views_by_day(days, world.companies, world.history):
        fleet = build_fleet(of_date, LIMITS)
        yield from ((view, fleet) for view in of_date)


@cache
def rows(days: int | None = None, reads_crm: bool = True, reads_others: bool = True) -> list[Row]:
    """The oracle's rows, each from so many days of usage alone."""
    found = []
    for view, fleet in views():
        seen = view if days is None else cut(view, days, reads_crm=reads_crm)
        others = fleet[seen.attributes.country] if reads_others else ALONE
        found.append(activity_row(seen, others, LIMITS))
    return found


def cut(view: View, days: int, *, reads_crm: bool) -> View:
    """The row with the usage of so many days that end on it, and with the CRM or without.

    That its own date is complete is known of every row.
    """
    window = {view.day - timedelta(days=back) for back in range(days)}
    subject = replace(
        view.subject,
        users=within(view.subject.users, window),
        events=within(view.subject.events, window),
        largest=within(view.subject.largest, window),
        quarantined=view.subject.quarantined & window,
        conflicting=view.subject.conflicting & window,
        versions=view.subject.versions if reads_crm else (),
    )
    return View(subject, view.day, (view.complete & window) | {view.day})


def within(by_day: Mapping[date, Value], window: set[date]) -> dict[date, Value]:
    return {day: value for day, value in by_day.items() if day in window}


def differing(name: str, days: int, *, reads_crm: bool, reads_others: bool = True) -> int:
    """In how many rows the column is another without what lies beyond these days."""
    pairs = zip(rows(), rows(days, reads_crm, reads_others), strict=True)
    return sum(whole[name] != less[name] for whole, less in pairs)


@pytest.mark.parametrize("name", COMPUTED)
def test_what_a_column_declares_to_read_is_enough(name: str) -> None:
    formula = FORMULAS[name]
    found = differing(name, formula.days, reads_crm=formula.reads_crm, reads_others=formula.reads_others)
    assert found == 0


@pytest.mark.parametrize("name", [name for name in COMPUTED if FORMULAS[name].days])
def test_with_a_day_less_it_would_not_be(name: str) -> None:
    formula = FORMULAS[name]
    assert differing(name, formula.days - 1, reads_crm=formula.reads_crm) > 0


@pytest.mark.parametrize("name", [name for name in COMPUTED if FORMULAS[name].reads_crm])
def test_without_the_crm_it_would_not_be(name: str) -> None:
    assert differing(name, FORMULAS[name].days, reads_crm=False) > 0


@pytest.mark.parametrize("name", [name for name in COMPUTED if FORMULAS[name].reads_others])
def test_without_the_others_it_would_not_be(name: str) -> None:
    formula = FORMULAS[name]
    assert differing(name, formula.days, reads_crm=formula.reads_crm, reads_others=False) > 0
