"""What the tests of publishing share."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.warehouse.warehouse import Warehouse

from support.warehouse.tables import h2_url, prepared, settings_for


@pytest.fixture(params=["h2", "postgres"])
def warehouse(request: pytest.FixtureRequest, spark: SparkSession, tmp_path: Path) -> Warehouse:
    """An engine that stages rows and one that takes them in a stream, with our tables made."""
    if request.param == "h2":
        return prepared(spark, settings_for(tmp_path, h2_url(tmp_path)))
    return prepared(spark, settings_for(tmp_path, request.getfixturevalue("postgres").new_database(), "postgres"))
