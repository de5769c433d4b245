"""Ten random orders of arrival: every date ends as in one full build. A hundred: tests/reliability/order/test_arrival_orders.py."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from support.orders.any_order import check_orders

pytestmark = [pytest.mark.long, pytest.mark.nightly]


def test_ten_orders_of_arrival_end_as_one_full_build(spark: SparkSession) -> None:
    check_orders(spark, seed=1, orders=10)
