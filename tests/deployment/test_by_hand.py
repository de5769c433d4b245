"""Changes that look right: each was taken once by every check, and would have gone wrong in the workspace."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from deployment import synapse
from deployment.platforms import CHECKS, DEPLOY

PIPELINE = "pipeline/pl-company-activity-daily.json"
TRIGGER = "trigger/tr-company-activity-daily.json"
JOB = "sparkJobDefinition/company-activity.json"
POOL = "bigDataPool/caspark35.json"
OUTCOME = "dataset/ds_outcome.json"
DATE = '{\n              "value": "@pipeline().parameters.date",\n              "type": "Expression"\n            }'
VAULT = '"spark.yarn.appMasterEnv.COMPANY_ACTIVITY__SECRETS__LINKED_SERVICE": "ls_keyvault"'
ENV = '"spark.yarn.appMasterEnv.COMPANY_ACTIVITY__'
FORM = "'yyyy-MM-dd'"
CODE = "@string(activity('act-read_outcome').output.firstRow.ingest_usage_exit_code)"

CHANGES = [
    # Dates that are right for one day.
    (PIPELINE, DATE, '"2025-11-23"', "is called with"),
    (
        PIPELINE,
        '"date": {\n        "type": "string"',
        '"date": {"defaultValue": "2025-11-23", "type": "string"',
        "default",
    ),
    (PIPELINE, "', pipeline().parameters.date, '", "', pipeline().parameters.steps, '", "does not name the date"),
    (TRIGGER, FORM, "'2025-MM-dd'", "for the window of"),
    (TRIGGER, FORM, "'2025-11-23'", "for the window of"),
    (TRIGGER, "windowStartTime", "windowEndTime", "for the window of"),
    (TRIGGER, "2025-11-01T", "2125-11-01T", "lies ahead"),
    (TRIGGER, "03:00:00", "24:00:00", "does not match"),
    # A run that does nothing and is green, is ended too early, or is tried by nobody.
    (PIPELINE, '"notify"\n', '"notify", "--dry-run"\n', "--dry-run does nothing"),
    (PIPELINE, '"notify"\n', '"notify", "--debug"\n', "is called with"),
    (PIPELINE, "0.06:00:00", "0.00:06:00", "is ended while the run may wait"),
    (PIPELINE, "0.06:00:00", "0.99:00:00", "does not match"),
    (PIPELINE, '"secureOutput": false', '"secureOutput": true', "False was expected"),
    (JOB, VAULT, VAULT + f', {ENV}RUN__ATTEMPTS": "1"', "no platform tries a run again"),
    (JOB, VAULT, VAULT + f', {ENV}RUN__RETRY_SECONDS": "3600", {ENV}RUN__ATTEMPTS": "10"', "is ended while"),
    (JOB, VAULT, VAULT + f', {ENV}RUN__SETTLE_HOURS": "30"', "ends before a day has settled"),
    (POOL, '"delayInMinutes": 5', '"delayInMinutes": 60000', "5 was expected"),
    # Secrets that no vault has, or that need none.
    (JOB, VAULT, VAULT + f', {ENV}API__KEY": "secret://apikey"', "ask for the secrets"),
    (JOB, VAULT, VAULT + f', {ENV}API__KEY": "abc123"', "is a secret, and stands there"),
    # An outcome that is looked for elsewhere, or shown with a code that is not its own.
    (OUTCOME, "company-activity/ops/outcomes", "company-activity", "which is no ops/outcomes"),
    (PIPELINE, CODE, "@string(3)", "where ingest_usage failed"),
    (PIPELINE, "start_exit_code, activity", "start_exit_code activity", "where ) should be"),
    (PIPELINE, "stage_usage_exit_code, 0)", "stage_usage_exit_code, 0,)", "knows no )"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEPLOY / "synapse", tmp_path / "synapse"))


@pytest.mark.parametrize(("path", "before", "after", "why"), CHANGES)
def test_a_change_that_looks_right_is_caught(folder: Path, path: str, before: str, after: str, why: str) -> None:
    file = folder / path
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), "utf-8")
    assert why in " ".join(map(str, synapse.check(folder)))


@pytest.mark.parametrize("path", [PIPELINE, TRIGGER, JOB, POOL])
def test_a_copy_under_another_name_is_caught(folder: Path, path: str) -> None:
    document = json.loads((folder / path).read_text("utf-8")) | {"name": "another"}
    copied = folder / Path(path).with_name("another.json")
    copied.write_text(json.dumps(document), "utf-8")
    assert "another.json: name: " in " ".join(map(str, synapse.check(folder)))


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("/company-activity\n", "/company-activities\n", "lake.root is"),
        ("database.windows.net", "databases.windows.net", "sql.url is"),
        ("azure-client-secret}}", "azure-client-secrets}}", "AZURE_CLIENT_SECRET"),
    ],
)
def test_a_cluster_with_another_place_than_its_settings_is_caught(
    tmp_path: Path, before: str, after: str, why: str
) -> None:
    copied = Path(shutil.copytree(DEPLOY / "databricks", tmp_path / "databricks"))
    file = copied / "resources/jobs.yml"
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), "utf-8")
    assert why in " ".join(map(str, CHECKS["databricks"](copied)))
