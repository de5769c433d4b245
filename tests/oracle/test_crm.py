"""CRM rows, their history and the dimension."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from .crm import read_file, read_files, union_by_date
from .hand import JAN_1, item, landed, snapshot
from .model import CrmRow, Snapshot
from .optional import Optional
from .world import build


def crm_reasons(row: CrmRow) -> list[tuple[str, ...]]:
    file = read_file(Snapshot(JAN_1, "a.csv", (row,)))
    return [refused.reasons for refused in file.quarantined]


def test_crm_rows_that_break_a_rule() -> None:
    future = CrmRow(2, "a", last_contact_at="2024-01-03T00:00:00Z")
    assert crm_reasons(CrmRow(2, "a", "n" * 1024, last_contact_at="2024-01-02 23:59:59.999999")) == []
    assert crm_reasons(future) == [("FUTURE",)]
    assert crm_reasons(CrmRow(2, None, "n" * 1025, last_contact_at="soon")) == [
        ("BAD_COMPANY_ID", "BAD_TIMESTAMP", "OUT_OF_RANGE")
    ]


def test_a_refused_row_is_known_by_its_trimmed_id() -> None:
    file = read_file(Snapshot(JAN_1, "a.csv", (CrmRow(2, " a ", "n" * 1025), CrmRow(3, None))))
    assert [refused.company_id for refused in file.quarantined] == ["a", None]


def test_within_a_file_the_later_line_wins() -> None:
    rows = (
        CrmRow(2, "a", "Old"),
        CrmRow(3, " a ", "New", " "),
        CrmRow(4, "a", "New", last_contact_at=""),
        CrmRow(5, "a", "N" * 2000),
    )
    file = read_file(Snapshot(JAN_1, "a.csv", rows))
    assert [(r.line, r.name, r.country, r.last_contact_at) for r in file.accepted] == [(4, "New", None, None)]
    assert (file.duplicates, [(q.line, q.reasons) for q in file.quarantined]) == (
        1,
        [(2, ("DUPLICATE_KEY",)), (5, ("OUT_OF_RANGE",))],
    )


def test_of_several_paths_the_greatest_wins_company_by_company() -> None:
    greater = Snapshot(JAN_1, "b.csv", (CrmRow(2, "b", "From b"),))
    lesser = Snapshot(JAN_1, "B.csv", (CrmRow(2, "a", "From B"), CrmRow(3, "b", "From B")))
    union = union_by_date(read_files([greater, lesser]))[JAN_1]
    assert {company: record.name for company, record in union.items()} == {"a": "From B", "b": "From b"}


def history(*snapshots: Snapshot) -> list[tuple[object, ...]]:
    columns = ("name", "valid_from", "valid_to", "src_file_name")
    return [tuple(row[column] for column in columns) for row in build([], snapshots).history]


def test_history_opens_a_version_where_something_changed() -> None:
    d = [JAN_1 + timedelta(days=number) for number in range(5)]
    absent = Snapshot(d[2], "c.csv", (CrmRow(2, "b"),))
    files = [
        snapshot(d[0], None, path="a.csv"),
        snapshot(d[1], None, path="b.csv"),
        absent,
        snapshot(d[3], "A", path="d.csv"),
    ]
    expected = [(None, d[0], d[3], "a.csv"), ("A", d[3], None, "d.csv"), (None, d[2], None, "c.csv")]
    assert history(*files) == history(*reversed(files)) == expected


def test_companies_carry_first_days_and_the_newest_attributes() -> None:
    day = date(2024, 1, 5)
    usage = [landed(JAN_1, item(JAN_1, 0), item(JAN_1, 0, company_id="z")), landed(day, item(day, 1))]
    contact = datetime(2024, 1, 1, 8, tzinfo=UTC)
    crm = [snapshot(date(2023, 12, 1), "Old"), snapshot(date(2024, 2, 1), "New", "2024-01-01T10:00+02:00")]
    member = {
        "name": "New",
        "country": "DE",
        "industry_tag": "retail",
        "last_contact_at": contact,
        **Optional()._asdict(),
        "is_inferred": False,
    }
    inferred = {
        "name": None,
        "country": None,
        "industry_tag": None,
        "last_contact_at": None,
        **Optional()._asdict(),
        "is_inferred": True,
    }
    assert build(usage, crm).companies == [
        {"company_id": "a", **member, "first_seen_date": date(2023, 12, 1), "first_active_date": day},
        {"company_id": "z", **inferred, "first_seen_date": JAN_1, "first_active_date": None},
    ]
