"""Every check of a workspace, in stages: a later one relies on what the earlier ones have seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployment.fault import Fault
from deployment.pipelines.arguments import pipeline_faults, trigger_faults
from deployment.pipelines.contract import after, chain_faults, ending_faults, shown_faults
from deployment.pipelines.job import job_faults
from deployment.pipelines.models import Models
from deployment.pipelines.references import reference_faults, unused_faults, unused_parameters
from deployment.pipelines.resources import Resource, Workspace
from deployment.pipelines.shapes import shape_faults
from deployment.secrets_in_files import secret_faults

PIPELINE, TRIGGER = "pl-company-activity-daily", "tr-company-activity-daily"


@dataclass(frozen=True)
class Checked:
    """A workspace or a factory. `jobs` are those that its pipelines may start, here or in another workspace."""

    folder: Path
    known: Workspace
    models: Models
    activities: Mapping[str, Any]
    jobs: Mapping[str, Resource]

    @property
    def pipelines(self) -> list[Resource]:
        return list(self.known.of("pipeline").values())


def check_workspace(checked: Checked) -> list[Fault]:
    """The faults of the first stage that finds any."""
    for stage in STAGES:
        faults = list(stage(checked))
        if faults:
            return faults
    return []


def form(checked: Checked) -> Iterator[Fault]:
    """What holds a secret, what the model does not understand, and what has another shape."""
    yield from secret_faults(checked.folder)
    for resource in checked.known.resources:
        for place, what in checked.models.misunderstood(resource):
            yield resource.fault(place, what)
        yield from shape_faults(resource, checked.activities)


def names(checked: Checked) -> Iterator[Fault]:
    """What names something that is not there, and what nothing names."""
    elsewhere = checked.known.with_resources(checked.jobs.values())
    yield from unused_faults(checked.known)
    for resource in checked.known.resources:
        yield from reference_faults(resource, elsewhere)
        yield from unused_parameters(resource)
    for kind, name in (("pipeline", PIPELINE), ("trigger", TRIGGER)):
        if name not in checked.known.of(kind):
            yield Fault(kind, "", f"there is no {name}")
        for other, resource in checked.known.of(kind).items():
            if other != name:
                yield resource.fault("name", f"is a {kind} besides {name}")
    for pipeline in checked.pipelines:
        for place, what in graph_faults(pipeline):
            yield pipeline.fault(place, what)


def chain(checked: Checked) -> Iterator[Fault]:
    """Other activities, or another order, than the contract has."""
    for pipeline in checked.pipelines:
        for place, what in chain_faults(pipeline.properties["activities"]):
            yield pipeline.fault(place, what)


def behaviour(checked: Checked) -> Iterator[Fault]:
    """What would happen otherwise than it should, once it runs."""
    for pipeline in checked.pipelines:
        own = pipeline.properties["activities"]
        for place, what in (*shown_faults(own), *ending_faults(own)):
            yield pipeline.fault(place, what)
        yield from pipeline_faults(pipeline, checked.known, checked.jobs)
    for trigger in checked.known.of("trigger").values():
        yield from trigger_faults(trigger, checked.jobs)
    for job in checked.jobs.values():
        yield from job_faults(job, checked.known)


STAGES: tuple[Callable[[Checked], Iterator[Fault]], ...] = (form, names, chain, behaviour)


def graph_faults(pipeline: Resource) -> list[tuple[str, str]]:
    """Two activities of one name, a dependency on none, and a circle."""
    own = pipeline.properties["activities"]
    inner = [one for outer in own for one in outer["typeProperties"].get("ifFalseActivities", [])]
    names = [one["name"] for one in (*own, *inner)]
    found = [(f"activity {name}", "is there twice") for name in set(names) if names.count(name) > 1]
    for activity in own:
        for need in activity["dependsOn"]:
            if need["activity"] not in {one["name"] for one in own}:
                found.append(
                    (f"activity {activity['name']}", f"follows {need['activity']}, which is none")
                )
    for activity in inner:
        if activity["dependsOn"]:
            found.append((f"activity {activity['name']}", "is alone, and follows another"))
    return found or circles(own)


def circles(activities: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (f"activity {one['name']}", "comes after itself")
        for one in activities
        if one["name"] in after(activities, one["name"])
    ]
