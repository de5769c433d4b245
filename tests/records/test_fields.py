"""The rules of a field: the characters that they name, and usage items as other programs write them."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime

import pytest

from company_activity.records import fields
from company_activity.records.usage import UsageRecord, parse_line

TEN = int(datetime(2025, 1, 1, 10, tzinfo=UTC).timestamp()) * 10**6
OF_UNICODE_15 = {chr(code) for code in range(0x13439, 0x13440)}  # Python 3.11 has the tables of Unicode 14


def parsed(company_id: str, ts: str) -> UsageRecord:
    """A landed item with these two fields."""
    item = json.dumps({"company_id": company_id, "active_users": 1, "events": 1, "ts": ts})
    return parse_line(f'{item[:-1]},"_date":"2025-01-01","_page":1,"_item":1}}')


def of(*categories: str) -> set[str]:
    """The characters that this interpreter puts into the categories."""
    return {chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in categories}


def test_the_sets_written_out_are_unicodes() -> None:
    new = OF_UNICODE_15 - of("Cf")
    assert set(fields.INVISIBLE) == of("Zs", "Cf") | new
    refused = {chr(code) for code in range(0x110000) if fields.NOT_IN_AN_ID.match(chr(code))}
    assert refused == of("Cc", "Cf", "Cs", "Zl", "Zp", "Zs") - {" "} | new


@pytest.mark.parametrize(
    ("ts", "reasons"),
    [
        pytest.param("2025-01-01 10:00:00+00", [], id="PostgreSQL"),
        pytest.param("2025-01-01T10:00:00.000+0000", [], id="Salesforce"),
        pytest.param("2025-01-01 10:00:00.0000000 +00:00", [], id="SQL Server"),
        pytest.param("2025-01-01t10:00:00,000z", [], id="small letters and a decimal comma"),
        pytest.param(" 2025-01-01T10:00:00Z", ["BAD_TIMESTAMP"], id="a blank before is the item's"),
        pytest.param("2025-01-01T10:00:00Z\t", ["BAD_TIMESTAMP"], id="a tab behind is the item's"),
    ],
)
def test_an_items_time_is_read_in_any_notation_and_not_trimmed(ts: str, reasons: list[str]) -> None:
    record = parsed("c_1", ts)
    assert (record.reasons, record.ts) == (reasons, None if reasons else TEN)


@pytest.mark.parametrize(
    ("text", "company_id"),
    [
        pytest.param("\u200bc_1\u00a0", "c_1", id="invisible around"),
        pytest.param("Größe\u2060", "Größe", id="a word joiner"),
        pytest.param("c 1", "c 1", id="a blank inside"),
        pytest.param("c\u200b1", None, id="invisible inside"),
        pytest.param("c\u30001", None, id="another space inside"),
        pytest.param("\ufeff", None, id="nothing else"),
        pytest.param("c_1\n", None, id="a line break is a control"),
    ],
)
def test_an_items_company_is_who_is_seen(text: str, company_id: str | None) -> None:
    record = parsed(text, "2025-01-01")
    assert (record.company_id, record.reasons) == (company_id, [] if company_id else ["BAD_COMPANY_ID"])
