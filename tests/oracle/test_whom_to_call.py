"""Who is at risk and why: each rule on both sides of its edge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

import pytest

from .activity import views_by_day
from .fleet import Others
from .hand import JAN_1, MISSING, fleet, landed, last_row, row_on, snapshot, usage
from .model import LandedDate, Row, Snapshot, Thresholds
from .usage import read_date
from .view import View
from .whom_to_call import gap_odds
from .world import build

Users = Sequence[int | None]
SILENT_WEEK: Users = [0] * 7
D = JAN_1 + timedelta(days=48)  # a Sunday; the usual weeks begin on JAN_1
BAD = '{"company_id": " a ", "active_users": -1}'


def after(days: int) -> date:
    return JAN_1 + timedelta(days=days)


def judged(row: Row) -> list[str] | None:
    """A row's reasons; None where it is not judged."""
    assert row["is_churn_risk"] in ((None, False) if row["churn_reasons"] == [] else (True,))
    assert row["churn_reasons_text"] == ",".join(row["churn_reasons"])
    return None if row["is_churn_risk"] is None else row["churn_reasons"]


def mondays(*users: int) -> list[int | None]:
    """Weeks with users on their Monday alone."""
    return [count for monday in users for count in (monday, *[0] * 6)]


def among_others(users: Users, others: int = 3, limits: Thresholds | None = None) -> Row:
    """The last row of `a`, whose others are active every day: with three of them no day is quiet for want of `a`."""
    series = {"a": users} | {f"other-{number}": [1] * len(users) for number in range(others)}
    return row_on(build(fleet(series), [], limits), after(len(users) - 1))


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ([10, *[1] * 41, *SILENT_WEEK], 8.5),  # 51 / 6: the 10 is on D-48
        ([10, *[1] * 42, *SILENT_WEEK], 7.0),  # it is on D-49
        ([*[1] * 42, *[9] * 7], 7.0),  # this week does not count
        ([*[1] * 41, 4, *SILENT_WEEK], 7.5),  # 45 / 6: the 4 is on D-7
        ([None, *[1] * 41, *SILENT_WEEK], 7.0),  # first seen on D-47: 35 / 5
        ([*[1] * 7, MISSING, *[3] * 6, *[1] * 28, *SILENT_WEEK], 7.0),  # 35 / 5: nothing of that week counts
        ([MISSING, MISSING, *[1] * 5, MISSING, *[1] * 34, *SILENT_WEEK], 7.0),  # 28 / 4
        ([MISSING, *[1] * 6, MISSING, *[1] * 6, MISSING, *[1] * 27, *SILENT_WEEK], None),  # three weeks
        ([*[1] * 28, *SILENT_WEEK], 7.0),  # first seen on D-34: 28 / 4
        ([*[1] * 27, *SILENT_WEEK], None),  # on D-33
        ([0] * 49, 0.0),
        ([*[1] * 42, MISSING, *[0] * 6], 7.0),  # a hole in this week hides nothing of the usual ones
    ],
)
def test_the_usual_week(users: Users, expected: float | None) -> None:
    assert last_row(users)["usual_user_days_7d"] == expected


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        (mondays(*[10] * 6, 4), 6),
        (mondays(*[10] * 6, 10), 0),
        (mondays(*[10] * 6, 99), 0),
        (mondays(15, *[12] * 5, 0), 13),  # 75 / 6 = 12.5
        (mondays(15, *[12] * 5, 12), 1),  # 0.5
        (mondays(14, *[12] * 5, 12), 0),  # 74 / 6 − 12 = 0.33
        ([0, *mondays(*[10] * 3, 4)], None),  # three weeks
        ([*mondays(*[10] * 6), 4, MISSING, *[0] * 5], None),
    ],
)
def test_what_is_missing_of_the_usual_week(users: Users, expected: int | None) -> None:
    assert last_row(users)["missing_user_days_7d"] == expected


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        (mondays(*[36] * 6, 18), []),  # a half
        (mondays(*[36] * 6, 17), ["DECLINING"]),  # 19 missing ≥ 3·√36
        (mondays(*[25] * 6, 10), ["DECLINING"]),  # 15 = 3·√25
        (mondays(*[25] * 6, 11), []),  # 14, though below a half
        (mondays(*[9] * 6, 0), ["DECLINING"]),  # 9 = 3·√9
        (mondays(*[8] * 6, 0), []),  # 8 < 8.49
        (mondays(13, *[12] * 5, 1), ["DECLINING"]),  # F 12.17: 11.17 ≥ 10.46
        (mondays(13, *[12] * 5, 2), []),  # 10.17
        (mondays(*[36] * 4, 17), ["DECLINING"]),  # four weeks
        (mondays(*[36] * 3, 17), []),  # three
        (mondays(*[0] * 6, 0), []),
        ([*mondays(*[36] * 6), 17, MISSING, *[0] * 5], None),
    ],
)
def test_declining(users: Users, expected: list[str] | None) -> None:
    assert judged(last_row(users)) == expected


@pytest.mark.parametrize(
    ("active_days", "silent_days", "expected"),
    [
        (46, 3, []),  # n = 6: (1/8)³ = 1/512
        (45, 4, ["UNUSUAL_SILENCE"]),  # 1/4096
        (32, 3, []),  # first seen on D-34, n = 4: (1/6)³ = 1/216
        (31, 4, ["UNUSUAL_SILENCE"]),  # 1/1296
        (30, 4, []),  # first seen on D-33: three usual weeks
    ],
)
def test_unusual_silence_of_one_that_is_active_every_day(
    active_days: int, silent_days: int, expected: list[str]
) -> None:
    assert judged(among_others([*[1] * active_days, *[0] * silent_days])) == expected


@pytest.mark.parametrize(("thursdays", "expected"), [(3, ["UNUSUAL_SILENCE"]), (2, [])])
def test_unusual_silence_asks_each_weekday(thursdays: int, expected: list[str]) -> None:
    """Silent from Thursday to Sunday: (1/8)³ · 4/8 = 1/1024 ≤ 1/1000 < (1/8)³ · 5/8 = 1/819."""
    weeks = [day for week in range(6) for day in (1, 1, 1, int(week < thursdays), 1, 1, 1)]
    assert judged(among_others([*weeks, 1, 1, 1, *[0] * 4])) == expected


def test_a_silence_of_one_day_is_none_whatever_its_odds() -> None:
    anything = Thresholds(silence_odds_per_mille=1000)
    assert judged(among_others([*[1] * 48, 0], limits=anything)) == []
    assert judged(among_others([*[1] * 47, 0, 0], limits=anything)) == ["UNUSUAL_SILENCE"]


@pytest.mark.parametrize(("per_mille", "expected"), [(124, []), (125, ["UNUSUAL_SILENCE"])])
def test_odds_may_be_just_those_of_the_limit(per_mille: int, expected: list[str]) -> None:
    """Of two silent days the first is quiet (2 of 4 are active), so that the odds are 1/8."""
    series = {"a": [*[1] * 47, 0, 0], "b": [*[1] * 47, 0, 1], "c": [1] * 49, "d": [1] * 49}
    world = build(fleet(series), [], Thresholds(silence_odds_per_mille=per_mille))
    assert judged(row_on(world, D)) == expected


def test_days_on_which_others_are_silent_too_do_not_count() -> None:
    users = [*[1] * 45, *[0] * 4]
    assert judged(among_others(users, others=3)) == ["UNUSUAL_SILENCE"]  # 3 of 4 are three quarters
    assert judged(among_others(users, others=2)) == []  # 2 of 3 are fewer: each of its silent days is quiet


def view_on(landed_dates: list[LandedDate], day: date, *snapshots: Snapshot) -> View:
    """How `a` is seen on a day."""
    world = build(landed_dates, snapshots)
    days = [read_date(one) for one in landed_dates if one.items is not None]
    [view] = [
        view
        for views in views_by_day(days, world.companies, world.history)
        for view in views
        if (view.day, view.subject.company_id) == (day, "a")
    ]
    return view


def odds(users: Users, gap: int, *quiet: int) -> Fraction:
    """The odds of a gap of `a` that ends with its last day; quiet days are given by their number."""
    day = after(len(users) - 1)
    return gap_odds(view_on(usage(users), day), gap, Others(1000, frozenset(map(after, quiet))))


def test_the_odds_of_a_gap() -> None:
    assert odds([*[1] * 47, 0, 0], 2) == Fraction(1, 64)
    assert odds([*[1] * 47, 0, 0], 2, 48) == Fraction(1, 8)  # D is quiet
    assert odds([*[1] * 47, 0, 0], 2, 47, 48) == 1
    assert odds([1, *[0] * 48], 2) == Fraction(7, 8) ** 2
    # Silent for eight days: D-7 is D's weekday, counts as a day of the gap, and as one of six on which to be active.
    assert odds([*[1] * 41, *[0] * 8], 8) == Fraction(1, 8) ** 6 * Fraction(2, 8) ** 2
    # Missing, it is neither.
    assert odds([*[1] * 41, MISSING, *[0] * 7], 8) == Fraction(1, 8) ** 6 * Fraction(1, 7)
    # D-49 is D's weekday and too long ago, D-42 is not.
    assert odds([1, *[0] * 48, 0], 1) == Fraction(7, 8)
    assert odds([1, *[0] * 41, 0], 1) == Fraction(6, 8)
    # From the first seen date on: of D's weekday there are four dates, all active.
    assert odds([None, *[1] * 34, 0], 1) == Fraction(1, 6)
    assert odds([1, *[1] * 34, 0], 1) == Fraction(1, 7)


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ([1, *[None] * 7], ["SILENT"]),
        ([1, *[None] * 6], []),  # active on D-6
        ([1, MISSING, *[0] * 7], ["SILENT"]),  # the last 7 dates are complete
        ([1, *[0] * 6, MISSING, *[0] * 6], None),
        ([1, *[0] * 27], ["SILENT"]),
        ([1, *[0] * 28], []),  # gone
        ([1, *[0] * 59], []),
        ([1, *[0] * 60], []),  # gone, and nobody remembers when
        ([0] * 8, []),  # never came
        ([0, *[0] * 8, 1], []),
    ],
)
def test_silence_of_one_without_a_usual_week(users: Users, expected: list[str] | None) -> None:
    assert judged(last_row(users)) == expected


def test_silence_is_for_those_without_a_usual_week() -> None:
    for is_new, expected in ((True, ["SILENT"]), (False, [])):  # four weeks end with D-7, or but for their first day
        users = [*[0] * (27 - is_new), 1, *[0] * 7]
        row = last_row(users)
        assert (row["usual_user_days_7d"] is None, judged(row)) == (is_new, expected)


@pytest.mark.parametrize(("quiet", "expected"), [(2, ["SILENT"]), (3, [])])
def test_silence_where_everybody_is_silent_is_none(quiet: int, expected: list[str]) -> None:
    series = {
        "a": [*[None] * 34, 1, *[None] * 7],
        "b": [*[1] * (42 - quiet), *[None] * quiet],
    }
    assert judged(row_on(build(fleet(series), []), after(41))) == expected


def test_the_gone_are_not_at_risk() -> None:
    silent_27, silent_28 = ([*[10] * (49 - days), *[0] * days] for days in (27, 28))
    assert judged(among_others(silent_27)) == ["DECLINING", "UNUSUAL_SILENCE"]
    assert judged(among_others(silent_28)) == []
    assert judged(among_others(silent_28, limits=Thresholds(gone_after_days=29))) == ["DECLINING", "UNUSUAL_SILENCE"]
    assert last_row(silent_28)["missing_user_days_7d"] == 35  # 210 / 6: still said


def test_one_that_is_not_yet_active_is_not_gone() -> None:
    world = build(usage([*[None] * 7, 1]), [snapshot(JAN_1)])
    assert [judged(row) for row in world.activity] == [*[None] * 6, [], []]


@pytest.mark.parametrize(
    ("refused_on", "expected"),
    [(0, None), (6, None), (7, ["SILENT"])],  # days before D
    ids=["on D", "on D-6", "on D-7"],
)
@pytest.mark.parametrize(
    ("text", "names_it"),
    [(BAD, True), ('{"company_id": "b"}', False), ('{"company_id": 7}', False)],
    ids=["its own", "another's", "nobody's"],
)
def test_a_refused_record_is_not_silence(
    refused_on: int, expected: list[str] | None, text: str, names_it: bool
) -> None:
    days = usage([5, *[None] * 9])
    place = len(days) - 1 - refused_on
    days[place] = landed(days[place].date, text)
    assert judged(row_on(build(days, []), days[-1].date)) == (expected if names_it else ["SILENT"])


def test_a_refused_record_that_a_newer_generation_replaced_hides_nothing() -> None:
    *before, last = usage([5, *[None] * 9])
    again = [landed(last.date, '{"company_id": "a"}'), LandedDate(last.date, 2, ())]
    assert judged(row_on(build([*before, *again], []), last.date)) == ["SILENT"]


def test_a_refused_record_hides_the_judgement_and_not_the_numbers() -> None:
    *before, last = usage(mondays(*[36] * 6, 17))
    row = row_on(build([*before, landed(last.date, BAD)], []), last.date)
    assert judged(row) is None
    assert (row["usual_user_days_7d"], row["fleet_pace"], row["missing_user_days_7d"]) == (36.0, 1000, 19)


@pytest.mark.parametrize(
    ("users", "contact", "expected"),
    [
        ([3, *[0] * 6], None, True),  # Σ 3
        ([4, *[0] * 6], None, False),
        ([3, *[0] * 5], None, False),  # six dates only
        ([3, MISSING, *[0] * 5], None, False),
        ([0] * 7, None, False),  # never came
        ([1, *[0] * 59], None, True),  # gone
        ([1, *[0] * 60], None, False),
        ([*[9] * 24, *[0] * 6, 3], "2024-01-01T23:59Z", False),  # 31 January: 30 days after the contact
        ([*[9] * 25, *[0] * 6, 3], "2024-01-01T23:59Z", True),  # 31 days after
    ],
)
def test_a_contact_is_due(users: Users, contact: str | None, expected: bool) -> None:
    assert last_row(users, snapshot(JAN_1, "Acme", contact))["is_contact_due"] is expected


def test_a_contact_is_due_only_with_a_company_known_on_the_day() -> None:
    low_use: Users = [3, *[0] * 6]
    assert last_row(low_use)["is_contact_due"] is False
    assert last_row(low_use, snapshot(after(7)))["is_contact_due"] is False  # backdated
    assert last_row(low_use, snapshot(after(6)))["is_contact_due"] is True


def test_a_refused_record_does_not_hide_that_a_contact_is_due() -> None:
    *before, last = usage([3, *[0] * 6])
    row = row_on(build([*before, landed(last.date, BAD)], [snapshot(JAN_1)]), last.date)
    assert (judged(row), row["is_contact_due"]) == (None, True)
