"""The sample lake, cell by cell, against the plain-Python oracle fed with the very sample files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from pyspark.sql import SparkSession

from company_activity.schemas import COMPANIES, COMPANIES_HISTORY, COMPANY_ACTIVITY_DAILY, Table

from oracle.model import CrmRow, Item, LandedDate, Snapshot
from oracle.optional import Optional
from oracle.world import World, build
from support.cycle.place import SAMPLES, Place
from support.spark.compare import differences
from support.spark.frames import dictionaries


def landed() -> Iterator[LandedDate]:
    for path in sorted((SAMPLES / "usage").glob("*.json")):
        # One item per line between the first line and the last: the text as the API sends it.
        lines = path.read_text(encoding="utf-8").splitlines()[1:-1]
        texts = [line.strip().removesuffix(",") for line in lines]
        assert len(texts) == len(json.loads(path.read_text(encoding="utf-8"))["items"])
        items = tuple(Item(1, number, text) for number, text in enumerate(texts, start=1))
        yield LandedDate(date.fromisoformat(path.stem), 1, items)


def snapshots() -> Iterator[Snapshot]:
    for path in sorted((SAMPLES / "crm").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = csv.reader(file)
        whole = [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)]
        fields = ("company_id", "name", "country", "industry_tag", "last_contact_at", *Optional._fields)
        crm = (CrmRow(number, *(row.get(name) for name in fields)) for number, row in enumerate(whole))
        yield Snapshot(date.fromisoformat(path.stem[-10:]), f"raw/crm/{path.name}", tuple(crm))


def world() -> World:
    return build(list(landed()), list(snapshots()))


def check(spark: SparkSession, place: Place, table: Table, expected: list[dict[str, Any]]) -> None:
    columns = [name for name in table.column_names if name not in table.unhashed]
    by_key = {tuple(row[name] for name in table.key): row for row in expected}
    found = {tuple(row[name] for name in table.key): row for row in dictionaries(place.table(spark, table))}
    assert found.keys() == by_key.keys()
    wrong = {key: told for key in by_key if (told := differences(by_key[key], found[key], columns))}
    assert not wrong, list(wrong.items())[:5]


def test_activity_dimension_and_history_are_what_the_oracle_says(spark: SparkSession, sample_place: Place) -> None:
    expected = world()
    check(spark, sample_place, COMPANY_ACTIVITY_DAILY, expected.activity)
    check(spark, sample_place, COMPANIES, expected.companies)
    check(spark, sample_place, COMPANIES_HISTORY, expected.history)


def test_the_samples_show_what_they_are_for() -> None:
    rows = world().activity
    assert {row["lifecycle_state"] for row in rows} >= {"new", "returning", "resurrected", "dormant", "inactive"}
    assert {row["source"] for row in rows} == {"product_api", "merged", "crm_csv"}
    assert isinstance(rows[0]["last_contact_at"], datetime | None)
