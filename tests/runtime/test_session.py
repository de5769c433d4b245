"""What a session says of where its executors are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from company_activity.runtime.session import has_executors_elsewhere


@pytest.mark.parametrize(
    ("master", "elsewhere"),
    [
        ("local", False),
        ("local[*]", False),
        ("local[2,3]", False),
        ("local-cluster[2,1,1024]", True),
        ("spark://127.0.0.1:7077", True),
        ("yarn", True),
    ],
)
def test_only_in_local_mode_is_the_driver_its_own_executor(master: str, elsewhere: bool) -> None:
    session = SimpleNamespace(_jvm=object(), conf=SimpleNamespace(get=lambda name, default: master))
    assert has_executors_elsewhere(session) is elsewhere  # type: ignore[arg-type]


@pytest.mark.spark
def test_a_jvm_that_refuses_its_options_is_told_with_what_gave_them(
    tmp_path: Path,
) -> None:
    properties = tmp_path / "spark.conf"
    properties.write_text("spark.driver.extraJavaOptions -XX:MetaspaceSize=none\n")
    code = (
        "from company_activity.runtime.session import spark_session\n"
        "from company_activity.settings.model import SparkSettings\n"
        f"spark_session(SparkSettings(properties={str(properties)!r}))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MetaspaceSize=none" in ended.stderr
    last = ended.stderr.strip().splitlines()[-1]
    assert "RuntimeMissing: Spark's JVM ended before it had started" in last
    assert f"check what {properties} gives it" in last


def test_a_session_without_a_jvm_says_nothing_of_them() -> None:
    assert has_executors_elsewhere(SimpleNamespace()) is False  # type: ignore[arg-type]
