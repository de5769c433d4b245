"""The items of conf/deploy/fabric: each is whole, under its name and its fixed id, and refers to what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from company_activity.settings.loading import load_settings
from deployment.dbt.sources import READ
from deployment.fabric.files import (
    COMPUTE,
    ENVIRONMENT,
    JOB,
    MAIN,
    RUNTIME,
    fabric_files,
    spark_properties,
)
from deployment.fabric.ids import ITEMS, LAKEHOUSE, THIS_WORKSPACE
from deployment.fabric.pipeline_of import PIPELINE, ROOT
from deployment.fault import Fault

# Written by hand; all others are generated. A model's own check looks at its files.
BY_HAND = {
    "parameter.yml",
    "company_activity.Lakehouse/lakehouse.metadata.json",
    f"{JOB}/SparkJobDefinitionV1.json",
    f"{PIPELINE}/.schedules",
}


def layout_faults(folder: Path) -> Iterator[Fault]:
    """Files that are missing, and files that nobody knows."""
    wanted = BY_HAND | fabric_files().keys()
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    for path in sorted(wanted - there):
        yield Fault(path, "", "is missing")
    for path in sorted(there - wanted):
        yield Fault(path, "", "belongs to no item")


def item_faults(contents: Mapping[str, Any]) -> Iterator[Fault]:
    """References between the items, and what the schemas cannot say."""
    for item, logical_id in ITEMS.items():
        path = f"{item}/.platform"
        if path in contents:
            yield from _platform_faults(path, contents[path], item, logical_id)
    job = f"{JOB}/SparkJobDefinitionV1.json"
    if job in contents:
        yield from _job_faults(job, contents[job])
    schedules = f"{PIPELINE}/.schedules"
    if schedules in contents:
        yield from _schedule_faults(schedules, contents[schedules])
    shortcuts = "company_activity.Lakehouse/shortcuts.metadata.json"
    if shortcuts in contents:
        yield from _shortcut_faults(shortcuts, contents[shortcuts])
    compute = f"{ENVIRONMENT}/Setting/Sparkcompute.yml"
    if compute in contents:
        yield from _compute_faults(compute, contents[compute])


def _platform_faults(path: str, content: Any, item: str, logical_id: str) -> Iterator[Fault]:
    metadata = content["metadata"]
    if f"{metadata['displayName']}.{metadata['type']}" != item:
        yield Fault(path, "metadata", f"is not that of {item}")
    if content["config"]["logicalId"] != logical_id:
        yield Fault(
            path, "config.logicalId", f"is not {logical_id}, by which {item} is found again"
        )


def _job_faults(path: str, content: Any) -> Iterator[Fault]:
    if content["executableFile"] != MAIN.name:
        yield Fault(path, "executableFile", f"there is no Main/{content['executableFile']}")
    if content["defaultLakehouseArtifactId"] != LAKEHOUSE:
        yield Fault(path, "defaultLakehouseArtifactId", "is not our lakehouse")
    if content["environmentArtifactId"] != ITEMS[ENVIRONMENT]:
        yield Fault(path, "environmentArtifactId", "is not our environment, which has the wheel")
    if content["commandLineArguments"]:
        what = "are given by who starts it: a date that stands here would soon be the wrong one"
        yield Fault(path, "commandLineArguments", what)


def _schedule_faults(path: str, content: Any) -> Iterator[Fault]:
    (schedule,) = content["schedules"]
    configuration = schedule["configuration"]
    hour, minute = configuration["times"][0].split(":")
    settled = load_settings("fabric", environ={}).run.settle_hours
    if int(hour) + int(minute) / 60 < settled:
        yield Fault(path, "times", f"is before {settled:g} o'clock: the day before is not settled")
    try:
        first, last = (
            datetime.fromisoformat(configuration[key]) for key in ("startDateTime", "endDateTime")
        )
    except ValueError as wrong:
        yield Fault(path, "startDateTime", f"or endDateTime is none: {wrong}")
        return
    if last <= first or (first.hour, first.minute, last.hour, last.minute) != (0, 0, 0, 0):
        yield Fault(
            path, "startDateTime", "and endDateTime are not two midnights, one after the other"
        )


def _shortcut_faults(path: str, content: Any) -> Iterator[Fault]:
    """Each table that is for readers has one shortcut, named like it, to where the lake keeps it."""
    named = []
    for at, shortcut in enumerate(content):
        name = f"{shortcut['path'].removeprefix('/Tables/')}.{shortcut['name']}"
        target = shortcut["target"]["oneLake"]
        named.append(name)
        if target["path"] != f"Files/{ROOT}/lake/{name.replace('.', '/')}":
            yield Fault(path, f"[{at}]", f"{name} is not at {target['path']}")
        if (target["itemId"], target["workspaceId"]) != (LAKEHOUSE, THIS_WORKSPACE):
            yield Fault(path, f"[{at}]", "leads into another lakehouse")
    if sorted(named) != sorted(table.name for table in READ):
        yield Fault(path, "", f"are of {', '.join(sorted(named))}")


def _compute_faults(path: str, content: Any) -> Iterator[Fault]:
    told = {key: value for key, value in content.items() if key in COMPUTE}
    if told != COMPUTE or content["runtime_version"] != RUNTIME:
        yield Fault(path, "", "is another compute than the one whose cost the README tells")
    there = content["spark_conf"]
    wanted = spark_properties()
    for name in sorted(there.keys() | wanted.keys()):
        if there.get(name) != wanted.get(name):
            yield Fault(path, f"spark_conf.{name}", f"is {there.get(name)}, not {wanted.get(name)}")
