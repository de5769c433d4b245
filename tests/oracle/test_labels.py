"""Attributes, sources and quality flags of a row, each on both sides of its edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from .hand import JAN_1, MISSING, item, landed, last_row, only, row_on, snapshot, usage
from .model import Row, Snapshot
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
