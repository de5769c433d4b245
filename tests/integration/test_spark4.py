"""The second runtime: Spark 4, ANSI on, gives the same content."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from company_activity.io.lake.delta_log import newest_state
from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from support.cycle import FIRST, LAST, SAMPLES, Place

ROOT = SAMPLES.parent
COMMAND = ROOT / ".venv-spark4" / "bin" / "company-activity"
PROPERTIES = ROOT / ".local" / "spark4" / "spark.conf"


def hashes(place: Place) -> dict[str, str]:
    built = newest_state(place.settings.lake.root, COMPANY_ACTIVITY_DAILY.path)["dates"]
    return {day: entry[0] for day, entry in built.items()}


@pytest.mark.skipif(not PROPERTIES.is_file(), reason="Spark 4 is not set up: make spark4")
def test_spark_4_builds_the_same_content(tmp_path: Path, sample_place: Place) -> None:
    place = Place(tmp_path, sample_place.api_url)
    place.drop_crm(*sorted((SAMPLES / "crm").glob("*.csv")))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_"))}
    environ = kept | place.environ | {"COMPANY_ACTIVITY__SPARK__PROPERTIES": str(PROPERTIES)}
    done = subprocess.run(
        [COMMAND, "run", "--from", FIRST, "--to", LAST], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert hashes(place) == hashes(sample_place)
