"""Shapes of resources and activities: JSON Schemas that are data (`shapes.yaml`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from deployment.fault import Fault
from deployment.misfits import misfits
from deployment.pipelines.resources import Resource


def closed(schema: Any) -> Any:
    """A schema in which `closed: {…}` is written out: these members, no other, all of them but the `optional` ones.

    >>> closed({"closed": {"a": {}, "b": {}}, "optional": ["b"]})["required"]
    ['a']
    """
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "closed" not in schema:
        return {key: closed(value) for key, value in schema.items()}
    members = schema["closed"]
    optional = schema.get("optional", [])
    return {
        "type": "object",
        "properties": {name: closed(value) for name, value in members.items()},
        "required": [name for name in members if name not in optional],
        "additionalProperties": False,
    }


SHAPES: dict[str, Any] = closed(
    yaml.safe_load(Path(__file__).with_name("shapes.yaml").read_text(encoding="utf-8"))
)


def misshapen(value: Any, shape: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    """Where a value does not have a shape."""
    schema = {**shape, "definitions": SHAPES["definitions"]}
    for inner, what in misfits(Draft202012Validator(schema), value):
        joint = "" if not inner or inner.startswith("[") else "."
        yield f"{place}{joint}{inner}".removeprefix("."), what


def shape_faults(resource: Resource, activities: Mapping[str, Any]) -> Iterator[Fault]:
    """Where a resource, or one of its activities, has not the shape of its kind and type."""
    shape = SHAPES["resources"][resource.kind]
    members = {"name", "properties"} | ({"location"} if resource.kind == "bigDataPool" else set())
    if set(resource.document) != members:
        yield resource.fault(
            "", f"has {', '.join(resource.document)}, not {', '.join(sorted(members))}"
        )
    if resource.document.get("location", "<region>") != "<region>":
        yield resource.fault("location", "is not <region>, which whoever deploys fills in")
    for place, what in misshapen(resource.properties, shape, "properties"):
        yield resource.fault(place, what)
    if resource.kind == "linkedService" and isinstance(resource.properties, dict):
        yield from linked_service_faults(resource)
    if resource.kind == "pipeline" and isinstance(resource.properties, dict):
        found = resource.properties.get("activities")
        for place, what in activity_faults(found, activities, "properties.activities"):
            yield resource.fault(place, what)


def linked_service_faults(resource: Resource) -> Iterator[Fault]:
    inner = SHAPES["linked_services"].get(str(resource.properties.get("type")))
    if inner is None:
        yield resource.fault("properties.type", "is no linked service of ours")
        return
    shape = closed(
        {"closed": {"description": {"type": "string"}, "type": {}, "typeProperties": inner}}
    )
    for place, what in misshapen(resource.properties, shape, "properties"):
        yield resource.fault(place, what)


def activity_faults(found: Any, shapes: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for at, activity in enumerate(found if isinstance(found, list) else []):
        if not isinstance(activity, dict):
            continue
        here = f"{place}[{at}]"
        own = shapes.get(str(activity.get("type")))
        if own is None:
            yield f"{here}.type", f"is no activity of ours: {activity.get('type')}"
            continue
        common = {
            "name": {"$ref": "#/definitions/text"},
            "type": {},
            "description": {"type": "string"},
        }
        needs = {"dependsOn": {"$ref": "#/definitions/needs"}}
        yield from misshapen(activity, closed({"closed": {**common, **needs, **own}}), here)
        inner = activity.get("typeProperties")
        if isinstance(inner, dict) and "ifFalseActivities" in inner:
            yield from activity_faults(
                inner["ifFalseActivities"], shapes, f"{here}.typeProperties.ifFalseActivities"
            )
