"""Synapse: `conf/deploy/synapse/`, a workspace in its Git layout."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from azure.synapse.artifacts import _serialization, models

from deployment.fault import Fault
from deployment.pipelines.checking import Checked, check_workspace
from deployment.pipelines.models import Models
from deployment.pipelines.resources import Workspace, workspace
from deployment.pipelines.shapes import SHAPES

OF_KIND = {
    "pipeline": "PipelineResource",
    "trigger": "TriggerResource",
    "dataset": "DatasetResource",
    "linkedService": "LinkedServiceResource",
    "sparkJobDefinition": "SparkJobDefinitionResource",
    "bigDataPool": "BigDataPoolResourceInfo",
}
ACTIVITIES: Mapping[str, Any] = SHAPES["activities"]


@cache
def synapse_models() -> Models:
    return Models.of(models, _serialization, OF_KIND)


def check(folder: Path) -> list[Fault]:
    """Every fault of the workspace."""
    known, faults = read(folder)
    jobs = known.of("sparkJobDefinition")
    return faults + check_workspace(Checked(folder, known, synapse_models(), ACTIVITIES, jobs))


def read(folder: Path) -> tuple[Workspace, list[Fault]]:
    return workspace(folder, tuple(OF_KIND))
