"""What a pipeline hands to the command line and to its trigger: expressions are computed, arguments are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from company_activity.pipeline import STEPS
from company_activity.settings.loading import load_settings
from deployment.arguments import argument_faults
from deployment.fault import Fault
from deployment.pipelines.contract import READS, RUNS, after
from deployment.pipelines.expressions import ExpressionError, evaluated
from deployment.pipelines.job import command_of
from deployment.pipelines.resources import Resource, Workspace

WINDOW = {"windowStartTime": "2025-11-23T00:00:00Z", "windowEndTime": "2025-11-24T00:00:00Z"}
DAY, RUN_ID = "2025-11-23", "0a1b2c3d-1111-2222-3333-444455556666"


def pipeline_faults(
    pipeline: Resource, known: Workspace, jobs: Mapping[str, Resource]
) -> Iterator[Fault]:
    """Expressions that cannot be computed, and arguments that the command line would refuse."""
    roots = roots_of(pipeline)
    for activity in pipeline.properties["activities"]:
        inner = activity["typeProperties"]
        place = f"activity {activity['name']}"
        try:
            if "dataset" in inner:
                yield from file_faults(pipeline, activity, known, roots)
            if activity["type"] == "Fail":
                evaluated(inner["message"]["value"], roots)
            if activity["type"] == "SparkJob":
                words = [word_of(argument, roots) for argument in inner["args"]]
                job = jobs.get(referenced(inner["sparkJob"]["referenceName"]))
                command = command_of(job.properties["jobProperties"]["file"]) if job else []
                for what in argument_faults([*command, *words]):
                    yield pipeline.fault(place, what)
                yield from forgotten(pipeline, activity["name"], words)
        except ExpressionError as wrong:
            yield pipeline.fault(place, str(wrong))
        if READS in str(inner) and READS not in after(
            pipeline.properties["activities"], activity["name"]
        ):
            yield pipeline.fault(place, f"reads {READS}, which does not come before it")


def referenced(name: Any) -> str:
    return str(name["value"] if isinstance(name, dict) else name)


def roots_of(pipeline: Resource) -> dict[str, Any]:
    """What `pipeline()` is, started by the trigger: its parameters, and the id of the run."""
    declared = pipeline.properties["parameters"]
    parameters = {name: one.get("defaultValue", DAY) for name, one in declared.items()}
    return {"pipeline": lambda: {"parameters": parameters, "RunId": RUN_ID}}


def word_of(argument: Any, roots: Mapping[str, Any]) -> str:
    if isinstance(argument, dict):
        return str(evaluated(argument["value"], roots))
    return str(argument)


def forgotten(pipeline: Resource, name: str, words: list[str]) -> Iterator[Fault]:
    """What the command line would take, and this pipeline cannot do without."""
    given = dict(zip(words[::2], words[1::2], strict=False))
    wanted = {"--date": DAY, "--env": "synapse", "--steps": "notify"}
    if name == RUNS:
        wanted |= {"--steps": ",".join(STEPS), "--outcome": RUN_ID}
    if given != wanted:
        yield pipeline.fault(
            f"activity {name}", f"is called with {' '.join(words)}, and not with {wanted}"
        )


def file_faults(
    pipeline: Resource, activity: Mapping[str, Any], known: Workspace, roots: Mapping[str, Any]
) -> Iterator[Fault]:
    """A dataset whose file is not the one that the run writes."""
    reference = activity["typeProperties"]["dataset"]
    dataset = known.of("dataset").get(reference["referenceName"])
    if dataset is None:
        return
    given = {name: word_of(one, roots) for name, one in reference.get("parameters", {}).items()}
    file = dataset.properties["typeProperties"]["location"].get("fileName")
    if (file is not None) != (activity["name"] == READS):
        yield pipeline.fault(f"activity {activity['name']}", f"cannot use {dataset.name}")
    elif (
        file is not None
        and evaluated(file["value"], {"dataset": lambda: given}) != f"{RUN_ID}.json"
    ):
        yield dataset.fault("fileName", f"is not that of the outcome of {RUN_ID}")


def trigger_faults(trigger: Resource) -> Iterator[Fault]:
    """A window whose run is not of the day that it covers, or begins before that day has settled."""
    for name, expression in trigger.properties["pipeline"]["parameters"].items():
        try:
            value = evaluated(expression, {"trigger": lambda: {"outputs": WINDOW}})
        except ExpressionError as wrong:
            yield trigger.fault(f"parameters.{name}", str(wrong))
            continue
        if value != DAY:
            yield trigger.fault(f"parameters.{name}", f"is {value} for the window of {DAY}")
    inner = trigger.properties["typeProperties"]
    hours, minutes, seconds = (int(part) for part in inner["delay"].split(":"))
    settled = timedelta(hours=load_settings("synapse", environ={}).run.settle_hours)
    if timedelta(hours=hours, minutes=minutes, seconds=seconds) < settled:
        yield trigger.fault("delay", f"ends before a day has settled, which takes {settled}")
    try:
        date.fromisoformat(inner["startTime"][:10])
    except ValueError:
        yield trigger.fault("startTime", "is no day")
