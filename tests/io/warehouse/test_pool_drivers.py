"""What is published through our PostgreSQL driver is published through the one that a Synapse pool brings.

One JVM holds one version of a driver. So the tests of COPY, staging, the ledger, TLS and races run once more in a
process of their own, whose session has the pool's; there `test_driver.py` sees that it is the pool's that answers.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.warehouse.postgres import installed

pytestmark = [pytest.mark.long, pytest.mark.spark, pytest.mark.nightly]

TESTS = Path(__file__).parents[2]
FILES = [f"io/warehouse/test_{name}.py" for name in ("driver", "copy_in", "publisher", "by_key", "stage", "commands")]
RACES = "reliability/publish/test_publish_races.py"


@pytest.mark.skipif(installed() is None, reason="NO POSTGRESQL: install it with: apt-get install postgresql")
def test_postgres_is_published_to_through_the_drivers_of_a_synapse_pool() -> None:
    chosen = ["-k", "(postgres and not sqlserver) or elsewhere", *(str(TESTS / file) for file in (*FILES, RACES))]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *chosen]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "PYTEST_"))}
    ran = subprocess.run(
        command, cwd=TESTS.parent, env=environ | {"DRIVERS": "synapse 3.5"}, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, "skipped" in ran.stdout) == (0, False), ran.stdout[-5000:] + ran.stderr[-2000:]
