"""What no model of Databricks' knows of a job: whether its names, tasks, clusters and arguments belong together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from configparser import ConfigParser
from datetime import UTC, datetime
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from company_activity.settings.model import RunSettings
from deployment.arguments import ANY_DATE, argument_faults
from deployment.bundle.references import DYNAMIC, OF_A_RUN, PARAMETER, SECRET, bad_brackets, texts

ROOT = Path(__file__).resolve().parents[5]
PLATFORM = "databricks"
WHEELS = "dist/*.whl"
# Machines that were thought through (learn.microsoft.com/azure/virtual-machines/sizes): 10,000,000 records of one date
# take 3 GiB of the driver, and Spark, Python and the system want theirs.
NODE_TYPES = frozenset({"Standard_D4ds_v5", "Standard_D8ds_v5", "Standard_E4ds_v5"})
RUNTIME = "18.x-scala2.13"  # the second runtime that the tests run on, and of long support
DEDICATED = "SINGLE_USER"
CRON = re.compile(r"0 (\d{1,2}) (\d{1,2}) \* \* \?")  # once a day, in Quartz's words


@cache
def setup() -> ConfigParser:
    """What the wheel is called, and what it starts."""
    parsed = ConfigParser()
    parsed.read(ROOT / "setup.cfg", encoding="utf-8")
    return parsed


def job_faults(key: str, job: dict[str, Any], path: str) -> Iterator[str]:
    """What does not fit together in a job whose `${…}` are resolved. `path` is its file, within the bundle."""
    tasks = job.get("tasks") or []
    if not job.get("name", "").endswith(f"-{key}"):
        yield f"name: {job.get('name')} does not end with -{key}"
    yield from task_faults(tasks)
    yield from cluster_faults(job)
    yield from parameter_faults(job)
    yield from schedule_faults(job.get("schedule"))
    if job.get("max_concurrent_runs") != 1 or not (job.get("queue") or {}).get("enabled"):
        yield "two runs would wait for each other on two clusters: max_concurrent_runs 1, and a queue"
    for at, task in enumerate(tasks):
        for fault in (*wheel_faults(task, path), *command_faults(job, task)):
            yield f"tasks[{at}]: {fault}"


def task_faults(tasks: list[dict[str, Any]]) -> Iterator[str]:
    """Task keys that stand twice, and dependencies that lead nowhere or round in a circle."""
    counted = Counter(task.get("task_key") for task in tasks)
    yield from (f"tasks: {key} stands {times} times" for key, times in counted.items() if times > 1)
    graph = {}
    for task in tasks:
        after = [one.get("task_key") for one in task.get("depends_on") or []]
        yield from (
            f"tasks: {task['task_key']} depends on {one}, which is none"
            for one in after
            if one not in counted
        )
        graph[task["task_key"]] = after
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"tasks: {' → '.join(map(str, error.args[1]))} depend on each other"


def cluster_faults(job: dict[str, Any]) -> Iterator[str]:
    """Clusters that no task uses or that are none, and what a cluster of ours must be."""
    keys = [cluster.get("job_cluster_key") for cluster in job.get("job_clusters") or []]
    used = [task.get("job_cluster_key") for task in job.get("tasks") or []]
    if len(set(keys)) != len(keys) or set(keys) != set(used):
        yield f"job_clusters: there are {keys}, and {used} are used"
    for cluster in job.get("job_clusters") or []:
        spec = cluster.get("new_cluster") or {}
        if spec.get("data_security_mode") != DEDICATED:
            yield f"job_clusters: publishing needs the JVM, which only {DEDICATED} gives to Python"
        if spec.get("spark_version") != RUNTIME:
            yield f"job_clusters: {spec.get('spark_version')} is not {RUNTIME}"
        if spec.get("node_type_id") not in NODE_TYPES:
            yield f"job_clusters: {spec.get('node_type_id')} is none of {', '.join(sorted(NODE_TYPES))}"


def parameter_faults(job: dict[str, Any]) -> Iterator[str]:
    """`{{…}}` that have no value in a run, parameters that are not there or not used."""
    names = [parameter.get("name") for parameter in job.get("parameters") or []]
    used = set()
    for text in texts(job):
        if bad_brackets(text.value):
            yield f"{text.place}: the brackets of {text.value} do not match"
        for name in DYNAMIC.findall(text.value):
            parameter = PARAMETER.fullmatch(name)
            if parameter:
                used.add(parameter[1])
            elif not (
                OF_A_RUN.fullmatch(name)
                or (SECRET.fullmatch(name) and ".spark_env_vars." in text.place)
            ):
                yield f"{text.place}: {{{{{name}}}}} has no value in a run"
    if len(set(names)) != len(names) or set(names) != used:
        yield f"parameters: there are {sorted(map(str, names))}, and {sorted(used)} are used"


def schedule_faults(schedule: dict[str, Any] | None) -> Iterator[str]:
    """Once a day, in UTC as `{{job.trigger.time…}}` is, and when the date before is settled."""
    if schedule is None:
        return
    if schedule.get("timezone_id") != "UTC":
        yield "schedule: the trigger's time is in UTC, and so must be the schedule"
    found = CRON.fullmatch(str(schedule.get("quartz_cron_expression")))
    if found is None:
        yield "schedule: is not once a day"
        return
    minute, hour = int(found[1]), int(found[2])
    if not (minute < 60 and RunSettings.settle_hours <= hour + minute / 60 < 24):
        yield f"schedule: the date before is settled {RunSettings.settle_hours:g} hours after midnight"


def wheel_faults(task: dict[str, Any], path: str) -> Iterator[str]:
    """A task that does not start the entry point of our wheel, or that Databricks would start again by itself."""
    wheel = task.get("python_wheel_task") or {}
    declared = setup()
    scripts = declared["options.entry_points"]["console_scripts"].split("\n")
    entries = {line.split("=")[0].strip() for line in scripts if line}
    if wheel.get("package_name") != declared["metadata"]["name"]:
        yield f"package_name: {wheel.get('package_name')} is not {declared['metadata']['name']}"
    if wheel.get("entry_point") not in entries:
        yield f"entry_point: {wheel.get('entry_point')} is none of {', '.join(entries)}"
    if task.get("max_retries") != 0:
        yield "max_retries: Databricks would try again what a gate refused; run.attempts does not"
    to_root = "../" * len((Path("conf/deploy/databricks") / path).parent.parts)
    if task.get("libraries") != [{"whl": to_root + WHEELS}]:
        yield f"libraries: is not the wheel, {to_root}{WHEELS}"


def command_faults(job: dict[str, Any], task: dict[str, Any]) -> Iterator[str]:
    """What the command line would refuse, with each parameter's default; a task is named after its command."""
    arguments = (task.get("python_wheel_task") or {}).get("parameters") or []
    if not all(isinstance(argument, str) for argument in arguments):
        yield "parameters: not all are texts"
        return
    known = {
        f"{{{{job.parameters.{one.get('name')}}}}}": stand_in(one)
        for one in job.get("parameters") or []
    }
    yield from argument_faults(arguments, known)
    if PLATFORM not in arguments:
        yield f"parameters: have no --env {PLATFORM}"
    first = arguments[0].removeprefix("{{job.parameters.").removesuffix("}}") if arguments else ""
    if task.get("task_key") != first:
        yield f"task_key: {task.get('task_key')} is not named after its command, {first}"


def stand_in(parameter: dict[str, Any]) -> str:
    """What a job's parameter may be in a run: today where it is the run's day, some date where it must be given."""
    default = str(parameter.get("default"))
    if default == "":
        return ANY_DATE
    today = datetime.now(UTC).date().isoformat()
    return default.replace("{{job.trigger.time.iso_date}}", today)
