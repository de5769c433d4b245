"""The pace of the fleet and its quiet days: whom they are told of, and each edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from .activity import views_by_day
from .fleet import Fleet, build_fleet
from .hand import JAN_1, MISSING, countries, fleet, row_on
from .model import LandedDate, Snapshot, Thresholds
from .usage import read_date
from .world import build

Users = Sequence[int | None]
D = JAN_1 + timedelta(days=48)  # a Sunday; the usual weeks begin on JAN_1


def after(days: int) -> date:
    return JAN_1 + timedelta(days=days)


def weeks(usual: int, this: int) -> list[int | None]:
    """Six usual weeks and this one, with users on their Monday alone."""
    return [count for monday in (*[usual] * 6, this) for count in (monday, *[0] * 6)]


def several(prefix: str, *this_weeks: int, usual: int = 10) -> dict[str, Users]:
    """Companies whose weeks are usual but for this one."""
    return {f"{prefix}{number}": weeks(usual, week) for number, week in enumerate(this_weeks)}


def pace(series: Mapping[str, Users], *snapshots: Snapshot, company_id: str = "a0") -> Any:
    return row_on(build(fleet(series), snapshots), D, company_id)["fleet_pace"]


@pytest.mark.parametrize(
    ("this_weeks", "expected"),
    [
        ([*[8] * 10, *[9] * 10], 800),  # the 10th smallest of 20
        ([*[8] * 9, *[9] * 11], 900),
        ([*[8] * 10, *[9] * 11], 900),  # the 11th of 21
        ([*[8] * 11, *[9] * 10], 800),
        ([8] * 19, 1000),  # too few
        ([0] * 20, 0),
        ([12] * 20, 1000),  # at most as usual
    ],
)
def test_the_pace_is_the_lower_median_of_20_or_more(this_weeks: list[int], expected: int) -> None:
    assert pace(several("a", *this_weeks)) == expected


def test_the_pace_is_rounded_down() -> None:
    assert pace(several("a", *[29] * 20, usual=30)) == 966  # 966.7


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (weeks(10, 8), 800),
        ([9, *weeks(10, 8)[1:]], 1000),  # 59 user-days in six weeks
        ([None, *weeks(10, 8)[1:]], 800),  # first seen on D-42: 50 in five
        ([*[None] * 8, *weeks(10, 8)[8:]], 800),  # on D-35 or before: 40 in four
        ([*[None] * 15, *weeks(10, 8)[15:]], 1000),  # three weeks
    ],
)
def test_of_whom_the_pace_is_told(last: Users, expected: int) -> None:
    assert pace(several("a", *[8] * 19) | {"last": last}) == expected


def test_a_row_that_has_no_pace_of_its_own_takes_that_of_the_fleet() -> None:
    newcomer = {"new": [*[None] * 48, 1]}
    assert pace(several("a", *[8] * 20) | newcomer, company_id="new") == 800


def test_there_is_no_pace_where_a_date_of_the_week_is_missing() -> None:
    whole = several("a", *[8] * 20)
    for missing, expected in ((41, 800), (42, None), (47, None)):  # D-7, D-6, D-1
        holed = {name: [*users[:missing], MISSING, *users[missing + 1 :]] for name, users in whole.items()}
        assert pace(holed) == expected


# 20 of one country at a half, 20 of another as usual, 5 of a third; one that the CRM does not know.
OF_COUNTRIES = several("de", *[5] * 20) | several("fr", *[10] * 20) | several("pt", *[7] * 5) | several("a", 7)
COUNTRIES = {name: name[:2].upper() for name in OF_COUNTRIES if name != "a0"}


def test_the_pace_is_of_the_country_or_of_all() -> None:
    known = countries(JAN_1, COUNTRIES)
    assert pace(OF_COUNTRIES, known, company_id="de0") == 500
    assert pace(OF_COUNTRIES, known, company_id="fr0") == 1000
    assert pace(OF_COUNTRIES, known, company_id="pt0") == 700  # the 23rd of 46
    assert pace(OF_COUNTRIES, known, company_id="a0") == 700


def test_20_of_no_country_are_no_country() -> None:
    known = countries(JAN_1, {name: country for name, country in COUNTRIES.items() if country != "FR"})
    assert pace(OF_COUNTRIES, known, company_id="fr0") == 700


def test_one_company_too_few_makes_all_of_them_count() -> None:
    moved = countries(JAN_1, COUNTRIES | {"de0": "PT"})
    assert pace(OF_COUNTRIES, moved, company_id="de1") == 700
    assert pace(OF_COUNTRIES, moved, company_id="de0") == 700


@pytest.mark.parametrize(("late", "expected"), [(0, 500), (1, 500), (60, 500), (61, 700)])
def test_a_country_is_that_of_the_row_backdated_too(late: int, expected: int) -> None:
    known = countries(D + timedelta(days=late), COUNTRIES)
    assert pace(OF_COUNTRIES, known, company_id="de0") == expected


def test_a_country_is_that_of_the_day() -> None:
    known, moved = countries(JAN_1, COUNTRIES), countries(D, {"de0": "FR"})
    world = build(fleet(OF_COUNTRIES), [known, moved])
    assert row_on(world, D, "de0")["fleet_pace"] == 1000
    assert row_on(world, D, "de1")["fleet_pace"] == 700  # 19 are left


def test_missing_user_days_and_decline_are_told_at_the_pace_of_the_fleet() -> None:
    others = several("a", *[5] * 20)
    world = build(fleet(others | {"half": weeks(100, 25), "less": weeks(100, 24)}), [])
    half, less = row_on(world, D, "half"), row_on(world, D, "less")
    assert (half["missing_user_days_7d"], half["churn_reasons"]) == (25, [])  # 25 is a half of 50
    assert (less["missing_user_days_7d"], less["churn_reasons"]) == (26, ["DECLINING"])


def fleet_on(landed: list[LandedDate], day: date, *snapshots: Snapshot, limits: Thresholds | None = None) -> Fleet:
    """What the rows of a day read of each other."""
    world = build(landed, snapshots)
    days = [read_date(one) for one in landed if one.items is not None]
    by_day = views_by_day(days, world.companies, world.history)
    [views] = [views for views in by_day if views and views[0].day == day]
    return build_fleet(views, limits or Thresholds())


def quiet(series: Mapping[str, Users], day: int) -> list[int]:
    """The numbers of the quiet days among all that have a row."""
    return sorted((found - JAN_1).days for found in fleet_on(fleet(series), after(day))[None].quiet)


def active(*numbers: int) -> dict[str, Users]:
    """As many companies active as each day's number says."""
    return {f"c{place}": [int(place < number) for number in numbers] for place in range(max(numbers))}


def weekly(*numbers: int) -> dict[str, Users]:
    """The same of Mondays; on other days all are active. The last day is the last Monday."""
    most = max(numbers)
    return active(*[count for monday in numbers for count in (monday, *[most] * 6)][:-6])


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((4, 4, 4, 4, 3), []),  # 4 · 3 = 3 · 4
        ((4, 4, 4, 4, 2), [28]),
        ((4, 4, 4, 2), []),  # three before it
        ((4, 4, 2, 2, 2), []),  # the lower median is 2
        ((4, 2, 2, 4, 1), [28]),
        ((4, 4, 4, 2, 2), [28]),  # the lower median is 4
        ((0, 0, 0, 4, 0), []),
        ((4, 4, 4, 4, 4, 4, 2), [42]),
        ((4, 4, 4, 4, 3, 3, 3, 3, 2), [56]),  # 3 3 3 3 4 4: 8 < 9
        ((2, 4, 4, 4, 2, 2, 2), [28, 35]),  # on the last one 2 2 2 4 4 4, the first of them six weeks ago
        ((4, 4, 4, 4, 2, 2, 2, 2, 2), [28, 35, 42]),  # then it is usual: 2 2 2 4 4 4
    ],
)
def test_quiet_days(numbers: tuple[int, ...], expected: list[int]) -> None:
    assert quiet(weekly(*numbers), 7 * len(numbers) - 7) == expected


def test_a_missing_date_is_no_number() -> None:
    def holed(missing: int, *numbers: int) -> dict[str, Users]:
        whole = weekly(*numbers)
        return {name: [*users[:missing], MISSING, *users[missing + 1 :]] for name, users in whole.items()}

    assert quiet(holed(7, 4, 4, 4, 4, 0), 28) == []
    assert quiet(holed(7, 4, 4, 4, 4, 4, 0), 35) == [35]
    assert quiet(holed(28, 4, 4, 4, 4, 0, 0), 35) == [35]


def test_dates_before_d_59_are_not_looked_at() -> None:
    numbers = {4: 1, 11: 4, 18: 4, 25: 4, 32: 0, 39: 4, 46: 4}
    series = active(*[numbers.get(day, 4) for day in range(70)])
    assert quiet(series, 63) == [32]  # D-59 is day 4
    assert quiet(series, 64) == []


def of_two(first: int = 20, second: int = 60, other_day: int | None = None) -> tuple[dict[str, Users], Snapshot]:
    """Companies of two countries; on the last day nobody of the first is active. `de0` may be on one other day alone."""
    always: list[int | None] = [1] * 28
    small: dict[str, Users] = {f"de{number}": [*always, 0] for number in range(first)}
    if other_day is not None:
        small["de0"] = [int(day == other_day) for day in range(29)]
    large: dict[str, Users] = {f"fr{number}": [*always, 1] for number in range(second)}
    return small | large, countries(JAN_1, {name: name[:2].upper() for name in small | large})


def quiet_in(series: Mapping[str, Users], *snapshots: Snapshot) -> dict[str | None, bool]:
    """By country whether the last day is quiet."""
    return {country: after(28) in one.quiet for country, one in fleet_on(fleet(series), after(28), *snapshots).items()}


def test_a_quiet_day_is_one_of_the_country() -> None:
    assert quiet_in(*of_two()) == {"DE": True, "FR": False, None: False}  # of all: 4 · 60 = 3 · 80
    assert quiet_in(*of_two(second=59)) == {"DE": True, "FR": False, None: True}


def test_a_country_of_fewer_than_20_active_companies_counts_with_all() -> None:
    assert quiet_in(*of_two(first=19)) == {"DE": False, "FR": False, None: False}
    assert quiet_in(*of_two(other_day=99)) == {"DE": False, "FR": False, None: False}  # one of 20 never was active


def test_the_20_must_be_active_on_one_date() -> None:
    """A day's count never passes 19: `de0` is active on the day when another is not."""
    series, known = of_two(other_day=3)
    series["de1"] = [day if place != 3 else 0 for place, day in enumerate(series["de1"])]
    assert not quiet_in(series, known)["DE"]


def test_countries_count_as_of_d() -> None:
    series, known = of_two(first=21, second=63)
    moved = countries(after(28), {"de0": "FR", "de1": "FR"})
    assert quiet_in(series, known)["DE"]
    assert not quiet_in(series, known, moved)["DE"]  # 19 are left; of all, 63 of 84 are three quarters


def test_backdated_countries_count() -> None:
    series, _ = of_two()
    by_name = {name: name[:2].upper() for name in series}
    assert quiet_in(series, countries(after(28 + 60), by_name)) == {"DE": True, "FR": False, None: False}
    assert quiet_in(series, countries(after(28 + 61), by_name)) == {None: False}
