"""A plain world is the simulation of the samples; each feature of a hard one shows, and can be switched off."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from generate import generate
from simulation.rules.fleet import CompanyDays
from simulation.users import Active
from simulation.worlds.hardness import FEATURES, HARD, PLAIN, Hardness
from simulation.worlds.seats import seats
from simulation.worlds.thinning import holiday_season, public_holidays
from simulation.worlds.world import Life, World, world

COMPANIES = 40
DAYS = 120
SEED = 3


def small(hardness: Hardness = PLAIN) -> World:
    return world(SEED, hardness, COMPANIES, DAYS)


def only(feature: str) -> World:
    return small(replace(PLAIN, **{feature: True}))


def users(active: Active) -> int:
    return len(active)


@pytest.fixture(scope="module")
def plain() -> World:
    return small()


@pytest.fixture(scope="module")
def hard() -> World:
    return small(HARD)


def test_a_plain_world_is_the_simulation_of_the_samples() -> None:
    sample = generate(seed=1, days=90, companies=COMPANIES)
    made = world(1, companies=COMPANIES, days=90)
    assert {life.company.company_id: life.active for life in made.lives} == sample.active
    assert made.dates == sample.dates


def test_the_fleet_of_a_plain_world_counts_who_was_active(plain: World) -> None:
    for life, seen in zip(plain.lives, plain.fleet.companies, strict=True):
        assert seen.users == [users(active) for active in life.active]


def test_a_world_is_the_same_for_the_same_seed(hard: World) -> None:
    assert small(HARD) == hard
    assert world(SEED + 1, HARD, COMPANIES, DAYS).lives != hard.lives


def test_a_company_does_the_same_in_a_hard_world_of_any_size(hard: World) -> None:
    assert world(SEED, HARD, 5, DAYS).lives == hard.lives[:5]


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_that_is_switched_off_makes_another_world(feature: str, hard: World) -> None:
    without = small(replace(HARD, **{feature: False}))
    assert (without.lives, without.fleet) != (hard.lives, hard.fleet)


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_alone_makes_another_world(feature: str, plain: World) -> None:
    made = only(feature)
    assert (made.lives, made.fleet) != (plain.lives, plain.fleet)


def test_on_a_public_holiday_of_a_country_few_of_its_users_are_there(plain: World) -> None:
    made = only("public_holidays")
    holidays = public_holidays("US", plain.dates, SEED)
    assert holidays != public_holidays("DE", plain.dates, SEED)
    on_holidays = [day for day, date in enumerate(plain.dates) if date in holidays]
    assert 4 * users_of(made, "US", on_holidays) < users_of(plain, "US", on_holidays)
    others = [day for day in range(DAYS) if day not in on_holidays]
    assert users_of(made, "US", others) == users_of(plain, "US", others)


def users_of(made: World, country: str, days: list[int]) -> int:
    lives = [life for life in made.lives if life.company.role.country == country]
    return sum(users(life.active[day]) for life in lives for day in days)


def test_the_season_is_common_to_all_companies(plain: World) -> None:
    made = only("holiday_season")
    season = holiday_season(plain.dates, SEED)
    changed = [
        date
        for day, date in enumerate(plain.dates)
        if any(a.active[day] != b.active[day] for a, b in zip(made.lives, plain.lives, strict=True))
    ]
    assert changed
    assert set(changed) <= season
    assert len(season) == 14


def test_some_companies_close_for_a_week(plain: World) -> None:
    closed = [life for life in only("closed_weeks").lives if life.closed]
    assert 0 < len(closed) < COMPANIES / 2
    for life in closed:
        before = plain.lives[life.company.number]
        assert 7 <= len(life.closed) <= 9
        assert not any(life.active[day] for day in life.closed)
        assert [life.active[day] for day in range(DAYS) if day not in life.closed] == [
            before.active[day] for day in range(DAYS) if day not in life.closed
        ]


def test_drift_takes_users_slowly_from_one_end(plain: World) -> None:
    steady = {life.company.number for life in plain.lives if life.company.role.pattern == "steady"}
    lost = [
        [users(before.active[day]) - users(after.active[day]) for day in range(DAYS)]
        for before, after in zip(plain.lives, only("drift").lives, strict=True)
        if before.company.number in steady
    ]
    declines = [sum(of_one[60:]) - sum(of_one[:60]) for of_one in lost]
    assert any(change > 5 for change in declines)
    assert any(change < -5 for change in declines)
    assert all(of_day >= 0 for of_one in lost for of_day in of_one)


def test_no_day_has_more_users_than_seats() -> None:
    capped = [life for life in only("seat_caps").lives if seats(life.company, SEED) is not None]
    assert capped
    for life in capped:
        assert max(map(users, life.active)) <= (seats(life.company, SEED) or 0)


def test_some_customers_are_tiny(plain: World) -> None:
    made = only("tiny_customers")
    shrunk = [life for life in made.lives if life.company != plain.lives[life.company.number].company]
    assert 0 < len(shrunk) < COMPANIES / 2
    assert all(1 <= life.company.role.users <= 3 for life in shrunk)


def test_an_outage_loses_the_records_of_some_companies_on_a_complete_date() -> None:
    made = only("outages")
    lost = {
        day: sum(users(life.active[day]) > 0 and not seen.users[day] for life, seen in pairs(made))
        for day in range(DAYS)
    }
    met = [day for day, companies in lost.items() if companies]
    assert met
    assert all(lost[day] < COMPANIES / 2 for day in met)
    assert not made.fleet.missing
    assert all(
        day not in seen.recorded
        for life, seen in pairs(made)
        for day in met
        if not seen.users[day] and life.active[day]
    )


def pairs(made: World) -> list[tuple[Life, CompanyDays]]:
    return list(zip(made.lives, made.fleet.companies, strict=True))


def test_some_churned_companies_come_back_after_five_weeks() -> None:
    returned = [life for life in world(SEED, replace(PLAIN, returns=True), 160, DAYS).lives if life.returned_on]
    assert returned
    for life in returned:
        assert life.churned_on is not None
        assert life.returned_on is not None
        assert life.returned_on - life.churned_on >= 35
        assert not any(life.active[life.churned_on : life.returned_on])
        assert any(life.active[life.returned_on :])


def test_fades_take_one_to_eight_weeks() -> None:
    made = world(SEED, replace(PLAIN, fade_lengths=True), 160, DAYS)
    weeks = {life.company.role.length / 7 for life in made.lives if life.company.role.pattern == "faded"}
    assert weeks <= set(range(1, 9))
    assert len(weeks) > 3


def test_events_fall_before_users_do(plain: World) -> None:
    for before, after in zip(plain.lives, only("falling_events").lives, strict=True):
        assert list(map(users, before.active)) == list(map(users, after.active))
        if before.wave_from is not None and before.wave_from >= 40:
            assert before.active[: before.wave_from - 28] == after.active[: before.wave_from - 28]
            fortnight = range(before.wave_from - 14, before.wave_from)
            assert events(after, fortnight) < 0.8 * events(before, fortnight)


def events(life: Life, days: range) -> int:
    return sum(sum(life.active[day].values()) for day in days)


def test_dealt_countries_know_nothing_of_the_role() -> None:
    made = world(SEED, replace(PLAIN, dealt_countries=True), 160, DAYS)
    by_role: dict[str, set[str]] = {}
    for life in made.lives:
        by_role.setdefault(life.company.role.name, set()).add(life.company.role.country)
    assert all(len(countries) > 1 for countries in by_role.values())


def test_the_wave_lies_before_the_churn(hard: World) -> None:
    for life in hard.lives:
        if life.churned_on is not None:
            assert life.wave_from is not None
            assert life.wave_from <= life.churned_on
            assert not life.active[life.churned_on]
            assert life.active[life.churned_on - 1]


def test_the_crm_gives_each_day_its_country_and_contact(plain: World) -> None:
    joes = plain.fleet.companies[4]
    assert set(joes.countries) == {"US"}
    assert len(joes.in_crm) == DAYS
    contacts = [contact for contact in joes.contacts if contact is not None]
    assert all(earlier <= later for earlier, later in pairwise(contacts))
    unknown = plain.fleet.companies[38]
    assert not unknown.in_crm
