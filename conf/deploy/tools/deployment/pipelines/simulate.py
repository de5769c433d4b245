"""What a pipeline does when its activities end in given ways, by the platform's rules.

Source: learn.microsoft.com/azure/data-factory/tutorial-pipeline-failure-error-handling (conditional paths, and how the
outcome of a pipeline follows from its leaves), and concepts-pipelines-activities (several conditions on one activity
are alternatives, dependencies on several activities must all hold).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

SUCCEEDED, FAILED, SKIPPED = "Succeeded", "Failed", "Skipped"
MEANS = {
    "Succeeded": {SUCCEEDED},
    "Failed": {FAILED},
    "Skipped": {SKIPPED},
    "Completed": {SUCCEEDED, FAILED},
}
Ends = Callable[[Mapping[str, Any]], str]


def ended(activities: list[dict[str, Any]], ends: Ends) -> dict[str, str]:
    """How each activity ends; `ends` says it of one that runs. The activities form no cycle."""
    by_name = {one["name"]: one for one in activities}
    statuses: dict[str, str] = {}
    while len(statuses) < len(by_name):
        for name, activity in by_name.items():
            needs = activity["dependsOn"]
            if name in statuses or not all(one["activity"] in statuses for one in needs):
                continue
            runs = all(holds(one, statuses) for one in needs)
            statuses[name] = ends(activity) if runs else SKIPPED
    return statuses


def holds(dependency: Mapping[str, Any], statuses: Mapping[str, str]) -> bool:
    """Whether one of a dependency's conditions is met."""
    allowed = set().union(*(MEANS[one] for one in dependency["dependencyConditions"]))
    return statuses[dependency["activity"]] in allowed


def outcome(activities: list[dict[str, Any]], statuses: Mapping[str, str]) -> str:
    """How the pipeline ends: all its leaves must have succeeded, and in place of a skipped one its parents."""
    parents = {one["name"]: [need["activity"] for need in one["dependsOn"]] for one in activities}
    leaves = set(parents) - {parent for own in parents.values() for parent in own}
    return SUCCEEDED if all(went_well(leaf, parents, statuses) for leaf in leaves) else FAILED


def went_well(name: str, parents: Mapping[str, list[str]], statuses: Mapping[str, str]) -> bool:
    if statuses[name] == SKIPPED:
        return all(went_well(parent, parents, statuses) for parent in parents[name])
    return statuses[name] == SUCCEEDED
