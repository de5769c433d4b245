"""The activity table against the plain-Python oracle: 300 random histories, many of them in each DataFrame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from company_activity.gates.reasons import split_by_reasons
from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.transforms.activity import ActivityInputs
from company_activity.transforms.calendar import calendar_rows
from company_activity.transforms.usage import keep_latest_record, parse_usage

from oracle.cases import History, merge, random_worlds
from oracle.hand import item
from oracle.model import Item, LandedDate
from oracle.world import World, build
from support.orders.histories import (
    activity_inputs,
    activity_of,
    complete_days,
    landed_lines,
    staged_snapshots,
)
from support.spark.compare import differences
from support.spark.frames import dictionaries
from support.spark.settings import ANSI, having_set

pytestmark = pytest.mark.spark

# A seed fixes a calendar, which its histories share; → how many there are of it.
HISTORIES = {
    28: 80,  # New Year 2024 and its leap day; 10 dates never landed, the newest generation of 6 more is missing
    27: 100,  # 28 February 2025, no hole
    25: 120,  # 19 dates: no window is ever full; 3 of them are no data
}
AT_NIGHT = [pytest.mark.long, pytest.mark.nightly]
# Users from a Monday on, whose estimate after the last of them is a half that a double misses by its last bits.
MOMENTS = {"half-32": [12, 16, 10, 16], "half-227": [86, 92, 105, 95], "half-617": [249, 269, 266, 242],
           "half-273": [88, 99, 107], "half-1914": [674, 669, 715], "half-2494": [1032, 981, 1029]}  # fmt: skip
HAND_MADE_PAGE = 1_000_000
NO_HOLE = 27
COLUMNS = [c for c in COMPANY_ACTIVITY_DAILY.column_names if c not in COMPANY_ACTIVITY_DAILY.unhashed]
Key = tuple[str, date]
Row = dict[str, Any]


@cache
def told(seed: int) -> tuple[History, World]:
    """The histories of a calendar as one, and what the oracle makes of them."""
    histories = random_worlds(seed, HISTORIES[seed])
    if seed == NO_HOLE:
        histories.append(hand_made(histories[0], MOMENTS))
    history = merge(histories)
    return history, build(*history)


def hand_made(random: History, series: Mapping[str, list[int]]) -> History:
    """Companies with one record a day from the calendar's first Monday on, on the landed dates of a random history."""
    landed, _ = random
    monday = next(day.date for day in landed if day.date.weekday() == 0)
    return tuple(replace(day, items=records_of(series, day, monday)) for day in landed), ()


def records_of(series: Mapping[str, list[int]], day: LandedDate, monday: date) -> tuple[Item, ...] | None:
    """The items of one date."""
    if day.items is None:
        return None
    number = (day.date - monday).days
    sent = {company: users[number] for company, users in series.items() if 0 <= number < len(users)}
    return tuple(
        Item(HAND_MADE_PAGE, place, item(day.date, users, users, company))
        for place, (company, users) in enumerate(sorted(sent.items()))
    )


@dataclass(frozen=True)
class Case:
    """A calendar's histories in Spark, parsed once, beside what the oracle says of them."""

    world: World
    parsed: DataFrame
    inputs: ActivityInputs
    complete: list[date]

    def expected(self, dates: Collection[date]) -> dict[Key, Row]:
        rows = [row for row in self.world.activity if row["activity_date"] in dates]
        return {(row["company_id"], row["activity_date"]): row for row in rows}


@pytest.fixture(scope="module")
def cases(spark: SparkSession) -> Iterator[Callable[[int], Case]]:
    """The case of a seed, made once."""
    yield cache(lambda seed: case_of(spark, seed))
    spark.catalog.clearCache()


def case_of(spark: SparkSession, seed: int) -> Case:
    history, world = told(seed)
    complete = [day.date for day in complete_days(history)]
    parsed = landed_lines(spark, history).repartition(3).transform(parse_usage).cache()
    return Case(world, parsed, activity_inputs(spark, parsed, staged_snapshots(spark, world), complete), complete)


def check(table: DataFrame, expected: dict[Key, Row]) -> None:
    rows = dictionaries(table)
    found = {(row["company_id"], row["activity_date"]): row for row in rows}
    assert table.columns == COLUMNS
    assert len(rows) == len(found)
    assert found.keys() == expected.keys()
    wrong = {key: said for key in expected if (said := differences(expected[key], found[key], COLUMNS))}
    by_column = Counter(one.split(":")[0] for said in wrong.values() for one in said)
    assert not wrong, (by_column, list(wrong.items())[:5])


def test_the_histories_are_300_and_their_calendars_hold_what_hides_faults() -> None:
    assert sum(HISTORIES.values()) >= 300
    landed = [{day.date for day in told(seed)[0][0]} for seed in HISTORIES]
    complete = [{day.date for day in complete_days(told(seed)[0])} for seed in HISTORIES]
    ends = {date(2023, 12, 31), date(2024, 1, 1)}, {date(2024, 2, 29)}, {date(2025, 2, 28), date(2025, 3, 1)}
    assert all(any(end <= dates for dates in complete) for end in ends)
    assert sum(len(spanned(dates) - dates) for dates in landed) >= 10  # never landed
    assert sum(len(all_ - whole) for all_, whole in zip(landed, complete, strict=True)) >= 8  # landed as missing
    assert max(map(len, complete)) > 80 > 20 > min(map(len, complete))


def spanned(dates: set[date]) -> set[date]:
    first = min(dates)
    return {first + timedelta(days=n) for n in range((max(dates) - first).days + 1)}


def test_the_companies_join_late_send_twice_and_fall_idle() -> None:
    for seed in HISTORIES:
        history, world = told(seed)
        first = complete_days(history)[0].date
        late = sum(company["first_seen_date"] > first + timedelta(days=3) for company in world.companies)
        assert late > 50
        assert sum(count["duplicates"] for count in world.counts if count["path"] is None) > 50
        idle = sum(record["active_users"] == 0 for record in world.staged_usage)
        absent = len(world.activity) - len({(r["company_id"], r["date"]) for r in world.staged_usage})
        assert min(idle, absent, len(world.quarantine)) > 50


def test_many_rows_are_not_judged_for_either_reason_and_many_are() -> None:
    not_judged, of_refusals, at_risk = 0, 0, 0
    for seed in HISTORIES:
        rows = told(seed)[1].activity
        not_judged += sum(row["is_churn_risk"] is None for row in rows)
        of_refusals += sum(row["is_churn_risk"] is None and row["days_observed_7d"] == 7 for row in rows)
        at_risk += sum(row["is_churn_risk"] is True for row in rows)
    assert not_judged - of_refusals > 500
    assert of_refusals > 500
    assert at_risk > 500


def test_a_missing_week_before_leaves_states_open() -> None:
    rows = told(28)[1].activity
    this_week_is_whole = [row for row in rows if row["days_observed_7d"] == 7 and row["lifecycle_state"] is None]
    assert sum(row["active_days_7d"] == 0 for row in this_week_is_whole) > 20  # dormant or inactive
    assert sum(row["active_days_7d"] > 0 for row in this_week_is_whole) > 20  # returning or resurrected


def test_a_half_that_a_double_misses_is_rounded_up() -> None:
    world = told(NO_HOLE)[1]
    first = {name: min(r["date"] for r in world.staged_usage if r["company_id"] == name) for name in MOMENTS}
    ends = {(name, first[name] + timedelta(days=len(users) - 1)) for name, users in MOMENTS.items()}
    rows = [row for row in world.activity if (row["company_id"], row["activity_date"]) in ends]
    assert {row["company_id"]: (row["mau_method"], row["est_monthly_active_users"]) for row in rows} == {
        name: ("binomial_moment", int(name.split("-")[1]) + 1) for name in MOMENTS
    }


@pytest.mark.parametrize("seed", HISTORIES)
def test_staged_records_and_quarantine_are_as_the_oracle_says(cases: Callable[[int], Case], seed: int) -> None:
    case = cases(seed)
    good, broken = split_by_reasons(case.parsed)
    key = ("date", "page", "item")
    columns = ["company_id", "active_users", "events", "ts", "generation", "raw_json"]
    expected = {tuple(row[name] for name in key): row for row in case.world.staged_usage}
    found = {tuple(row[name] for name in key): row for row in dictionaries(good.transform(keep_latest_record))}
    assert found.keys() == expected.keys()
    assert not [said for at in expected if (said := differences(expected[at], found[at], columns))]
    place = (*key, "reasons", "raw")
    refused = [tuple(r[name] for name in place) for r in case.world.quarantine if r["source"] == "usage"]
    assert sorted(tuple(row) for row in broken.select(*place).collect()) == sorted(refused)


@pytest.mark.parametrize("seed", HISTORIES)
def test_every_column_is_as_the_oracle_says(cases: Callable[[int], Case], seed: int) -> None:
    case = cases(seed)
    check(activity_of(case.inputs, by_slices=False), case.expected(case.complete))


@pytest.mark.parametrize("seed", [28, *(pytest.param(seed, marks=AT_NIGHT) for seed in (27, 25))])
def test_so_it_is_where_dates_are_sliced(spark: SparkSession, cases: Callable[[int], Case], seed: int) -> None:
    case = cases(seed)
    check_some_dates(case, case.complete[::3], by_slices=True)


def test_so_it_is_where_windows_reach_back_of_the_dates(spark: SparkSession, cases: Callable[[int], Case]) -> None:
    case = cases(28)
    check_some_dates(case, case.complete[-20::3], by_slices=False)


@pytest.mark.long
@pytest.mark.nightly
@pytest.mark.parametrize("is_ansi", ["true", "false"])
def test_so_it_is_whether_spark_is_ansi_or_not_and_names_are_of_exact_letters(
    spark: SparkSession, is_ansi: str
) -> None:
    with having_set(spark, {ANSI: is_ansi, "spark.sql.caseSensitive": "true"}):
        case = case_of(spark, 25)
        check_some_dates(case, case.complete[::4], by_slices=True)
        check_some_dates(case, case.complete[-2:], by_slices=False)
        case.parsed.unpersist()


def check_some_dates(case: Case, dates: list[date], *, by_slices: bool) -> None:
    """Build these dates alone, as a run does: what is before them is read and not built."""
    inputs = replace(case.inputs, calendar=calendar_rows(dates, case.complete))
    check(activity_of(inputs, by_slices=by_slices), case.expected(dates))
