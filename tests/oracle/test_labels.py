"""Attributes, churn reasons, sources and quality flags of a row, each on both sides of its edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from .hand import JAN_1, MISSING, item, landed, last_row, only, row_on, snapshot, usage
from .model import LandedDate, Row, Snapshot
from .world import build

CONTACT = "2024-01-01T23:59:59Z"
NAMES = ("company_name", "country", "industry_tag", "last_contact_at", "source", "data_quality_flag")


def after(days: int) -> date:
    return JAN_1 + timedelta(days=days)


def on_jan_1(*snapshots: Snapshot) -> Row:
    return only(row_on(build(usage([1]), snapshots), JAN_1), *NAMES)


def named(name: str, country: str | None, tag: str | None, contact: datetime | None, *ends: str) -> Row:
    return dict(zip(NAMES, (name, country, tag, contact, *ends), strict=True))


def test_attributes_are_those_of_the_day_backdated_for_60_days_and_then_unknown() -> None:
    contact = datetime(2024, 1, 1, 23, 59, 59, tzinfo=UTC)
    known = named("Acme", "DE", "retail", contact, "merged", "WARMUP")
    backdated = named("Acme", "DE", "retail", None, "merged", "ATTRIBUTES_BACKDATED")
    unknown = named("UNKNOWN", None, None, None, "product_api", "UNKNOWN_COMPANY")
    assert on_jan_1(snapshot(JAN_1, "Acme", CONTACT)) == known
    assert on_jan_1(snapshot(after(1), "Acme", CONTACT)) == backdated
    assert on_jan_1(snapshot(after(60), "Acme", CONTACT)) == backdated
    assert on_jan_1(snapshot(after(61), "Acme", CONTACT)) == on_jan_1() == unknown


def test_a_null_name_is_unknown_and_the_rest_stays() -> None:
    assert on_jan_1(snapshot(JAN_1, "  ")) == named("UNKNOWN", "DE", "retail", None, "merged", "UNKNOWN_COMPANY")
    assert on_jan_1(snapshot(after(9), None)) == named("UNKNOWN", "DE", "retail", None, "merged", "UNKNOWN_COMPANY")


def test_a_rename_holds_from_its_day_on() -> None:
    world = build(usage([1, 1, 1]), [snapshot(after(2), "New"), snapshot(JAN_1, "Old")])
    assert [row["company_name"] for row in world.activity] == ["Old", "Old", "New"]


@pytest.mark.parametrize(
    ("users", "contact", "expected"),
    [
        ([3, *[0] * 6], None, ["LOW_USE_NO_CONTACT"]),  # Σ 3
        ([4, *[0] * 6], None, []),
        ([3, *[0] * 5], None, None),  # six dates only
        ([3, MISSING, *[0] * 5], None, None),
        (
            [*[9] * 24, *[0] * 6, 3],
            "2024-01-01T23:59Z",
            ["SHARP_DROP"],
        ),  # 31 January: 30 days after the contact
        (
            [*[9] * 25, *[0] * 6, 3],
            "2024-01-01T23:59Z",
            ["LOW_USE_NO_CONTACT", "SHARP_DROP"],
        ),  # 31 days after
    ],
)
def test_low_use_without_contact(users: list[int | None], contact: str | None, expected: list[str] | None) -> None:
    assert judged(last_row(users, snapshot(JAN_1, "Acme", contact))) == expected


def judged(row: Row) -> list[str] | None:
    """A row's reasons; None where it is not judged."""
    assert row["is_churn_risk"] in ((None, False) if row["churn_reasons"] == [] else (True,))
    return None if row["is_churn_risk"] is None else row["churn_reasons"]


def test_no_contact_is_a_risk_only_for_a_company_known_on_the_day() -> None:
    low_use: list[int | None] = [3, *[0] * 6]
    assert last_row(low_use)["churn_reasons"] == []
    assert last_row(low_use, snapshot(after(7)))["churn_reasons"] == []  # backdated
    assert last_row(low_use, snapshot(after(6)))["churn_reasons"] == ["LOW_USE_NO_CONTACT"]


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ([10, *[0] * 6, 2, *[0] * 6], ["SHARP_DROP"]),  # 2 < 3.0
        ([10, *[0] * 6, 3, *[0] * 6], []),  # 3 = 0.3 · 10
        ([9, *[0] * 6, 2, *[0] * 6], []),  # base 9
        ([5, 9, *[0] * 6, 2, *[0] * 6], []),  # the 5 is on D-14
        ([*[0] * 6, 10, 2, *[0] * 6], ["SHARP_DROP"]),  # the 10 is on D-7
        ([10, MISSING, *[0] * 5, 2, *[0] * 6], []),  # 13 dates
        ([10, *[0] * 6, *[None] * 7], ["SHARP_DROP", "SILENT"]),
        ([1, *[0] * 7], ["SILENT"]),
        ([1, MISSING, *[0] * 7], ["SILENT"]),  # the last 7 dates are complete
        ([1, *[0] * 6, MISSING, *[0] * 6], None),
        ([1, *[0] * 59], ["SILENT"]),
        ([1, *[0] * 60], []),  # gone
        ([0] * 8, []),  # never came
    ],
)
def test_sharp_drops_and_silence(users: list[int | None], expected: list[str] | None) -> None:
    assert judged(last_row(users)) == expected


@pytest.mark.parametrize(
    ("refused_on", "expected"),
    [(0, None), (6, None), (7, ["SILENT"])],  # days before D
    ids=["on D", "on D-6", "on D-7"],
)
@pytest.mark.parametrize(
    ("text", "names_it"),
    [('{"company_id": " a ", "active_users": -1}', True), ('{"company_id": "b"}', False), ('{"company_id": 7}', False)],
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


def test_a_row_is_merged_where_a_record_of_the_day_was_accepted_even_a_zero() -> None:
    world = build(usage([0, None]), [snapshot(after(-9))])
    assert [row["source"] for row in world.activity] == ["merged", "crm_csv"]
    assert last_row([0, None])["source"] == "product_api"


def flag(users: list[int | None], *last_items: str, name: str = "Acme") -> str:
    """The flag of `a` on the last day, which also has these items."""
    *before, last = usage(users)
    items = [item.text for item in last.items or ()]
    world = build([*before, landed(last.date, *items, *last_items)], [snapshot(JAN_1, name)])
    return str(row_on(world, last.date)["data_quality_flag"])


def test_the_first_flag_that_holds() -> None:
    bad = '{"company_id": " a ", "active_users": -1}'
    conflict = item(after(29), 7)
    assert flag([1] * 30) == "OK"
    assert flag([1] * 29) == "WARMUP"
    assert flag([1] * 30, conflict) == "CONFLICTING_DUPLICATES"
    assert flag([1] * 30, conflict, bad) == "QUARANTINED_RECORDS"
    assert flag([1] * 30, conflict, bad, name=" ") == "UNKNOWN_COMPANY"
    assert flag([1, MISSING, *[1] * 28], conflict, bad, name=" ") == "WINDOW_INCOMPLETE"
    assert flag([1, MISSING, *[1] * 30]) == "OK"  # the missing date is D-30
    assert flag([1] * 30, bad.replace(" a ", "b"), item(after(29), 1)) == "OK"


def test_a_quarantined_record_marks_its_date_only() -> None:
    world = build(
        [landed(JAN_1, item(JAN_1, 1), '{"company_id": "a"}'), *usage([1], start=after(1))], [snapshot(JAN_1)]
    )
    assert [row["data_quality_flag"] for row in world.activity] == ["QUARANTINED_RECORDS", "WARMUP"]
