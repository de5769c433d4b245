"""The daily cycle from the API to the warehouse, on the samples, as a user runs it."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from company_activity.planning.state import StagingState
from company_activity.runtime.java import use_java
from company_activity.runtime.local import resolved_jars
from company_activity.schemas import COMPANIES, COMPANY_ACTIVITY_DAILY, PRODUCT_USAGE, QUARANTINE, TABLES

from support.cycle.place import FIRST, LAST, SAMPLES, Place

SERVED = COMPANY_ACTIVITY_DAILY.name


def query(place: Place, sql: str) -> list[list[str]]:
    """Ask the H2 file with its own shell, a JDBC client that knows nothing of us."""
    java = Path(use_java() or "/usr", "bin", "java")
    h2 = next(str(jar) for jar in resolved_jars() if "h2-" in jar.name)
    url = place.settings.sql.url
    answer, quoted = place.folder / "answer.csv", sql.replace("'", "''")
    shell: list[str | Path] = [java, "-cp", h2, "org.h2.tools.Shell", "-url", url, "-user", "sa"]
    subprocess.run([*shell, "-sql", f"CALL CSVWRITE('{answer}', '{quoted}')"], check=True, capture_output=True)
    with answer.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_the_warehouse_holds_one_row_per_company_known_by_then(spark: SparkSession, sample_place: Place) -> None:
    served = query(sample_place, f"SELECT company_id FROM {SERVED} WHERE activity_date = DATE '{LAST}'")
    companies = sample_place.table(spark, COMPANIES).where(f"first_seen_date <= DATE'{LAST}'")
    assert sorted(row[0] for row in served) == sorted(row.company_id for row in companies.collect())


def test_the_warehouse_sums_to_what_the_lake_holds(spark: SparkSession, sample_place: Place) -> None:
    (served,) = query(sample_place, f"SELECT COUNT(*), SUM(active_users), SUM(events) FROM {SERVED}")
    lake = sample_place.table(spark, COMPANY_ACTIVITY_DAILY)
    lake.createOrReplaceTempView("lake")
    (expected,) = spark.sql("SELECT count(*), sum(active_users), sum(events) FROM lake").collect()
    assert served == [str(value) for value in expected]


def test_every_record_is_accounted_for(spark: SparkSession, sample_place: Place) -> None:
    items = sum(len(json.loads(p.read_text("utf-8"))["items"]) for p in (SAMPLES / "usage").glob("*.json"))
    with (SAMPLES / "truth" / "oddities.csv").open(encoding="utf-8", newline="") as file:
        odd = list(csv.DictReader(file))
    refused = sorted((row["date"], row["reasons"]) for row in odd if row["reasons"])
    quarantined = sample_place.table(spark, QUARANTINE).where("feed = 'usage'").collect()
    found = sorted((str(row.date), " ".join(row.reasons)) for row in quarantined)
    assert found == [(day, re.sub(r"[ ,;|]+", " ", reasons)) for day, reasons in refused]
    accepted = sample_place.table(spark, PRODUCT_USAGE).count()
    assert items - accepted - len(quarantined) == 20  # the duplicates, as samples/README.md counts them


def test_a_second_run_does_nothing_and_says_so(sample_place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    logs = sorted(Path(sample_place.settings.lake.root).rglob("_delta_log/*.json"))
    assert sample_place.run("run", "--from", FIRST, "--to", LAST) == 0
    told = capsys.readouterr().out
    assert "Nothing new was published" in told
    assert "starting Spark" not in told
    assert sorted(Path(sample_place.settings.lake.root).rglob("_delta_log/*.json")) == logs


def test_ids_names_and_raw_text_stay_out_of_the_statistics(sample_place: Place) -> None:
    for table in TABLES:
        log = Path(sample_place.settings.lake.root, table.path, "_delta_log")
        personal = {column.name for column in table.columns if column.personal}
        for commit in log.glob("*.json"):
            for action in map(json.loads, commit.read_text(encoding="utf-8").splitlines()):
                statistics = json.loads(action.get("add", {}).get("stats") or "{}")
                assert not personal & set(statistics.get("minValues", {})), (table.name, commit.name)


def test_the_state_names_every_complete_date(sample_place: Place) -> None:
    from support.lake.content import newest_state

    complete = StagingState.from_json(newest_state(sample_place.settings.lake.root, PRODUCT_USAGE.path)).complete
    assert (min(complete), max(complete), len(complete)) == (
        date.fromisoformat(FIRST), date.fromisoformat(LAST), 90,
    )  # fmt: skip


def test_the_message_and_the_page_are_there(sample_place: Place) -> None:
    (message,) = Path(sample_place.folder, "outbox").glob("*.json")
    told = json.loads(message.read_text(encoding="utf-8"))
    assert told["event"] == "succeeded"
    page = Path(told["report"]).read_text(encoding="utf-8")
    assert "Who to call" in page
    assert "<script>alert" not in page
    assert "no new CRM file" not in page  # four came
    (digest,) = Path(sample_place.folder, "outbox").glob("digest-*.txt")
    assert "Entered risk (2):\n  - Falling Water (c_130, US): declining: " in digest.read_text(encoding="utf-8")
