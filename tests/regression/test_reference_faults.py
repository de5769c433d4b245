"""What the pipeline that this one replaces got wrong, S1 to S15; each test keeps that formulation as the wrong answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
from pyspark.sql import SparkSession

from company_activity.gates.reasons import split_by_reasons
from company_activity.pipeline import STEPS
from company_activity.planning.dirty import dirty_dates
from company_activity.planning.state import FORMULA_VERSION, ActivityState, BuiltDate, BuiltFrom, marks_from_json
from company_activity.records.usage import parse_line
from company_activity.schemas import COMPANY_ACTIVITY_DAILY
from company_activity.transforms.usage import keep_latest_record, parse_usage

from oracle.model import Item
from support.cycle.place import Place
from support.lake.build import activity, by_key, days
from support.spark.frames import FETCHED, LINES, landed_line

ROOT = Path(__file__).resolve().parents[2]
FIRST, D = date(2025, 1, 1), date(2025, 3, 31)
COMPLETE = days(FIRST, D)


DRAWN = [
    *("getmeta_crm_file", "act-copy-crm-to-stg", "act-trigger_api_ingest", "act-copy-product-raw-to-stg"),
    *("act-sp_merge_analytics", "act-notify_success", "act-notify_failure"),
]


def back(n: int) -> date:
    return D - timedelta(days=n)


def contact(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


# company → users by days back from D; one event a user
USE: dict[str, dict[int, int]] = {
    "gaps": {30: 5, 0: 5},
    "weekly": dict.fromkeys(range(0, 84, 7), 10),
    "steps": {n: 2 if n < 30 else 1 for n in range(90)},
    "one_user": dict.fromkeys(range(60), 1),
    "recent": {10: 1},
    "renamed": dict.fromkeys(range(60), 4),
    "unknown": dict.fromkeys(range(89), 4),
}
CONTRACT = {"owner": "Ana", "segment": "smb", "seats": 8, "contract_value": Decimal("99.50"), "renewal_on": D}
CRM = [
    {"company_id": "silent", "name": "Silent", "file_date": FIRST, "last_contact_at": contact(FIRST)},
    {"company_id": "recent", "name": "Recent", "file_date": back(20), "last_contact_at": contact(back(25))},
    {"company_id": "renamed", "name": "Old Name", "file_date": FIRST, **CONTRACT},
    {"company_id": "renamed", "name": "New Name", "file_date": back(5)},
    {"company_id": "unknown", "name": "Found", "country": "EG", "industry_tag": "farms", "file_date": back(2)},
]


@pytest.fixture(scope="module")
def table(spark: SparkSession) -> dict[tuple[str, date], dict[str, Any]]:
    usage = [(name, back(n), users, users) for name, use in USE.items() for n, users in use.items()]
    return by_key(activity(spark, COMPLETE, usage, CRM))


def rows_of(name: str, until: int = 0) -> list[int]:
    """The users of the rows that exist, oldest first: what the reference had its windows over."""
    return [users for n, users in sorted(USE[name].items(), reverse=True) if n >= until]


def test_s1_a_window_is_of_days_not_of_rows(table: Any) -> None:
    wrong = sum(rows_of("gaps")[-7:])  # SUM(active_users) OVER (… ROWS BETWEEN 6 PRECEDING AND CURRENT ROW)
    assert wrong == 10
    assert table["gaps", D]["rolling_7d_active_users"] == 5


def test_s2_a_silent_company_has_its_row(table: Any) -> None:
    wrong = {name for name, use in USE.items() if 0 in use}  # FROM usage LEFT JOIN companies
    assert "silent" not in wrong
    assert table["silent", D]["active_users"] == 0


def test_s3_consistency_counts_the_idle_days(table: Any) -> None:
    active = rows_of("weekly")[-5:]
    wrong = stdev(active) / mean(active)  # STDDEV over the rows that exist
    assert wrong == 0
    last_30 = [10 if n % 7 == 0 else 0 for n in range(30)]
    assert table["weekly", D]["activity_consistency_30d"] == pytest.approx(stdev(last_30) / mean(last_30))


def test_s4_a_repeated_record_counts_once(spark: SparkSession) -> None:
    text = '{"company_id":"a","active_users":3,"events":9,"ts":"2025-03-31T00:00:00Z"}'
    fetched_twice = [(landed_line(Item(page, 1, text), D), D, 1, "part", FETCHED) for page in (1, 2)]
    parsed = spark.createDataFrame(fetched_twice, LINES).transform(parse_usage).cache()
    wrong = sum(row.active_users for row in parsed.collect())  # INSERT of every fetch, then SUM
    assert wrong == 6
    assert [row.active_users for row in split_by_reasons(parsed)[0].transform(keep_latest_record).collect()] == [3]


def test_s5_late_data_is_healed_wherever_it_is_read() -> None:
    before = {str(day): "1:a" for day in COMPLETE}
    now = marks_from_json(before | {"2025-02-01": "2:b"})
    entry = BuiltDate("", "", None, "1", FORMULA_VERSION)
    built = ActivityState(dict.fromkeys(COMPLETE, entry), BuiltFrom(marks_from_json(before)))
    wrong = [date(2025, 2, 1)]  # rebuild WHERE activity_date = @date
    healed = dirty_dates(now, built, "1", []).dates
    assert healed != wrong
    assert healed == days(date(2025, 2, 1), D)


def test_s6_a_rule_reads_the_date_and_not_the_clock(table: Any) -> None:
    row = table["recent", D]
    wrong = (datetime.now(UTC) - contact(back(25))).days > 30  # DATEDIFF(day, last_contact_at, GETDATE()) > 30
    assert wrong
    assert not row["is_contact_due"]
    assert row["rolling_7d_active_users"] <= 3


def test_s7_month_over_month_compares_months(table: Any) -> None:
    users = rows_of("steps")
    wrong = users[-1] / users[-2] - 1  # active_users / LAG(active_users, 1) - 1
    assert wrong == 0
    assert table["steps", D]["active_users_mom_pct"] == 60 / 30 - 1


def test_s8_every_promised_column_is_filled_somewhere(table: Any) -> None:
    wrong = {"engagement_score", "est_monthly_active_users", "active_users_mom_pct"}  # CAST(NULL AS …)
    filled = {name for row in table.values() for name, value in row.items() if value is not None}
    promised = {c for c in COMPANY_ACTIVITY_DAILY.column_names if c not in COMPANY_ACTIVITY_DAILY.unhashed}
    assert wrong <= filled
    assert promised == filled


def test_s9_user_days_are_not_called_users(table: Any) -> None:
    row = table["one_user", D]
    wrong = sum(rows_of("one_user")[-30:])  # SUM of daily users as monthly active users
    assert wrong == 30
    assert row["est_monthly_active_users"] == 1
    assert row["mau_lower"] <= 1 <= row["mau_upper"]
    assert "User-days" in COMPANY_ACTIVITY_DAILY.column("rolling_7d_active_users").comment


@pytest.mark.parametrize("value", ["null", '"12"', "12.5", "NaN"])
def test_s10_what_is_no_count_is_no_zero(value: str) -> None:
    text = f'{{"company_id":"a","active_users":{value},"events":1,"ts":"2025-03-31"}}'
    read: Any = json.loads(text)["active_users"]
    wrong = read if isinstance(read, int) else 0  # COALESCE(TRY_CAST(active_users AS INT), 0)
    record = parse_line(landed_line(Item(1, 1, text), D))
    assert wrong == 0
    assert (record.active_users, len(record.reasons)) == (None, 1)


def test_s11_a_past_day_sees_the_crm_of_that_day(table: Any) -> None:
    wrong = dict.fromkeys(COMPLETE, "New Name")  # JOIN companies ON company_id: today's row for every day
    assert wrong[back(6)] != table["renamed", back(6)]["company_name"] == "Old Name"
    assert table["renamed", back(5)]["company_name"] == "New Name"


def test_s12_paging_cut_short_lands_nothing(tmp_path: Path, paging_api: Callable[[list[Any]], str]) -> None:
    pages: list[Any] = [{"items": [{"company_id": "a"}], "next_page": 2}, None]  # the second answers 500
    place = Place(tmp_path, paging_api(pages))
    wrong = [item for page in pages if page for item in page["items"]]  # while r.ok: items += …; page += 1
    assert len(wrong) == 1
    assert (
        place.run("ingest", "--start", "2025-03-31", "--end", "2025-03-31", COMPANY_ACTIVITY__API__MAX_ATTEMPTS="1")
        == 3
    )
    assert not list((tmp_path / "landing").rglob("manifest.json"))


def test_s13_no_ddl_drops_what_is_served() -> None:
    """That ours is valid, each engine says itself: `tests/io/warehouse/test_migrations.py`; T-SQL is linted."""
    wrong = re.compile(r"\b(DROP|TRUNCATE)\s+TABLE\b", re.IGNORECASE)
    assert wrong.search("DROP TABLE IF EXISTS analytics.company_activity_daily; CREATE TABLE …")
    files = sorted((ROOT / "sql").rglob("*.sql"))
    assert len({file.parent for file in files}) >= 4
    assert not [file.name for file in files if wrong.search(file.read_text(encoding="utf-8"))]


def test_s14_the_orchestration_is_a_file_that_deploys(sample_place: Place) -> None:
    """That each platform takes its files, and what they do when something fails: `tests/deployment`, `make deploy`."""
    records = [json.loads(path.read_text("utf-8")) for path in (sample_place.folder / "lake/ops/runs").glob("*.json")]
    first = min(records, key=lambda record: record["started_at"])
    taken = [step["name"] for step in first["steps"]]
    assert taken == [step for step in STEPS if step != "register_tables"]  # no catalog, no names
    for folder in ("synapse", "adf"):
        file = ROOT / "conf/deploy" / folder / "pipeline/pl-company-activity-daily.json"
        deployed = json.loads(file.read_text("utf-8"))["properties"]
        assert deployed["parameters"]["steps"]["defaultValue"].split(",") == list(STEPS)
        names = [activity["name"] for activity in deployed["activities"]]
        assert [name for name in names if name in DRAWN] == DRAWN


def test_s15_an_unknown_company_gets_its_name(table: Any) -> None:
    wrong = "UNKNOWN"  # INSERT … WHERE NOT EXISTS: the first name stays
    assert table["unknown", back(80)]["company_name"] == wrong  # more than 60 days before the CRM knew it
    assert table["unknown", back(3)]["company_name"] == "Found"
    assert table["unknown", D]["data_quality_flag"] == "OK"
