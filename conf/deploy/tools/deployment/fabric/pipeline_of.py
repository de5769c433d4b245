"""Fabric's pipeline, from the Synapse one: the same activities under the same names, in the form that Fabric knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployment.fabric.ids import ITEMS, LAKEHOUSE, THIS_WORKSPACE

SYNAPSE = (
    Path(__file__).resolve().parents[3] / "synapse" / "pipeline" / "pl-company-activity-daily.json"
)
PIPELINE = "pl-company-activity-daily.DataPipeline"
JOB = ITEMS["company-activity-daily.SparkJobDefinition"]
ROOT = "company-activity"  # the folder of Files that conf/fabric.yaml names
SETTINGS = f"/lakehouse/default/Files/{ROOT}/fabric.yaml"

# A schedule of Fabric gives no date: without one it is the day before the run was started.
GIVEN = "pipeline().parameters.date"
DATE = (
    f"if(empty({GIVEN}), subtractFromTime(pipeline().TriggerTime, 1, 'Day', 'yyyy-MM-dd'), {GIVEN})"
)
ALONE = {"description", "name", "type", "dependsOn", "policy"}
READ = {"type": "LakehouseReadSettings", "recursive": False, "enablePartitionDiscovery": False}


class NotTranslated(ValueError):
    """Something of the Synapse pipeline that has no form here yet."""


def pipeline_content() -> str:
    """The text of `pipeline-content.json`."""
    synapse = json.loads(SYNAPSE.read_text(encoding="utf-8"))["properties"]
    properties = {
        "description": synapse["description"],
        "activities": [translated(activity) for activity in synapse["activities"]],
        "parameters": {
            name: {"type": "string", "defaultValue": parameter.get("defaultValue", "")}
            for name, parameter in synapse["parameters"].items()
        },
    }
    return json.dumps({"properties": properties}, indent=2, ensure_ascii=False) + "\n"


def translated(activity: Mapping[str, Any]) -> dict[str, Any]:
    """One activity: what both platforms write alike, and its properties in Fabric's way.

    Raises:
        NotTranslated: if its type is new.
    """
    properties = activity["typeProperties"]
    kept = {key: value for key, value in activity.items() if key in ALONE}
    match activity["type"]:
        case "SparkJob":
            return kept | {"type": "SparkJobDefinition", "typeProperties": spark_job(properties)}
        case "GetMetadata":
            return kept | {"typeProperties": folder_there(properties)}
        case "Lookup":
            return kept | {"typeProperties": outcome_read(properties)}
        case "IfCondition":
            return kept | {"typeProperties": condition(properties)}
        case "Fail":
            return kept | {
                "typeProperties": {key: dated(value) for key, value in properties.items()}
            }
        case other:
            raise NotTranslated(f"{activity['name']} is a {other}")


def spark_job(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Our one job, with its arguments as one text."""
    words = [literal(word) if isinstance(word, str) else inner(word) for word in properties["args"]]
    words += [literal("--settings"), literal(SETTINGS)]
    return {
        "sparkJobDefinitionId": JOB,
        "workspaceId": THIS_WORKSPACE,
        "commandLineArguments": expression(f"@concat({', '.join(spaced(words))})"),
    }


def literal(word: str) -> str:
    """A word as a text of the expression language; ours names the environment."""
    return "'{}'".format("fabric" if word == "synapse" else word)


def spaced(words: list[str]) -> list[str]:
    """Words with a blank between two; neighbours that are plain texts become one.

    >>> spaced(["'--date'", "f()", "'--env'", "'fabric'"])
    ["'--date '", 'f()', "' --env fabric'"]
    """
    merged: list[str] = []
    for at, word in enumerate(words):
        between = " " if at else ""
        if word.startswith("'"):
            text = between + word[1:-1]
            if merged and merged[-1].startswith("'"):
                merged[-1] = f"{merged[-1][:-1]}{text}'"
            else:
                merged.append(f"'{text}'")
        else:
            if merged:
                merged[-1] = f"{merged[-1][:-1]}{between}'"
            merged.append(word)
    return merged


def folder_there(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Whether the folder of the CRM files is there."""
    location = {"type": "LakehouseLocation", "folderPath": f"{ROOT}/landing/raw/crm"}
    return {
        "fieldList": properties["fieldList"],
        "datasetSettings": in_the_lakehouse("Binary", location),
        "storeSettings": READ,
        "formatSettings": {"type": "BinaryReadSettings"},
    }


def outcome_read(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The run's own outcome, under the name that the run was given."""
    name = inner(properties["dataset"]["parameters"]["name"])
    location = {
        "type": "LakehouseLocation",
        "folderPath": f"{ROOT}/lake/ops/outcomes",
        "fileName": expression(f"@concat({name}, '.json')"),
    }
    return {
        "source": {
            "type": "JsonSource",
            "storeSettings": READ,
            "formatSettings": {"type": "JsonReadSettings"},
        },
        "firstRowOnly": properties["firstRowOnly"],
        "datasetSettings": in_the_lakehouse("Json", location) | {"schema": {}},
    }


def in_the_lakehouse(kind: str, location: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset of Fabric: it has no file of its own, and names its lakehouse."""
    place = {"workspaceId": THIS_WORKSPACE, "artifactId": LAKEHOUSE, "rootFolder": "Files"}
    return {
        "annotations": [],
        "linkedService": {
            "name": "company_activity",
            "properties": {"annotations": [], "type": "Lakehouse", "typeProperties": place},
        },
        "type": kind,
        "typeProperties": {"location": dict(location)},
    }


def condition(properties: Mapping[str, Any]) -> dict[str, Any]:
    branches = {
        key: [translated(activity) for activity in properties[key]]
        for key in ("ifTrueActivities", "ifFalseActivities")
        if key in properties
    }
    return {"expression": dated(properties["expression"]), **branches}


def expression(value: str) -> dict[str, str]:
    return {"value": value, "type": "Expression"}


def inner(value: Mapping[str, str]) -> str:
    """An expression without its `@`, with the date that a run without one has."""
    return value["value"].removeprefix("@").replace(GIVEN, DATE)


def dated(value: Any) -> Any:
    return expression(f"@{inner(value)}") if isinstance(value, Mapping) else value
