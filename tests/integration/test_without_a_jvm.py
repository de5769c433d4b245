"""Where Python reaches no JVM, rows are not cached and few settings can be set, everything up to the gates runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.io.lake.delta import Lake
from company_activity.runtime.required import REQUIRED
from company_activity.schemas import COMPANY_ACTIVITY_DAILY

from support.cycle.place import LAST, SAMPLES, Place, serving
from support.lake.content import content_by_date, noted_by_date
from support.spark.serverless import Serverless, serverless
from support.spark.settings import ANSI, having_set

UP_TO_THE_GATES = "admit_crm,ingest_usage,stage_usage,stage_crm,build_companies,build_activity"


@pytest.fixture(scope="module")
def session(spark: SparkSession) -> Iterator[Serverless]:
    with having_set(spark, {ANSI: "true"}), serverless(spark) as session:  # ANSI as there
        yield session


@pytest.fixture(scope="module")
def place(session: Serverless, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Where the smallest sample is to be built on such a session; its lake is empty."""
    with serving(tmp_path_factory.mktemp("serverless"), SAMPLES / "smallest" / "usage") as place:
        place.drop_crm(*(SAMPLES / "smallest" / "crm").glob("*.csv"))
        yield place


@pytest.mark.long
def test_everything_up_to_the_gates_is_built(spark: SparkSession, place: Place, session: Serverless) -> None:
    assert place.run("run", "--date", LAST, "--steps", UP_TO_THE_GATES) == 0
    rows = place.table(spark, COMPANY_ACTIVITY_DAILY).select("company_id", "active_users", "lifecycle_state")
    assert [tuple(row) for row in rows.orderBy("company_id").collect()] == [
        ("c_001", 12, "new"),
        ("c_002", 5, "new"),
        ("c_003", 0, "inactive"),
    ]
    lake = place.settings.lake.root
    assert noted_by_date(lake) == content_by_date(spark, lake)
    written = Lake(lake, lambda: session)  # type: ignore[arg-type, return-value]
    written.note(COMPANY_ACTIVITY_DAILY, written.activity.as_json())
    assert noted_by_date(lake) == content_by_date(spark, lake)
    assert session.conf.asked <= REQUIRED.keys()


def test_publish_says_what_it_lacks_and_where_to_go(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.run("publish", "--date", LAST) == 5
    said = capsys.readouterr().err
    assert "no access to its driver JVM" in said
    assert "company-activity publish --date D" in said
    assert not list(Path(place.folder).glob("warehouse*"))


def test_doctor_says_so_too(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.run("doctor", "--deep") == 5
    said = capsys.readouterr().out
    assert "✗ jvm" in said
    assert said.count("✗") == 1, said
    assert "company-activity publish --date D" in said
