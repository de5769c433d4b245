"""conf/deploy/fabric: what fabric-cicd would send of it, and that a fault in a file written by hand is found."""

from __future__ import annotations

import ast
import inspect
import json
import re
import shutil
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fabric_cicd import FabricWorkspace, publish_all_items

from deployment.fabric import pipeline_of
from deployment.fabric.check import fabric_faults
from deployment.fabric.cicd import ENVIRONMENTS, TARGET, Endpoint, published
from deployment.fabric.ids import ITEMS
from deployment.fabric.pipeline_of import NotTranslated, spaced, translated
from deployment.platforms import DEPLOY

FABRIC = DEPLOY / "fabric"
SPARK_JOB = "company-activity-daily.SparkJobDefinition/SparkJobDefinitionV1.json"
SCHEDULES = "pl-company-activity-daily.DataPipeline/.schedules"
PIPELINE = "pl-company-activity-daily.DataPipeline/pipeline-content.json"
LAKEHOUSE = "company_activity.Lakehouse/lakehouse.metadata.json"
PLATFORM = "company-activity.Environment/.platform"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the items."""
    return Path(shutil.copytree(FABRIC, tmp_path / "fabric"))


@pytest.fixture(params=ENVIRONMENTS)
def sent(request: pytest.FixtureRequest) -> Endpoint:
    """What would be sent to each of the workspaces."""
    return published(FABRIC, request.param)


def test_the_readme_deploys_every_kind_of_item_by_a_call_that_fabric_cicd_has() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"<<'END'\n(.*?)\n   END", text, re.DOTALL)
    tree = ast.parse(textwrap.dedent("   " + script.lstrip()))
    (kinds,) = (ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign))
    assert sorted(kinds) == sorted(item.rpartition(".")[2] for item in ITEMS)
    calls = {ast.unparse(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    given = {str(keyword.arg): None for keyword in calls["FabricWorkspace"].keywords}
    inspect.signature(FabricWorkspace).bind(**given)
    inspect.signature(publish_all_items).bind(None)


def files(endpoint: Endpoint, item: str) -> dict[str, str]:
    (found,) = (one for one in endpoint.sent if one.name == item)
    return found.files


def test_every_item_is_sent_once_and_what_is_referred_to_comes_first(sent: Endpoint) -> None:
    names = [item.name for item in sent.sent]
    assert sorted(names) == sorted(ITEMS)
    assert names.index("company_activity.Lakehouse") < names.index("company-activity-daily.SparkJobDefinition")
    assert names.index("company-activity.Environment") < names.index("company-activity-daily.SparkJobDefinition")
    assert names[-1] == "pl-company-activity-daily.DataPipeline"


def test_the_job_is_sent_with_its_main_file_and_the_ids_of_the_workspace(sent: Endpoint) -> None:
    (job,) = (one for one in sent.sent if one.name == "company-activity-daily.SparkJobDefinition")
    definition = json.loads(job.files["SparkJobDefinitionV1.json"])
    assert job.form == "SparkJobDefinitionV2"
    assert job.files[f"Main/{definition['executableFile']}"] == (DEPLOY.parents[1] / "jobs/run_daily.py").read_text()
    given = {definition["defaultLakehouseArtifactId"], definition["environmentArtifactId"]}
    assert all(one.startswith("99999999-") for one in given)


def test_the_semantic_model_reads_the_lakehouse_of_the_workspace_that_it_is_sent_to(sent: Endpoint) -> None:
    text = files(sent, "company-activity.SemanticModel")["definition/expressions.tmdl"]
    assert f"onelake.dfs.fabric.microsoft.com/{TARGET}/99999999-" in text


def test_the_lakehouse_is_made_with_schemas_and_finds_its_tables_by_name(sent: Endpoint) -> None:
    (lakehouse,) = (one for one in sent.sent if one.name == "company_activity.Lakehouse")
    assert lakehouse.made_with == {"enableSchemas": True}
    made = {f"{one['path']}/{one['name']}": one["target"]["oneLake"] for one in sent.shortcuts}
    table = made["/Tables/analytics/company_activity_daily"]
    assert table["path"] == "Files/company-activity/lake/analytics/company_activity_daily"
    assert table["workspaceId"] == TARGET
    assert len(made) == 8


def test_the_wheel_is_sent_with_the_environment(folder: Path) -> None:
    library = folder / "company-activity.Environment/Libraries/CustomLibraries/company_activity-1-py3-none-any.whl"
    library.parent.mkdir(parents=True)
    with zipfile.ZipFile(library, "w") as wheel:
        wheel.writestr("company_activity/__init__.py", "")
    there = files(published(folder, "PROD"), "company-activity.Environment")
    assert "Libraries/CustomLibraries/company_activity-1-py3-none-any.whl" in there
    assert "Setting/Sparkcompute.yml" in there


def activities(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["properties"]["activities"])


def test_the_pipeline_has_the_activities_of_synapse_in_their_order() -> None:
    ours, theirs = activities(FABRIC / PIPELINE), activities(pipeline_of.SYNAPSE)
    same = ("name", "dependsOn", "policy")
    assert [[one.get(key) for key in same] for one in ours] == [[one.get(key) for key in same] for one in theirs]


def test_an_activity_of_a_new_kind_is_not_passed_over() -> None:
    with pytest.raises(NotTranslated, match="act-copy is a Copy"):
        translated({"name": "act-copy", "type": "Copy", "dependsOn": [], "typeProperties": {}})


def test_arguments_become_one_text() -> None:
    assert spaced(["'--date'", "f()", "'--env'", "'fabric'", "g()"]) == ["'--date '", "f()", "' --env fabric '", "g()"]


@pytest.mark.parametrize(
    ("path", "before", "after", "why"),
    [
        ("parameter.yml", "find_value", "find_valu", "fabric-cicd refuses"),
        ("parameter.yml", "find_replace", "find_replaced", "fabric-cicd refuses"),
        ("parameter.yml", "item_name: company-activity", "item_name: company", "is sent as it stands here"),
        ("parameter.yml", "item_type: SemanticModel", "item_type: Report", "is sent as it stands here"),
        ("parameter.yml", "/definition/expressions.tmdl", "/definition/model.tmdl", "is sent as it stands here"),
        ("parameter.yml", "DEV: $workspace.$id", "DEF: $workspace.$id", "DEV: 00000000"),
        ("parameter.yml", "PROD: $workspace.$id", "PROD: $workspac.$id", "fabric-cicd refuses"),
        ("parameter.yml", "DEV: false", "DEV: true", "the schedule runs in PROD, and there alone"),
        ("parameter.yml", "$.schedules[0].enabled", "$.schedules[0].enable", "the schedule runs in PROD"),
        ("parameter.yml", "onelake", "onelak", "is sent as it stands here"),
        (SPARK_JOB, "run_daily.py", "run_dayly.py", "there is no Main/run_dayly.py"),
        (SPARK_JOB, "7b1e01", "7b1e02", "is not our lakehouse"),
        (SPARK_JOB, "7b1e02", "7b1e01", "is not our environment"),
        (SPARK_JOB, '"commandLineArguments": ""', '"commandLineArguments": "--date 2025-01-31"', "given by who starts it"),
        (SPARK_JOB, '"retryPolicy": null', '"retryPolicy": {"count": 3}', "is not of type 'null'"),
        (SPARK_JOB, '"language"', '"lang"', "language"),
        (SPARK_JOB, '"Python"', '"python"', "'Python' was expected"),
        (SCHEDULES, '"03:00"', '"01:30"', "the day before is not settled"),
        (SCHEDULES, '"03:00"', '"3:00"', "does not match"),
        (SCHEDULES, '"UTC"', '"Central Standard Time"', "'UTC' was expected"),
        (SCHEDULES, '"enabled": true', '"enabled": "true"', "is not of type 'boolean'"),
        (SCHEDULES, "2036-01-01", "2016-01-01", "today it would not"),
        (SCHEDULES, "2026-01-01", "2035-12-31", "today it would not"),
        (SCHEDULES, "2026-01-01", "2026-13-01", "is no midnight"),
        (SCHEDULES, "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "is no midnight"),
        (SCHEDULES, "2026-01-01T00:00:00", "2026-01-01T03:00:00", "is no midnight"),
        (SCHEDULES, '"Execute"', '"Execut"', "'Execute' was expected"),
        (LAKEHOUSE, '"dbo"', '"db"', "'dbo' was expected"),
        (PLATFORM, '"Environment"', '"Notebook"', "is not that of company-activity.Environment"),
        (PLATFORM, "7b1e02", "7b1e09", "by which company-activity.Environment is found again"),
        (PIPELINE, '"retry": 0', '"retry": 3', "is tried again by the platform"),
        (PIPELINE, "--outcome", "--outcom", "No such option"),
        (PIPELINE, "fabric --steps", "fabricks --steps", "--env is fabricks"),
        (PIPELINE, "1, 'Day'", "2, 'Day'", "--date is 2025-01-30, not 2025-01-31"),
        (PIPELINE, "company-activity/fabric.yaml", "fabric.yaml", "--settings is"),
        (PIPELINE, "parameters.steps", "parameters.step", "step is used or declared, not both"),
        (PIPELINE, "lake/ops/outcomes", "lake/ops/runs", "looks into company-activity/lake/ops/runs"),
        (PIPELINE, '"Failed"', '"Completed"', "act-notify_failure"),
    ],
)  # fmt: skip
def test_a_fault_is_found(folder: Path, path: str, before: str, after: str, why: str) -> None:
    text = (folder / path).read_text(encoding="utf-8")
    assert before in text
    (folder / path).write_text(text.replace(before, after, 1), encoding="utf-8")
    assert why in " ".join(str(fault) for fault in fabric_faults(folder))


def test_a_file_too_many_and_a_file_too_few_are_found(folder: Path) -> None:
    (folder / SCHEDULES).rename(folder / "pl-company-activity-daily.DataPipeline/.schedule")
    found = {str(fault) for fault in fabric_faults(folder)}
    assert found == {
        f"{SCHEDULES}: is missing",
        "pl-company-activity-daily.DataPipeline/.schedule: belongs to no item",
    }


def test_a_secret_in_a_file_is_found(folder: Path) -> None:
    (folder / SCHEDULES).write_text('{"password": "hunter2"}', encoding="utf-8")
    assert any("holds a password" in str(fault) for fault in fabric_faults(folder))
