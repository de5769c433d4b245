"""The resources as Databricks' own packages understand them: what they drop, refuse or read otherwise is a fault."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from databricks.bundles.jobs import Job
from databricks.bundles.secret_scopes import SecretScope
from databricks.sdk.service.jobs import JobCluster, JobSettings, PythonWheelTask, Task

# Kinds of resources, as databricks-bundles knows them. It refuses a field that it does not know.
KINDS: dict[str, Callable[[Any], Any]] = {
    "jobs": Job.from_dict,
    "secret_scopes": SecretScope.from_dict,
}
# Of a job in a bundle, what the API's own settings do not have.
OF_THE_BUNDLE = {"permissions", "lifecycle"}


def bundle_faults(kind: str, resource: Any) -> Iterator[str]:
    """What `databricks-bundles` has against a resource, references and all."""
    if kind not in KINDS:
        yield f"no resource of the kind {kind} is deployed from here"
        return
    try:
        understood = KINDS[kind](copy.deepcopy(resource)).as_dict()
    except Exception as error:  # the package raises whatever its conversions do
        yield f"databricks-bundles: {error}"
        return
    yield from differences(resource, understood, "databricks-bundles reads")


def api_faults(job: Any) -> Iterator[str]:
    """What `databricks-sdk` has against a job whose references are resolved: the API's own settings."""
    try:
        given = {key: value for key, value in job.items() if key not in OF_THE_BUNDLE}
        settings = JobSettings.from_dict(copy.deepcopy(given))
        understood = settings.as_dict()
        classes = [type(task) for task in settings.tasks or []]
        clusters = [type(cluster) for cluster in settings.job_clusters or []]
        wheels = [type(task.python_wheel_task) for task in settings.tasks or []]
    except Exception as error:
        yield f"databricks-sdk: {type(error).__name__}: {error}"
        return
    if {*classes} != {Task} or {*clusters} != {JobCluster} or {*wheels} != {PythonWheelTask}:
        yield "databricks-sdk: not tasks of a wheel on a job's cluster"
    yield from differences(given, understood, "databricks-sdk reads")


def differences(given: Any, understood: Any, who: str, place: str = "") -> Iterator[str]:
    """Where two trees differ, in content or type; an empty list or mapping is none."""
    if isinstance(given, dict) and isinstance(understood, dict):
        for key in sorted({*given, *understood}, key=str):
            where = f"{place}.{key}" if place else str(key)
            yield from differences(given.get(key), understood.get(key), who, where)
    elif isinstance(given, list) and isinstance(understood, list) and len(given) == len(understood):
        for at, (one, other) in enumerate(zip(given, understood, strict=True)):
            yield from differences(one, other, who, f"{place}[{at}]")
    elif as_text(given) != as_text(understood) and (given or understood):
        yield f"{place}: {who} {as_text(understood)} where {as_text(given)} stands"


def as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
