"""What the daily pipeline does in each case: which activity is red, with which code, and how the pipeline ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from company_activity.pipeline import NAMED_IN_OUTCOME
from deployment.pipelines.contract import FIRST, LAST, READS, RUNS, SHOWN, TELLS, outcome_where, shown
from deployment.pipelines.expressions import ExpressionError, evaluated
from deployment.pipelines.simulate import FAILED, SKIPPED, SUCCEEDED, ended, outcome
from deployment.platforms import DEPLOY
from deployment.secrets_in_files import secret_faults

PIPELINE = DEPLOY / "synapse/pipeline/pl-company-activity-daily.json"
ACTIVITIES: list[dict[str, Any]] = json.loads(PIPELINE.read_text("utf-8"))["properties"]["activities"]


def run(read: Mapping[str, Any] | None, failing: set[str]) -> dict[str, str]:
    """How the activities end if the run keeps this outcome (None: it could not), and these fail besides."""

    def ends(activity: Mapping[str, Any]) -> str:
        name = activity["name"]
        if name in failing or activity["type"] == "Fail" or (name == READS and read is None):
            return FAILED
        if name in SHOWN and read is not None and shown(activity, read):
            return FAILED
        return SUCCEEDED

    return ended(ACTIVITIES, ends)


def test_a_good_run_is_green_and_tells_nobody_twice() -> None:
    statuses = run(outcome_where("", 0), set())
    assert {name for name, status in statuses.items() if status == SKIPPED} == {TELLS, LAST}
    assert outcome(ACTIVITIES, statuses) == SUCCEEDED


@pytest.mark.parametrize("step", NAMED_IN_OUTCOME)
@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6])
def test_a_failed_step_is_red_where_it_belongs_with_its_exit_code(step: str, code: int) -> None:
    read = outcome_where(step, code)
    statuses = run(read, {RUNS})
    (red,) = [name for name in SHOWN if statuses[name] == FAILED]
    assert step in SHOWN[red]
    (activity,) = [one for one in ACTIVITIES if one["name"] == red]
    assert shown(activity, read) == (read["error"], str(code))
    assert (statuses[TELLS], statuses[LAST], outcome(ACTIVITIES, statuses)) == (SUCCEEDED, FAILED, FAILED)


@pytest.mark.parametrize("failing", [{FIRST}, {RUNS}, {RUNS, TELLS}])
def test_a_run_that_kept_no_outcome_is_told_and_fails(failing: set[str]) -> None:
    statuses = run(None, failing)
    assert all(statuses[name] == SKIPPED for name in SHOWN)
    assert statuses[TELLS] == (FAILED if TELLS in failing else SUCCEEDED)
    assert outcome(ACTIVITIES, statuses) == FAILED


def test_no_activity_of_ours_is_started_again_by_the_platform() -> None:
    jobs = [activity for activity in ACTIVITIES if activity["type"] == "SparkJob"]
    assert [activity["policy"]["retry"] for activity in jobs] == [0, 0]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("pipeline().RunId", "begins without @"),
        ("@pipelin().RunId", "knows no pipelin"),
        ("@pipeline().RunIds", "there is no RunIds"),
        ("@concat('a', pipeline().RunId", "ends too early"),
        ("@concat('a) b", "cannot be read"),
        ("@string('a') 'b'", "goes on after its end"),
        ("@equals('a')", "equals does not take"),
    ],
)
def test_an_expression_that_cannot_be_says_why(expression: str, why: str) -> None:
    with pytest.raises(ExpressionError, match=why.replace("(", r"\(")):
        evaluated(expression, {"pipeline": lambda: {"RunId": "r"}})


@pytest.mark.parametrize(
    "text",
    [
        '{"connectionString": "DefaultEndpointsProtocol=https;AccountKey=' + "a" * 20 + '"}',
        '{"sasUri": "https://a.blob.core.windows.net/c?sv=1&sig=abc"}',
        '{"password": "hunter2"}',
        "url: jdbc:sqlserver://a;password=hunter2",
        '{"value": {"type": "SecureString", "value": "x"}}',
        "token: dapi" + "0" * 32,
        "teams: https://prod-1.westeurope.logic.azure.com/workflows/abc/triggers",
    ],
)
def test_what_looks_like_a_secret_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "file.json").write_text(text, "utf-8")
    assert len(list(secret_faults(tmp_path))) == 1


def test_no_deployed_file_holds_a_secret() -> None:
    folders = {folder.name for folder in DEPLOY.iterdir() if folder.is_dir()} - {"tools"}
    assert folders >= {"synapse", "adf"}
    assert [str(fault) for folder in sorted(folders) for fault in secret_faults(DEPLOY / folder)] == []
