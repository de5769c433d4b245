"""What Databricks' models let pass is a fault all the same: each case changes one thing of the bundle as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deployment.bundle.check import check_bundle
from deployment.platforms import DEPLOY

JOBS = "resources/jobs.yml"
ROOT = "databricks.yml"
FIRST = "- task_key: run\n          job_cluster_key: dedicated\n"
AFTER = FIRST + "          depends_on: [{task_key: %s}]\n"


def faults_after(folder: Path, path: str, old: str, new: str) -> str:
    """The faults of a copy of the bundle in which `new` stands in place of the first `old`."""
    copy = folder / "databricks"
    shutil.copytree(DEPLOY / "databricks", copy)
    text = (copy / path).read_text("utf-8")
    assert old in text
    (copy / path).write_text(text.replace(old, new, 1), "utf-8")
    return "\n".join(map(str, check_bundle(copy)))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("run, --day-before,", "run, --date,", "is not over"),  # the day of the run
        (
            'default: "{{job.trigger.time.iso_date}}"',
            'default: "{{job.trigger.time.iso_dat}}"',
            "has no value in a run",
        ),
        ("{{job.parameters.day}}", "{{job.parameters.date}}", "['date'] are used"),
        ("{{job.parameters.day}}", "{{job.parameters.day}", "brackets"),
        ('iso_date}}"', 'iso_date}}"\n        - name: spare\n          default: x', "['day', 'spare']"),
        ("timezone_id: UTC", "timezone_id: Europe/Berlin", "the trigger's time is in UTC"),
        ("0 30 2 * * ?", "0 30 1 * * ?", "settled 2 hours after midnight"),
        ("0 30 2 * * ?", "0 30 2 * * MON", "not once a day"),
        ("SINGLE_USER", "USER_ISOLATION", "publishing needs the JVM"),
        ("max_retries: 0", "max_retries: 2", "what a gate refused"),
        ("max_concurrent_runs: 1", "max_concurrent_runs: 2", "two clusters"),
        ("entry_point: company-activity", "entry_point: company_activity", "entry_point"),
        ("package_name: company-activity", "package_name: activity", "package_name"),
        ("../../../../dist", "../../../dist", "libraries"),
        (FIRST, AFTER % "stage", "depends on stage, which is none"),
        (FIRST, AFTER % "run", "run → run depend on each other"),
        (FIRST, FIRST.replace("dedicated", "shared"), "['shared'] are used"),
        ("--env, databricks]", "--env, fabric]", "no --env databricks"),
        ("API__URL:", "API__URI:", "unknown setting api.uri"),
        ("AZURE_TENANT_ID:", "AZURE_TENANT:", "AZURE_TENANT"),
        ("company_activity.name}/azure", "company_activity.id}/azure", "no secret of a scope that is deployed"),
        ("${var.catalog}", "a.b", "lake.catalog"),
        ("trustServerCertificate=false", "user=etl;password=secret", "holds a password"),
        ("queue: &queue", "queue: &queue {enabled: true}\n      queue: &other", "queue stands twice"),
    ],
)
def test_a_job_that_would_not_do_what_it_should_is_a_fault(old: str, new: str, why: str, tmp_path: Path) -> None:
    assert why in faults_after(tmp_path, JOBS, old, new)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("include:\n  - resources/*.yml", "include:\n  - resources/jobs.yml", "secret_scopes.yml: is not included"),
        ("mode: production", "mode: production\n    cluster_id: x", "cluster_id"),
        ("    workspace:", "    workspace:\n      host: https://acme.example", "host"),
        ("root_path: /Workspace/Users/${var.deployer}", "root_path: /Workspace/Shared", "root_path"),
        ("level: CAN_VIEW", "level: CAN_RUN", "CAN_RUN"),  # of the scope it would mean READ, for whoever has it
        ("name: ${var.deployer}", "name: ${var.deploier}", "${var.deploier} is not there"),
        ("default: 2", "default: 2\n  spare:\n    description: x", "spare: nothing uses it"),
        ("default: 18.x-scala2.13", "default: 15.4.x-scala2.12", "is not 18.x-scala2.13"),
        ("default: Standard_D4ds_v5", "default: Standard_D2ds_v5", "Standard_D2ds_v5 is none of"),
        ("    default: 2\n", "    default: two\n", "'two'"),
        (">= 1.22.1", ">= 1.0.0", "the model in setup.cfg"),
        ("path: ../../..", "path: ../..", "the checkout is ../../.."),
    ],
)
def test_a_bundle_that_could_not_be_deployed_is_a_fault(old: str, new: str, why: str, tmp_path: Path) -> None:
    assert why in faults_after(tmp_path, ROOT, old, new)
