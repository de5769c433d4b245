"""What resources name: each named resource exists, and is given the parameters that it declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deployment.fault import Fault
from deployment.pipelines.resources import Resource, Workspace

KINDS = {
    "LinkedServiceReference": "linkedService",
    "DatasetReference": "dataset",
    "PipelineReference": "pipeline",
    "SparkJobDefinitionReference": "sparkJobDefinition",
    "BigDataPoolReference": "bigDataPool",
}
# Which linked service a type needs, and which dataset.
NEEDS = {
    "Binary": "AzureBlobStorage",
    "Json": "AzureBlobStorage",
    "SparkJob": "AzureSynapseArtifacts",
    "GetMetadata": "Binary",
    "Lookup": "Json",
}
USED_BY_RUNS = {"ls_keyvault", "ls_azure_sql"}  # by name in the job's settings, and by people


def objects(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object within a value, with its place."""
    if isinstance(value, dict):
        yield place, value
        for key, inner in value.items():
            yield from objects(inner, f"{place}.{key}")
    if isinstance(value, list):
        for at, inner in enumerate(value):
            yield from objects(inner, f"{place}[{at}]")


def reference_faults(resource: Resource, known: Workspace) -> Iterator[Fault]:
    """References to what is not there, or is not of the right type, or is given other parameters."""
    for place, found in objects(resource.properties, "properties"):
        kind = KINDS.get(str(found.get("type")))
        if "referenceName" not in found or kind is None:
            continue
        name = found["referenceName"]
        name = name.get("value") if isinstance(name, dict) else name
        target = known.of(kind).get(str(name))
        if target is None:
            yield resource.fault(place, f"there is no {kind} {name}")
            continue
        if kind == "dataset":
            yield from parameter_faults(resource, place, found.get("parameters"), target)
    for place, found in objects(resource.properties, "properties"):
        yield from wrong_type(resource, place, found, known)
    if resource.kind == "trigger":
        started = resource.properties.get("pipeline", {})
        name = started.get("pipelineReference", {}).get("referenceName")
        if target := known.of("pipeline").get(str(name)):
            yield from parameter_faults(resource, "pipeline", started.get("parameters"), target)


def wrong_type(
    resource: Resource, place: str, found: Mapping[str, Any], known: Workspace
) -> Iterator[Fault]:
    """A linked service or a dataset of a type that its user cannot use."""
    wanted = NEEDS.get(str(found.get("type")))
    inner = found.get("typeProperties")
    for kind, reference in (
        ("linkedService", found.get("linkedServiceName")),
        ("dataset", inner.get("dataset") if isinstance(inner, dict) else None),
    ):
        if wanted is None or not isinstance(reference, dict):
            continue
        target = known.of(kind).get(str(reference.get("referenceName")))
        if target is not None and target.properties.get("type") != wanted:
            yield resource.fault(place, f"{target.name} is no {wanted}")


def parameter_faults(
    resource: Resource, place: str, given: Any, target: Resource
) -> Iterator[Fault]:
    declared = target.properties.get("parameters", {})
    given = given if isinstance(given, dict) else {}
    for name in given:
        if name not in declared:
            yield resource.fault(place, f"{target.name} has no parameter {name}")
    for name, parameter in declared.items():
        if name not in given and "defaultValue" not in parameter:
            yield resource.fault(place, f"{target.name} is not given its parameter {name}")


def unused_faults(known: Workspace) -> Iterator[Fault]:
    """Resources that nothing names."""
    named = {
        (KINDS.get(str(found.get("type"))), str(found.get("referenceName")))
        for resource in known.resources
        for _, found in objects(resource.properties, "properties")
    }
    for kind in KINDS.values():
        for name, resource in known.of(kind).items():
            if (kind, name) not in named and name not in USED_BY_RUNS:
                yield resource.fault("name", f"nothing names this {kind}")


def unused_parameters(resource: Resource) -> Iterator[Fault]:
    """Parameters that a pipeline or a dataset declares and does not use."""
    root = r"pipeline\(\)\.parameters" if resource.kind == "pipeline" else r"dataset\(\)"
    used = set(re.findall(rf"{root}\.(\w+)", str(resource.properties)))
    for name in resource.properties.get("parameters", {}):
        if name not in used:
            yield resource.fault(f"properties.parameters.{name}", "is never used")
