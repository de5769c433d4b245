"""Random orders of arrival, ten to a calendar: every date ends as in one full build, and is rewritten as planned.

Ten in every test run (tests/transforms/test_any_order.py); here as many as `ORDERS` says: `ORDERS=100`.
"""

from __future__ import annotations

import os

import pytest
from pyspark.sql import SparkSession

from support.orders.any_order import check_orders

pytestmark = [pytest.mark.long, pytest.mark.full, pytest.mark.row("O1")]

ORDERS = int(os.environ.get("ORDERS", "10"))


@pytest.mark.parametrize("seed", range(1, 1 + ORDERS // 10))
def test_every_order_of_arrival_ends_as_one_full_build(spark: SparkSession, seed: int) -> None:
    check_orders(spark, seed, orders=10)
