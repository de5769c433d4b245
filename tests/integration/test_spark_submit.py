"""spark-submit, from another folder, gives the same rows as the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from company_activity.runtime.local import resolved_jars, write_properties

from support.cycle.place import FIRST, LAST, SAMPLES, Place
from support.lake.content import noted_by_date

pytestmark = pytest.mark.long
ROOT = SAMPLES.parent


def test_spark_submit_builds_the_same_content(tmp_path: Path, sample_place: Place) -> None:
    place = Place(tmp_path / "elsewhere", sample_place.api_url)
    place.drop_crm(*sorted((SAMPLES / "crm").glob("*.csv")))
    properties = tmp_path / "spark.conf"
    write_properties(properties, ROOT / "conf" / "spark" / "local.conf", resolved_jars())
    submit = Path(sys.executable).with_name("spark-submit")
    other = ["--conf", "spark.sql.shuffle.partitions=7"]  # the content does not hang on how rows are dealt out
    command: list[str | Path] = [
        submit,
        "--properties-file",
        properties,
        *other,
        ROOT / "jobs" / "run_daily.py",
        "--from",
        FIRST,
        "--to",
        LAST,
    ]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_"))}
    environ |= place.environ | {"PATH": f"{submit.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Churn risks on 2025-11-23" in done.stdout
    assert noted_by_date(place.settings.lake.root) == noted_by_date(sample_place.settings.lake.root)
