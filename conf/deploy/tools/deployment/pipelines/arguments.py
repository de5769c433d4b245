"""What a pipeline hands to the command line and to its trigger: expressions are computed, arguments are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from company_activity.errors import CompanyActivityError
from company_activity.pipeline import STEPS
from company_activity.settings.model import Settings
from deployment.arguments import argument_faults
from deployment.fault import Fault
from deployment.pipelines.contract import READS, RUNS, after
from deployment.pipelines.expressions import ExpressionError, evaluated
from deployment.pipelines.job import command_of, settings_of
from deployment.pipelines.resources import Resource, Workspace


class Start(NamedTuple):
    """One start of the pipeline: the day of its window, and the id that the platform gives it."""

    day: str
    run_id: str

    @property
    def window(self) -> dict[str, str]:
        end = date.fromisoformat(self.day) + timedelta(days=1)
        return {
            "windowStartTime": f"{self.day}T00:00:00Z",
            "windowEndTime": f"{end}T00:00:00Z",
        }


# Two, which have nothing in common: what is written down would be right for one of them.
STARTS = (
    Start("2025-11-23", "0a1b2c3d-1111-2222-3333-444455556666"),
    Start("2024-02-28", "9f8e7d6c-7777-8888-9999-000011112222"),
)


def pipeline_faults(
    pipeline: Resource, known: Workspace, jobs: Mapping[str, Resource]
) -> Iterator[Fault]:
    """Expressions that cannot be computed, and arguments that the command line would refuse."""
    if "defaultValue" in pipeline.properties["parameters"].get("date", {}):
        yield pipeline.fault("parameters.date", "has a default, and each run has its own date")
    found = [fault for start in STARTS for fault in start_faults(pipeline, known, jobs, start)]
    yield from dict.fromkeys(found)
    yield from timeout_faults(pipeline, jobs)


def start_faults(
    pipeline: Resource, known: Workspace, jobs: Mapping[str, Resource], start: Start
) -> Iterator[Fault]:
    """The same, for one start."""
    roots = roots_of(pipeline, start)
    for activity in pipeline.properties["activities"]:
        inner = activity["typeProperties"]
        place = f"activity {activity['name']}"
        try:
            if "dataset" in inner:
                yield from file_faults(pipeline, activity, known, start)
            if activity["type"] == "Fail" and start.day not in str(
                evaluated(inner["message"]["value"], roots)
            ):
                yield pipeline.fault(place, "does not name the date")
            if activity["type"] == "SparkJob":
                words = [word_of(argument, roots) for argument in inner["args"]]
                job = jobs.get(referenced(inner["sparkJob"]["referenceName"]))
                command = command_of(job.properties["jobProperties"]["file"]) if job else []
                for what in argument_faults([*command, *words]):
                    yield pipeline.fault(place, what)
                yield from forgotten(pipeline, activity["name"], words, start)
        except ExpressionError as wrong:
            yield pipeline.fault(place, str(wrong))
        if READS in str(inner) and READS not in after(
            pipeline.properties["activities"], activity["name"]
        ):
            yield pipeline.fault(place, f"reads {READS}, which does not come before it")


def referenced(name: Any) -> str:
    return str(name["value"] if isinstance(name, dict) else name)


def roots_of(pipeline: Resource, start: Start) -> dict[str, Any]:
    """What `pipeline()` is, started by the trigger: its parameters, and the id of the run."""
    declared = pipeline.properties["parameters"]
    parameters = {name: one.get("defaultValue", start.day) for name, one in declared.items()}
    return {"pipeline": lambda: {"parameters": parameters, "RunId": start.run_id}}


def word_of(argument: Any, roots: Mapping[str, Any]) -> str:
    if isinstance(argument, dict):
        return str(evaluated(argument["value"], roots))
    return str(argument)


def forgotten(pipeline: Resource, name: str, words: list[str], start: Start) -> Iterator[Fault]:
    """What the command line would take, and this pipeline cannot do without."""
    given = dict(zip(words[::2], words[1::2], strict=False))
    wanted = {"--date": start.day, "--env": "synapse", "--steps": "notify"}
    if name == RUNS:
        wanted |= {"--steps": ",".join(STEPS), "--outcome": start.run_id}
    if given != wanted or len(words) != 2 * len(wanted):
        yield pipeline.fault(
            f"activity {name}", f"is called with {' '.join(words)}, and not with {wanted}"
        )


def file_faults(
    pipeline: Resource, activity: Mapping[str, Any], known: Workspace, start: Start
) -> Iterator[Fault]:
    """A dataset whose file is not the one that the run writes."""
    reference = activity["typeProperties"]["dataset"]
    dataset = known.of("dataset").get(reference["referenceName"])
    if dataset is None:
        return
    roots = roots_of(pipeline, start)
    given = {name: word_of(one, roots) for name, one in reference.get("parameters", {}).items()}
    file = dataset.properties["typeProperties"]["location"].get("fileName")
    if (file is not None) != (activity["name"] == READS):
        yield pipeline.fault(f"activity {activity['name']}", f"cannot use {dataset.name}")
    elif (
        file is not None
        and evaluated(file["value"], {"dataset": lambda: given}) != f"{start.run_id}.json"
    ):
        yield dataset.fault("fileName", f"is not that of the outcome of {start.run_id}")


def timeout_faults(pipeline: Resource, jobs: Mapping[str, Resource]) -> Iterator[Fault]:
    """A job that the platform would end while the run may still wait: for the lake, or for its next attempt."""
    for activity in pipeline.properties["activities"]:
        if activity["type"] != "SparkJob":
            continue
        job = jobs.get(referenced(activity["typeProperties"]["sparkJob"]["referenceName"]))
        settings = loaded(job) if job else None
        if settings is None:
            continue
        attempts = settings.run.attempts
        held = timedelta(seconds=attempts * settings.lake.lock_timeout_seconds)
        longest = held + timedelta(seconds=(attempts - 1) * settings.run.retry_seconds)
        days, _, time_of_day = activity["policy"]["timeout"].partition(".")
        if timedelta(days=int(days)) + span_of(time_of_day) <= longest:
            place = f"activity {activity['name']}"
            yield pipeline.fault(place, f"is ended while the run may wait, which takes {longest}")


def loaded(job: Resource) -> Settings | None:
    """A job's settings; None where they do not load, which is a fault of the job's."""
    try:
        return settings_of(job)
    except CompanyActivityError:
        return None


def span_of(text: str) -> timedelta:
    """Hours, minutes and seconds.

    >>> str(span_of("03:00:01"))
    '3:00:01'
    """
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def trigger_faults(trigger: Resource, jobs: Mapping[str, Resource]) -> Iterator[Fault]:
    """A window whose run is not of the day that it covers, or begins before that day has settled, or never."""
    for start, (name, expression) in product(
        STARTS, trigger.properties["pipeline"]["parameters"].items()
    ):
        try:
            value = evaluated(expression, {"trigger": partial(dict, outputs=start.window)})
        except ExpressionError as wrong:
            yield trigger.fault(f"parameters.{name}", str(wrong))
            continue
        if value != start.day:
            yield trigger.fault(f"parameters.{name}", f"is {value} for the window of {start.day}")
    inner = trigger.properties["typeProperties"]
    known = [settings for settings in map(loaded, jobs.values()) if settings]
    settled = timedelta(hours=max((one.run.settle_hours for one in known), default=0))
    if span_of(inner["delay"]) < settled:
        yield trigger.fault("delay", f"ends before a day has settled, which takes {settled}")
    try:
        begins = date.fromisoformat(inner["startTime"][:10])
    except ValueError:
        yield trigger.fault("startTime", "is no day")
        return
    if begins > datetime.now(UTC).date():
        yield trigger.fault("startTime", f"lies ahead: nothing runs before {begins}")
