"""Five thousand malformed items (in `make reliability` 200,000): none is lost, none is let in, none goes unexplained."""

from __future__ import annotations

import os
from datetime import date

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from company_activity.transforms.usage import parse_usage

from oracle.model import Item
from support.landing.malformed import malformed_items
from support.spark.frames import FETCHED, LINES, landed_line

COUNT = int(os.environ.get("MALFORMED", "5000"))
DAY = date(2025, 1, 1)


@pytest.mark.row("B1")
def test_every_malformed_item_is_quarantined_with_its_reasons(spark: SparkSession) -> None:
    lines = (landed_line(Item(1, number, text), DAY) for number, text in enumerate(malformed_items(COUNT, 1), start=1))
    landed = spark.createDataFrame([(line, DAY, 1, "part", FETCHED) for line in lines], LINES)
    parsed = landed.repartition(4).transform(parse_usage).cache()
    assert parsed.count() == COUNT
    assert parsed.where(F.size("reasons") == 0).isEmpty()
    assert parsed.select("item").distinct().count() == COUNT
    reasons = {row[0] for row in parsed.select(F.explode("reasons")).distinct().collect()}
    assert reasons == {
        "NOT_AN_OBJECT", "MISSING_FIELD", "WRONG_TYPE", "NEGATIVE", "OUT_OF_RANGE", "BAD_TIMESTAMP", "WRONG_DATE",
        "BAD_COMPANY_ID", "DUPLICATE_KEY",
    }  # fmt: skip
