"""Data Factory: `conf/deploy/adf/`, generated from the Synapse workspace, whose Spark job it starts."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from azure.mgmt.datafactory import _serialization, models

from deployment import synapse
from deployment.fault import Fault
from deployment.pipelines.checking import PIPELINE, Checked, check_workspace
from deployment.pipelines.diagram import diagram
from deployment.pipelines.models import Models
from deployment.pipelines.resources import Resource, workspace
from deployment.pipelines.shapes import SHAPES

SYNAPSE = Path(__file__).resolve().parents[2] / "synapse"
OF_KIND = {
    kind: synapse.OF_KIND[kind] for kind in ("pipeline", "trigger", "dataset", "linkedService")
}
ACTIVITIES: Mapping[str, Any] = {**SHAPES["activities"], **SHAPES["factory"]}
DIAGRAM = "diagram.mmd"
WORKSPACE = "ls_synapse"
LINKED_WORKSPACE = {
    "name": WORKSPACE,
    "properties": {
        "description": "The Synapse workspace whose pool runs the job. The factory's identity starts it.",
        "type": "AzureSynapseArtifacts",
        "typeProperties": {
            "endpoint": "https://<workspace>.dev.azuresynapse.net",
            "authentication": "MSI",
            "workspaceResourceId": "<workspace-resource-id>",
        },
    },
}


@cache
def factory_models() -> Models:
    return Models.of(models, _serialization, OF_KIND)


def check(folder: Path) -> list[Fault]:
    """Every fault of the factory; its jobs are those of the Synapse workspace."""
    known, faults = workspace(folder, tuple(OF_KIND), also=(DIAGRAM,))
    of_workspace, _ = synapse.read(SYNAPSE)
    jobs = of_workspace.of("sparkJobDefinition")
    return faults + check_workspace(Checked(folder, known, factory_models(), ACTIVITIES, jobs))


def generated() -> Mapping[str, str]:
    """The factory's files: path → text."""
    known, _ = synapse.read(SYNAPSE)
    files = {
        f"{one.kind}/{one.name}.json": as_text(of_factory(one))
        for one in known.resources
        if one.kind in OF_KIND
    }
    files[f"linkedService/{WORKSPACE}.json"] = as_text(LINKED_WORKSPACE)
    if pipeline := known.of("pipeline").get(PIPELINE):
        files[DIAGRAM] = diagram(pipeline.properties["activities"])
    return files


def as_text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def of_factory(resource: Resource) -> Mapping[str, Any]:
    """A resource of the workspace as one of a factory: a Spark job is in another place there."""
    document = copy.deepcopy(dict(resource.document))
    if resource.kind != "pipeline":
        return document
    for activity in document["properties"]["activities"]:
        if activity["type"] == "SparkJob":
            job = activity["typeProperties"]["sparkJob"]
            job["referenceName"] = {"value": job["referenceName"], "type": "Expression"}
            activity["linkedServiceName"] = {
                "referenceName": WORKSPACE,
                "type": "LinkedServiceReference",
            }
    return document
