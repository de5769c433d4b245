"""The Fabric pipeline: whatever it names exists, its expressions can be computed, its job's arguments would run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any

from deployment.arguments import argument_faults
from deployment.fabric.ids import LAKEHOUSE, THIS_WORKSPACE
from deployment.fabric.pipeline_of import JOB, ROOT, SETTINGS
from deployment.fault import Fault
from deployment.pipelines.contract import (
    TELLS,
    chain_faults,
    ending_faults,
    outcome_where,
    shown_faults,
)
from deployment.pipelines.expressions import ExpressionError, evaluated, formatted

# How Synapse calls the activity that starts a Spark job: the contract speaks of it.
SPARK_JOB = {"SparkJobDefinition": "SparkJob"}
RUN_ID = "0f6a1b2c-5d3e-4f70-8a91-b2c3d4e5f607"
STARTED = "2025-02-01T03:00:00"
DAY_BEFORE = "2025-01-31"
GIVEN_DATE = "2024-12-31"
PARAMETER = re.compile(r"pipeline\(\)\.parameters\.(\w+)")
FOLDERS = {"GetMetadata": f"{ROOT}/landing/raw/crm", "Lookup": f"{ROOT}/lake/ops/outcomes"}
MAY_BE_TRIED_AGAIN = {
    "GetMetadata",
    "Lookup",
}  # a job tries again by itself, and knows what may pass


def earlier(instant: str, count: int, unit: str, form: str) -> str:
    """An instant some days earlier, in a form.

    >>> earlier("2025-02-01T03:00:00", 1, "Day", "yyyy-MM-dd")
    '2025-01-31'
    """
    if unit != "Day" or count < 1:
        raise ValueError(f"{count} {unit}")
    return formatted((datetime.fromisoformat(instant) - timedelta(days=count)).isoformat(), form)


FABRIC_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "if": lambda condition, then, otherwise: then if condition is True else otherwise,
    "empty": lambda text: len(text) == 0,
    "subtractFromTime": earlier,
}


def pipeline_faults(path: str, content: Mapping[str, Any]) -> list[Fault]:
    """Every fault of `pipeline-content.json` that its schema cannot see."""
    properties = content["properties"]
    activities = properties["activities"]
    found = [*_name_faults(activities), *_order_faults(activities)]
    found = found or list(chain_faults(as_in_the_contract(activities)))
    if not found:
        found += [*shown_faults(activities), *ending_faults(activities)]
        found += _parameter_faults(properties)
        for given in ("", GIVEN_DATE):
            found += _Values(properties, given).faults()
    return [Fault(path, place, what) for place, what in dict.fromkeys(found)]


def as_in_the_contract(activities: list[Any]) -> list[Any]:
    """The activities with the types that Synapse has for them."""
    return [one | {"type": SPARK_JOB.get(one["type"], one["type"])} for one in activities]


def every_activity(activities: list[Any]) -> Iterator[Any]:
    """The activities, and those within a condition."""
    for activity in activities:
        yield activity
        for branch in ("ifTrueActivities", "ifFalseActivities"):
            yield from every_activity(activity["typeProperties"].get(branch, []))


def _name_faults(activities: list[Any]) -> Iterator[tuple[str, str]]:
    names = [activity["name"] for activity in every_activity(activities)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield name, "is the name of two activities"


def _order_faults(activities: list[Any]) -> Iterator[tuple[str, str]]:
    """Dependencies lead to activities and form no circle, and those within a condition have none."""
    needs = {one["name"]: {need["activity"] for need in one["dependsOn"]} for one in activities}
    for name, needed in needs.items():
        for other in sorted(needed - needs.keys()):
            yield name, f"depends on {other}, which there is not"
    if any(needed - needs.keys() for needed in needs.values()):
        return
    try:
        TopologicalSorter(needs).prepare()
    except CycleError:
        yield "activities", "depend on each other in a circle"
        return
    for activity in every_activity(activities):
        if activity not in activities and activity["dependsOn"]:
            yield activity["name"], "within a condition depends on something"


def _parameter_faults(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    used = set(PARAMETER.findall(str(properties["activities"])))
    for name in sorted(used ^ properties["parameters"].keys()):
        yield "parameters", f"{name} is used or declared, not both"


@dataclass(frozen=True)
class _Values:
    """The pipeline as it is computed for one start; `given` is the date that it is given, or nothing."""

    properties: Mapping[str, Any]
    given: str

    @property
    def expected_date(self) -> str:
        return self.given or DAY_BEFORE

    def faults(self) -> Iterator[tuple[str, str]]:
        for activity in every_activity(self.properties["activities"]):
            try:
                yield from self.of(activity)
            except ExpressionError as wrong:
                yield activity["name"], str(wrong)

    def of(self, activity: Any) -> Iterator[tuple[str, str]]:
        name, kind, properties = activity["name"], activity["type"], activity["typeProperties"]
        if activity.get("policy", {}).get("retry", 0) and kind not in MAY_BE_TRIED_AGAIN:
            yield name, "is tried again by the platform, whatever its exit code says"
        match kind:
            case "SparkJobDefinition":
                yield from self.of_job(name, properties)
            case "GetMetadata" | "Lookup":
                yield from self.of_dataset(name, kind, properties["datasetSettings"])
            case "IfCondition":
                if not isinstance(self.value(properties["expression"]), bool):
                    yield name, "its expression is no condition"
            case "Fail":
                for value in properties.values():
                    if not isinstance(self.value(value), str):
                        yield name, "its message or its code is no text"

    def of_job(self, name: str, properties: Any) -> Iterator[tuple[str, str]]:
        if properties["sparkJobDefinitionId"] != JOB:
            yield name, "names no Spark job of ours"
        if properties["workspaceId"] != THIS_WORKSPACE:
            yield name, "names another workspace"
        arguments = shlex.split(str(self.value(properties["commandLineArguments"])))
        for fault in argument_faults(["run", *arguments]):
            yield name, fault
        given = dict(zip(arguments[::2], arguments[1::2], strict=False))
        wanted = {"--date": self.expected_date, "--env": "fabric", "--settings": SETTINGS}
        for option, value in wanted.items():
            if given.get(option) != value:
                yield name, f"{option} is {given.get(option)}, not {value}"
        if given.keys() - wanted.keys() - {"--steps", "--outcome"}:
            yield name, "has an option that nothing here needs"
        if name != TELLS and given.get("--outcome") != RUN_ID:
            yield name, "its outcome is not kept under the id of the run"

    def of_dataset(self, name: str, kind: str, settings: Any) -> Iterator[tuple[str, str]]:
        place = settings["linkedService"]["properties"]["typeProperties"]
        if (place["workspaceId"], place["artifactId"]) != (THIS_WORKSPACE, LAKEHOUSE):
            yield name, "names another lakehouse"
        location = settings["typeProperties"]["location"]
        if location["folderPath"] != FOLDERS[kind]:
            yield name, f"looks into {location['folderPath']}, not {FOLDERS[kind]}"
        file = self.value(location["fileName"]) if "fileName" in location else ""
        if file != (f"{RUN_ID}.json" if kind == "Lookup" else ""):
            yield name, f"looks for the file {file}"

    def value(self, written: Any) -> Any:
        return value_of(written, self.properties, outcome_where("", 0), self.given)


def value_of(
    written: Any, properties: Mapping[str, Any], outcome: Mapping[str, Any], given: str = ""
) -> Any:
    """The value of an expression, or the text that stands in its place.

    Raises:
        ExpressionError: if it cannot be computed.
    """
    if isinstance(written, str):
        return written
    parameters = {name: one["defaultValue"] for name, one in properties["parameters"].items()}
    reading = {one["name"] for one in properties["activities"] if one["type"] == "Lookup"}

    def activity(name: str) -> Mapping[str, Any]:
        if name not in reading:
            raise ExpressionError(f"no activity {name} reads an outcome")
        return {"output": {"firstRow": outcome}}

    started = {"RunId": RUN_ID, "TriggerTime": STARTED, "parameters": parameters | {"date": given}}
    roots: dict[str, Callable[..., Any]] = {
        **FABRIC_FUNCTIONS,
        "activity": activity,
        "pipeline": lambda: started,
    }
    return evaluated(written["value"], roots)
