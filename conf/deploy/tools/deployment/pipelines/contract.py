"""What the daily pipeline must do, whatever it looks like: which activity shows which step, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise, product
from typing import Any

from company_activity.io.lake.outcomes import fields_of
from company_activity.pipeline import NAMED_IN_OUTCOME
from deployment.pipelines.expressions import ExpressionError, evaluated
from deployment.pipelines.simulate import FAILED, SKIPPED, SUCCEEDED, ended, outcome

FIRST, RUNS, READS = "getmeta_crm_file", "act-run_cycle", "act-read_outcome"
TELLS, LAST = "act-notify_failure", "act-fail_run"
# The activities that show how steps went, in their order.
SHOWN = {
    "act-copy-crm-to-stg": ("start", "admit_crm", "stage_crm"),
    "act-trigger_api_ingest": ("ingest_usage",),
    "act-copy-product-raw-to-stg": ("stage_usage",),
    "act-sp_merge_analytics": (
        "build_companies",
        "build_activity",
        "build_episodes",
        "build_rollups",
        "register_tables",
        "publish",
        "validate",
    ),
    "act-notify_success": ("write_report", "notify", "write_record"),
}
CHAIN = (FIRST, *SHOWN)
ACTIVITIES = {
    FIRST: "GetMetadata",
    RUNS: "SparkJob",
    READS: "Lookup",
    **dict.fromkeys(SHOWN, "IfCondition"),
    TELLS: "SparkJob",
    LAST: "Fail",
}
ERROR = "SomeError: something — do this"
CODES = (3, 5)  # two: a code that is written down would be right for one


def after(activities: list[dict[str, Any]], name: str) -> set[str]:
    """The activities that come before one, however far."""
    needs = {one["name"]: {need["activity"] for need in one["dependsOn"]} for one in activities}
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for one in needs.get(waiting.pop(), set()) - found:
            found.add(one)
            waiting.append(one)
    return found


def outcome_where(step: str, code: int) -> dict[str, str | int]:
    """What a run keeps in which one step failed; none where the code is 0."""
    fields: dict[str, str | int] = {
        name: 0 if name.endswith("code") else "" for name in fields_of(NAMED_IN_OUTCOME)
    }
    if code:
        fields |= {
            "exit_code": code,
            "error": ERROR,
            f"{step}_exit_code": code,
            f"{step}_error": ERROR,
        }
    return fields


def known_to(read: Mapping[str, Any]) -> Any:
    """What an expression of the pipeline may begin with, where the outcome was read."""

    def activity(name: str) -> Any:
        if name != READS:
            raise ExpressionError(f"there is no output of {name} to read")
        return {"output": {"firstRow": read}}

    parameters = {"date": "2025-11-23", "steps": "all"}
    run = {"parameters": parameters, "RunId": "run-1"}
    return {"activity": activity, "pipeline": lambda: run}


def chain_faults(activities: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Where the activities are not those of the contract, in its order, or a step is shown by none of them."""
    told = sorted(step for steps in SHOWN.values() for step in steps)
    if told != sorted(NAMED_IN_OUTCOME):
        yield "SHOWN in contract.py", f"each step once: {sorted(set(told) ^ set(NAMED_IN_OUTCOME))}"
    found = {one["name"]: one["type"] for one in activities}
    if found != ACTIVITIES:
        odd = sorted(set(found.items()) ^ set(ACTIVITIES.items()))
        yield "properties.activities", f"are not those of the contract: {odd}"
        return
    by_name = {one["name"]: one for one in activities}
    for before, name in ((FIRST, RUNS), *pairwise(CHAIN)):
        wanted = {"activity": before, "dependencyConditions": [SUCCEEDED]}
        if wanted not in by_name[name]["dependsOn"]:
            yield f"activity {name}", f"does not follow the success of {before}"
    for name in SHOWN:
        failing = by_name[name]["typeProperties"]["ifFalseActivities"][0]["name"]
        if failing != name.replace("act-", "failed-"):
            yield f"activity {name}", f"fails as {failing}"
    if after(activities, LAST) != set(found) - {LAST}:
        yield f"activity {LAST}", "does not come after all others"


def shown_faults(activities: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Where an activity does not show the failure of its steps, or shows that of others."""
    for activity in activities:
        steps = SHOWN.get(activity["name"])
        if steps is None:
            continue
        for step, code in (("", 0), *product(NAMED_IN_OUTCOME, CODES)):
            read = outcome_where(step, code)
            try:
                told = shown(activity, read)
            except ExpressionError as wrong:
                yield f"activity {activity['name']}", str(wrong)
                break
            wanted = (ERROR, str(code)) if step in steps else None
            if told != wanted:
                yield (
                    f"activity {activity['name']}",
                    f"shows {told} where {step or 'nothing'} failed, not {wanted}",
                )


def shown(activity: Mapping[str, Any], read: Mapping[str, Any]) -> tuple[str, str] | None:
    """Message and code with which a condition fails; None if it succeeds."""
    inner = activity["typeProperties"]
    if evaluated(inner["expression"]["value"], known_to(read)) is True:
        return None
    failing = inner["ifFalseActivities"][0]["typeProperties"]
    message = evaluated(failing["message"]["value"], known_to(read))
    return message, evaluated(failing["errorCode"]["value"], known_to(read))


def ending_faults(activities: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Where the pipeline ends otherwise than it should, whatever fails in it."""
    for failing in (set(), *({name} for name in ACTIVITIES), *({name, TELLS} for name in CHAIN)):
        if failing & {TELLS, LAST} == failing and failing:
            continue  # they fail only after something else has
        yield from wrong_end(activities, failing)


def wrong_end(activities: list[dict[str, Any]], failing: set[str]) -> Iterator[tuple[str, str]]:
    """Where the pipeline ends otherwise than it should if these activities fail.

    What the outcome says decides, and not how the job that wrote it ended.
    """

    def ends(activity: Mapping[str, Any]) -> str:
        fails = activity["name"] in failing or activity["type"] == "Fail"
        return FAILED if fails else SUCCEEDED

    statuses = ended(activities, ends)
    goes_well = failing <= {RUNS}
    case = f"if {' and '.join(sorted(failing)) or 'nothing'} fails"
    if goes_well != (outcome(activities, statuses) == SUCCEEDED):
        yield "properties.activities", f"{case}, the pipeline does not end as it should"
    if goes_well != (statuses[TELLS] == SKIPPED):
        yield f"activity {TELLS}", f"{case}, it is {statuses[TELLS]}"
    if goes_well != (statuses[LAST] == SKIPPED):
        yield f"activity {LAST}", f"{case}, it is {statuses[LAST]}"
