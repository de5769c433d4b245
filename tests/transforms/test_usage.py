"""Landed lines to records: strict types, every reason, one record per instant."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from company_activity.gates.reasons import split_by_reasons
from company_activity.records.usage import UsageRecord, parse_line
from company_activity.records.usage_columns import columns_of, read_lines
from company_activity.transforms.usage import keep_latest_record, parse_usage

from support.spark.frames import FETCHED, LINES

DAY = date(2025, 1, 1)
PLACE = '"_date":"2025-01-01","_page":1,"_item":1}'


def line(**given: str) -> str:
    """A landed line; each field is JSON text, an empty one is left out."""
    fields = {"company_id": '"a"', "active_users": "1", "events": "2", "ts": '"2025-01-01T10:00:00Z"'} | given
    return "{" + "".join(f'"{name}":{text},' for name, text in fields.items() if text) + PLACE


def parsed(text: str) -> UsageRecord:
    """The line's record, after a look that its columns say the same."""
    record = parse_line(text)
    assert read_lines(pa.array([text]), every_raw=True) == columns_of([record], every_raw=True)
    return record


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        ({}, []),
        ({"active_users": '"12"'}, ["WRONG_TYPE"]),
        ({"active_users": "12.5"}, ["WRONG_TYPE"]),
        ({"active_users": "12.0"}, ["WRONG_TYPE"]),
        ({"active_users": "1e2"}, ["WRONG_TYPE"]),
        ({"active_users": "1e400"}, ["WRONG_TYPE"]),
        ({"active_users": "true"}, ["WRONG_TYPE"]),
        ({"active_users": "NaN"}, ["WRONG_TYPE"]),
        ({"active_users": "-Infinity"}, ["WRONG_TYPE"]),
        ({"active_users": "[1]"}, ["WRONG_TYPE"]),
        ({"active_users": "null"}, ["MISSING_FIELD"]),
        ({"active_users": ""}, ["MISSING_FIELD"]),
        ({"active_users": "-0"}, []),
        ({"active_users": "-1"}, ["NEGATIVE"]),
        ({"active_users": "1000000000"}, []),
        ({"active_users": "1000000001"}, ["OUT_OF_RANGE"]),
        ({"active_users": "9" * 5000}, ["OUT_OF_RANGE"]),
        ({"active_users": "-" + "9" * 5000}, ["NEGATIVE"]),
        ({"company_id": "7"}, ["WRONG_TYPE"]),
        ({"company_id": '"  "'}, ["BAD_COMPANY_ID"]),
        ({"company_id": '"a\\u0000"'}, ["BAD_COMPANY_ID"]),
        ({"company_id": '"\\ud800"'}, ["BAD_COMPANY_ID"]),
        ({"company_id": f'"{"x" * 65}"'}, ["BAD_COMPANY_ID"]),
        ({"ts": '"2025-01-01"'}, []),
        ({"ts": '"2025-01-02T01:00+02:00"'}, []),
        ({"ts": '"2025-01-02"'}, ["WRONG_DATE"]),
        ({"ts": '"2025-01-01T24:00"'}, ["BAD_TIMESTAMP"]),
        ({"ts": '"2025-1-1"'}, ["BAD_TIMESTAMP"]),
        ({"ts": '"٢٠٢٥-01-01"'}, ["BAD_TIMESTAMP"]),
        ({"ts": "1735689600"}, ["WRONG_TYPE"]),
        ({"events": '"many"', "ts": ""}, ["MISSING_FIELD", "WRONG_TYPE"]),
    ],
)
def test_a_line_names_every_rule_it_breaks(given: dict[str, str], reasons: list[str]) -> None:
    assert parsed(line(**given)).reasons == reasons


NAMED_TWICE = {
    "a count, the same": ('"events":2', ["DUPLICATE_KEY"]),
    "a count, another": ('"events":7', ["DUPLICATE_KEY"]),
    "an id": ('"company_id":"b"', ["DUPLICATE_KEY"]),
    "a time": ('"ts":"2025-01-01T11:00"', ["DUPLICATE_KEY"]),
    "written with an escape": ('"\\u0065vents":2', ["DUPLICATE_KEY"]),
    "and the last is none": ('"active_users":null', ["DUPLICATE_KEY", "MISSING_FIELD"]),
    "and the last is broken": ('"events":-1,"ts":"2025-01-02"', ["DUPLICATE_KEY", "NEGATIVE", "WRONG_DATE"]),
    "three times": ('"events":2,"events":2', ["DUPLICATE_KEY"]),
    "beside a nested one": ('"more":{"a":1},"events":2', ["DUPLICATE_KEY"]),
    "what the contract does not know": ('"extra":1,"extra":2', []),
    "what we append": ('"_date":"x","_date":"y","_page":1,"_page":2,"_item":0,"_item":0', []),
    "in an object of the item": ('"more":{"events":1,"events":2}', []),
    "in a list of the item": ('"more":[{"ts":1,"ts":2}]', []),
    "one name in two cases": ('"Events":7', []),
}


@pytest.mark.parametrize(("more", "reasons"), NAMED_TWICE.values(), ids=NAMED_TWICE)
def test_a_member_that_is_named_twice(more: str, reasons: list[str]) -> None:
    record = parsed(line().replace(PLACE, f"{more},{PLACE}"))
    assert record.reasons == reasons
    assert record.raw == f"{line().removesuffix(f',{PLACE}')},{more}}}"


@pytest.mark.parametrize("raw", ["[1,2]", '"text"', "null", "12", "NaN"])
def test_what_is_no_object_keeps_its_text(raw: str) -> None:
    record = parsed(f'{{"_raw":{raw},{PLACE}')
    assert (record.reasons, record.raw) == (["NOT_AN_OBJECT"], raw)


def test_an_item_cannot_say_where_it_came_from() -> None:
    record = parsed(line(_page="99", _item="99"))
    assert (record.page, record.item, record.extras) == (1, 1, ["_item", "_page"])


def test_one_record_per_instant_the_later_wins_and_rivals_are_marked(spark: SparkSession) -> None:
    def landed(page: int, item: int, **given: str) -> str:
        return line(**given).replace('"_page":1,"_item":1}', f'"_page":{page},"_item":{item}}}')

    lines = [
        landed(1, 9, active_users="1"),
        landed(2, 1, active_users="7"),  # later, and another value
        landed(1, 1, company_id='"b"', ts='"2025-01-01T12:00+02:00"'),  # the same instant, noted otherwise
        landed(1, 2, company_id='" b "'),
        landed(1, 3, company_id='"b"', ts='"2025-01-01T10:00:00.000001Z"', extra="[1]"),
    ]
    records = spark.createDataFrame([(text, DAY, 1, "part", FETCHED) for text in lines], LINES).transform(parse_usage)
    kept = split_by_reasons(records)[0].transform(keep_latest_record).orderBy("company_id", "ts").collect()
    found = [(r.company_id, r.page, r.item, r.active_users, r.copies, r.has_conflict) for r in kept]
    assert found == [("a", 2, 1, 7, 2, True), ("b", 1, 2, 1, 2, False), ("b", 1, 3, 1, 1, False)]
    assert [r.raw_json is not None for r in kept] == [False, False, True]


CASES = 300
ACCEPTED = (
    "company_id string, date date, ts timestamp, page bigint, item bigint, active_users bigint, events bigint, "
    "src_ingested_at timestamp, src_file_name string, generation bigint, raw string, extras array<string>"
)
Accepted = tuple[str, date, datetime, int, int, int, int, datetime, str, int, str | None, list[str]]


def copies_of_a_record(rng: random.Random, number: int) -> Iterator[Accepted]:
    """One to five copies, near one another: equal places, equal counts and equal texts are frequent."""
    key = f"c{number // 2}", DAY, datetime(2025, 1, 1, number % 2, tzinfo=UTC)
    for _ in range(rng.randint(1, 5)):
        place = rng.randint(1, 3), rng.randint(1, 2)
        counts = rng.randint(0, 1), rng.randint(5, 6)
        origin = FETCHED, rng.choice(["part-0", "part-1"]), 1
        extras = rng.choice([[], ["plan"]])
        yield *key, *place, *counts, *origin, rng.choice(["x", "y"]) if extras else None, extras


def latest(copies: list[Accepted]) -> tuple[object, ...]:
    """The greatest by place, then by all it holds; a text that is not there is less than any."""
    best = max(copies, key=lambda one: (*one[3:10], one[10] or ""))
    has_conflict = len({one[5] for one in copies}) > 1 or len({one[6] for one in copies}) > 1
    return *best[:1], *best[3:11], has_conflict, len(copies)


def test_the_latest_of_random_copies_is_kept(spark: SparkSession) -> None:
    rng = random.Random(1)
    cases = [list(copies_of_a_record(rng, number)) for number in range(CASES)]
    rows = [row for copies in cases for row in copies]
    rng.shuffle(rows)
    kept = spark.createDataFrame(rows, ACCEPTED).repartition(3).transform(keep_latest_record)
    names = ("page", "item", "active_users", "events", "src_ingested_at", "src_file_name", "generation", "raw_json")
    counted = kept.select("company_id", *names[:4], F.lit(None), *names[5:], "has_conflict", "copies")
    found = [row[:] for row in counted.orderBy("company_id", "ts").collect()]
    due = sorted(cases, key=lambda copies: (copies[0][0], copies[0][2]))
    assert found == [(*row[:5], None, *row[6:]) for row in map(latest, due)]


def test_records_are_sorted_once(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    spark.createDataFrame([], ACCEPTED).transform(keep_latest_record).explain()
    plan = capsys.readouterr().out
    assert (plan.count("Sort ["), plan.count("Exchange ")) == (1, 1)
