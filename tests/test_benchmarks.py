"""The harness of `make bench` measures what it says, on tiny sizes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.opening import open_storage
from company_activity.records.crm import read_crm_file

from benchmarks.__main__ import measured
from benchmarks.harness.cost import Cost, run_tree
from benchmarks.harness.errors import Broken, NotHere
from benchmarks.harness.event_log import Counts, Event, Window, commits, counted
from benchmarks.harness.feed import Feed
from benchmarks.harness.figures import Bench, Figure, Row
from benchmarks.harness.goals import GOALS, LaterTable
from benchmarks.harness.jvms import jvms, noting_jvms
from benchmarks.harness.opens import Opens
from benchmarks.harness.pairs import cpu, in_turns
from benchmarks.harness.places import LAST, NO_API, days_to, landing_of
from benchmarks.harness.results import Result, Results, code_id, key_of
from benchmarks.harness.table import is_short, table
from benchmarks.rows import ROWS
from benchmarks.rows.l03_staging import parts_in
from support.cycle.place import Place

DAY = date(2025, 3, 31)
BURN = "import time; began = time.process_time()\nwhile time.process_time() - began < 0.3: pass"
# A child that is left behind, as Python leaves its JVM behind.
ORPHAN = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN!r}])"
GREEDY = "import time; kept = bytearray(200 << 20); time.sleep(30)"


def row_that(*figures: Figure, error: Exception | None = None, name: str = "L2") -> Row:
    def measure(bench: Bench) -> list[Figure]:
        if error:
            raise error
        return list(figures)

    return Row(name, "a row", {"full": {"times": 9}, "small": {"times": 1}}, {"full": 1, "small": 1}, measure)


def test_the_cpu_seconds_of_a_process_that_was_left_behind_count() -> None:
    cost = run_tree([sys.executable, "-c", ORPHAN])
    assert cost.cpu > 0.3
    assert cost.wall < cost.cpu  # the wall ends with the command itself


def test_a_command_that_fails_has_no_cost() -> None:
    with pytest.raises(Broken, match="no such thing"):
        run_tree([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_a_tree_that_grows_past_its_cap_is_ended() -> None:
    cost = run_tree([sys.executable, "-c", GREEDY], cap_mib=100, may_fail=True)
    assert cost.exit_code == 137
    assert cost.wall < 20
    assert cost.peak_mib > 100


def test_a_tree_within_its_cap_goes_on() -> None:
    cost = run_tree([sys.executable, "-c", GREEDY.replace("30", "1")], cap_mib=2000)
    assert 200 < cost.peak_mib < 400


@pytest.mark.spark  # a JVM that says its version
def test_each_jvm_is_noted_also_one_that_only_says_its_version(tmp_path: Path) -> None:
    environ = noting_jvms(tmp_path)
    assert jvms(tmp_path) == 0
    run_tree(["sh", "-c", "$JAVA_HOME/bin/java -version && $JAVA_HOME/bin/java -version"], environ)
    assert jvms(tmp_path) == 2


def test_pairs_run_in_turns_and_the_ratio_is_the_median_of_the_turns() -> None:
    order: list[str] = []
    left = {"ours": [2.0, 9.0, 4.0], "theirs": [1.0, 3.0, 1.0]}

    def cost_of(side: str) -> Cost:
        order.append(side)
        return Cost(left[side].pop(0), 1.0, 0, "")

    pairs = in_turns(lambda: cost_of("ours"), lambda: cost_of("theirs"), 3)
    assert order == ["ours", "theirs"] * 3
    assert pairs.ratio(cpu) == 3.0
    [figure] = pairs.figures("CPU", cpu)
    assert figure.beside == "4.0 against 1.0 s, 3 pairs; A/A 2.47, B/B 1.67"


def test_a_landed_date_is_what_an_ingest_of_its_items_would_have_landed(tmp_path: Path) -> None:
    from company_activity.records.item import canonical, content_digest

    feed = Feed(companies=50, records=2500)
    landing = landing_of(Place(tmp_path, NO_API))
    feed.land(landing, DAY)
    landed = landing.newest(DAY)
    assert landed is not None
    landing.check(landed)
    sent = [text for text, _ in feed.items(DAY)]
    assert landed.content_digest == content_digest(canonical(text) for text in sent)
    assert (landed.rows, landed.pages) == (2500, 3)
    feed.write_answer(tmp_path / "answers", DAY)
    answer = json.loads((tmp_path / "answers" / f"{DAY}.json").read_text())
    assert answer["items"] == [json.loads(text) for text in sent]


def test_both_sides_of_staging_read_every_part_of_a_date(tmp_path: Path) -> None:
    settings = replace(Place(tmp_path, NO_API).settings.landing, part_bytes=1)
    Feed(companies=50, records=2500).land(Landing(open_storage(settings), settings), DAY)
    pattern = parts_in(tmp_path / "landing")
    lines = [len(part.read_text().splitlines()) for part in sorted(pattern.parent.glob(pattern.name))]
    assert lines == [1000, 1000, 500]


def test_usage_is_seeded_unequal_and_has_what_real_feeds_have() -> None:
    feed = Feed(companies=100, records=5000)
    items = [json.loads(text) for text, _ in feed.items(DAY)]
    assert [json.loads(text) for text, _ in feed.items(DAY)] == items
    assert [json.loads(text) for text, _ in feed.items(DAY, revision=1)] != items
    by_company = dict.fromkeys((item["company_id"] for item in items), 0)
    for item in items:
        by_company[item["company_id"]] += 1
    assert by_company["c_0000000"] > 20 * by_company.get("c_0000090", 0)
    assert sum(item["active_users"] == "many" for item in items) == 10
    assert len({(item["company_id"], item["ts"]) for item in items}) == 4950


def test_no_row_of_a_snapshot_is_refused_however_old_it_is(tmp_path: Path) -> None:
    day = days_to(LAST, max(row.inputs["full"].get("long", 0) for row in ROWS))[0]
    Feed(companies=50, records=1).write_crm(tmp_path, day)
    [path] = tmp_path.iterdir()
    read = read_crm_file(path.name, path.read_bytes(), LAST)
    assert (read.rows_in, len(read.accepted), read.file_date) == (50, 50, day)


def execution(number: int, description: str) -> Event:
    start = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart"
    return {"Event": start, "executionId": number, "description": description}


def test_counts_come_from_the_event_log() -> None:
    scan = plan_of("Scan parquet", {"number of files read": 1, "number of output rows": 2})
    of_log = plan_of("Scan json", {"number of files read": 3, "number of output rows": 4}, "DeltaLogFileIndex")
    log: list[Event] = [
        {**execution(0, "collect at stage_usage.py:187"), "time": 10}
        | {"sparkPlanInfo": {**plan_of("Project", {}), "children": [scan, of_log]}},
        {**execution(1, "Delta: Filtering files for query"), "time": 10, "sparkPlanInfo": plan_of("Project", {})},
        {"Event": "SparkListenerJobStart", "Submission Time": 11, "Properties": {"spark.sql.execution.id": "0"}},
        {"Event": "SparkListenerJobStart", "Submission Time": 12, "Properties": {"spark.sql.execution.id": "1"}},
        {
            "Event": "org.apache.spark.sql.execution.ui.SparkListenerDriverAccumUpdates",
            "accumUpdates": [[1, 7], [3, 9]],
        },
        *({"Event": "SparkListenerTaskEnd", "Task Info": {"Accumulables": [rows(2, 50), rows(4, 60)]}} for _ in "12"),
        {"Event": "SparkListenerJobStart", "Submission Time": 99, "Properties": {}},
    ]
    assert counted(log) == Counts(
        jobs=3, executions=2, rows_read=100, files_read=7, jobs_of_delta=1, executions_of_delta=1
    )
    assert counted(log, Window(0, 50)).jobs == 2
    assert counted(log, Window(50, 100)) == Counts(
        jobs=1, executions=0, rows_read=0, files_read=0, jobs_of_delta=0, executions_of_delta=0
    )


def plan_of(name: str, metrics: dict[str, int], location: str = "PreparedDeltaFileIndex") -> dict[str, object]:
    named = [{"name": metric, "accumulatorId": number} for metric, number in metrics.items()]
    return {"nodeName": name, "simpleString": location, "metadata": {}, "metrics": named, "children": []}


def rows(accumulator: int, update: int) -> dict[str, object]:
    return {"ID": accumulator, "Update": str(update), "Metadata": "sql"}


def test_commits_are_counted_without_checkpoints(tmp_path: Path) -> None:
    log = tmp_path / "stg" / "crm" / "_delta_log"
    log.mkdir(parents=True)
    for name in ("00000000000000000000.json", "00000000000000000001.json", "_last_checkpoint", "1.checkpoint.parquet"):
        (log / name).touch()
    assert commits(tmp_path) == 2


def test_a_row_is_measured_again_where_code_or_inputs_have_changed(tmp_path: Path) -> None:
    row = row_that(Figure("CPU, run/bare", 3.5, "×"))
    kept = Results(tmp_path)
    kept.keep(measured(row, "full", key_of("c1", row, "full"), tmp_path))
    found = kept.found(row, "full", key_of("c1", row, "full"))
    assert found is not None
    assert found.figures == (Figure("CPU, run/bare", 3.5, "×"),)
    assert kept.found(row, "full", key_of("c2", row, "full")) is None
    larger = replace(row, inputs={**row.inputs, "full": {"times": 10}})
    assert kept.found(larger, "full", key_of("c1", larger, "full")) is None
    assert kept.found(row, "small", key_of("c1", row, "small")) is None


def test_a_row_that_broke_off_or_lacks_something_says_so_and_is_tried_again(tmp_path: Path) -> None:
    kept = Results(tmp_path)
    broken = measured(row_that(error=Broken("it ended with 3")), "full", "key", tmp_path)
    lacking = measured(
        row_that(error=NotHere("no PostgreSQL; run: apt-get install postgresql")), "full", "key", tmp_path
    )
    assert (broken.is_broken, lacking.is_broken) == (True, False)
    told = table([broken, lacking])
    assert "BROKEN" in told
    assert "it ended with 3" in told
    assert "NOT MEASURED" in told
    assert "apt-get install postgresql" in told
    kept.keep(broken)
    assert kept.found(row_that(), "full", "key") is None


def test_the_table_says_which_figures_miss_their_goals() -> None:
    figures = Figure("CPU, run/bare", 2.01, "×"), Figure("wall, run/bare", 2.0, "×"), Figure("free", 7)
    result = Result("L2", "full", "key", 1.0, figures)
    lines = [line.split() for line in table([result]).splitlines()]
    assert lines[1] == ["L2", "CPU,", "run/bare", "2.01", "×", "≤", "2", "short"]
    assert lines[2] == ["L2", "wall,", "run/bare", "2", "×", "≤", "2", "pass"]
    assert lines[3] == ["L2", "free", "7", "none"]
    assert is_short(result)
    assert not is_short(replace(result, size="small"))  # a small size has no goal for a ratio


def test_a_table_that_comes_later_may_add_only_so_much_and_gives_its_reason() -> None:
    LaterTable("ops.verdicts", "read by the report", jobs=6, executions=6, commits=1)
    with pytest.raises(ValueError, match="more than a table may"):
        LaterTable("ops.verdicts", "read by the report", jobs=7)
    with pytest.raises(ValueError, match="no reason"):
        LaterTable("ops.verdicts", "")


def test_each_goal_belongs_to_a_row_and_each_row_has_both_sizes() -> None:
    assert {row.name for row in ROWS} == set(GOALS)
    assert all(set(row.inputs) == set(row.minutes) == {"full", "small"} for row in ROWS)
    assert sum(row.minutes["full"] for row in ROWS) <= 90


def test_what_is_changed_and_not_committed_is_other_code(tmp_path: Path) -> None:
    for words in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "a"],
    ):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    clean = code_id(tmp_path)
    assert "+" not in clean
    (tmp_path / "new.py").write_text("1\n")
    changed = code_id(tmp_path)
    (tmp_path / "new.py").write_text("2\n")
    assert len({clean, changed, code_id(tmp_path)}) == 3


def test_each_opening_of_a_file_is_seen_whichever_process_opens_it(tmp_path: Path) -> None:
    folder = tmp_path / "date=2025-03-31"
    folder.mkdir()
    (folder / "part").write_text("1")
    (folder / "other").write_text("1")
    with Opens(tmp_path) as opens:
        (folder / "part").read_text()
        subprocess.run(["cat", folder / "part"], check=True, stdout=subprocess.DEVNULL)
        list(folder.iterdir())  # a listing opens no file
    assert opens.counts[folder / "part"] == 2
    assert opens.counts[folder / "other"] == 0


def test_a_correction_changes_one_company_in_a_hundred_and_nothing_else(tmp_path: Path) -> None:
    feed = Feed(companies=500, records=2000)
    landing = landing_of(Place(tmp_path, NO_API))
    feed.land(landing, DAY)
    feed.land_corrected(landing, DAY)
    lines = [sorted(path.read_text().splitlines()) for path in sorted(tmp_path.rglob("*.ndjson"))]
    changed = {json.loads(line)["company_id"] for line in set(lines[0]) ^ set(lines[1])}
    assert changed
    assert all(company.endswith("37") for company in changed)
