"""Quarantined usage judged again by today's rules: which dates, and the first step of the run that does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from company_activity.io.lake.quarantine import known_quarantine
from company_activity.planning.replay import Replay, replay_of
from company_activity.planning.state import FIRST_VERSION
from company_activity.records.fields import RULES_VERSION
from company_activity.report.model import StepReport
from company_activity.schemas import PRODUCT_USAGE, QUARANTINE

if TYPE_CHECKING:
    from company_activity.run import Run


@dataclass(frozen=True)
class ReplayedDate:
    """A date to be staged again: its generation, the rules that staged it, and how many records they may have refused.

    `at_most` counts landed records that are not staged, duplicates among them; None where the state has no figures.
    """

    day: date
    generation: int
    rules_version: str
    at_most: int | None


@dataclass(frozen=True)
class ReplayPlan:
    """What a replay would do, as far as it is known without Spark.

    `is_exact`: each of the dates has quarantined records; else each may have. `notes` say what it leaves to a run.
    """

    dates: tuple[ReplayedDate, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    is_exact: bool


def replay_plan(run: Run) -> ReplayPlan:
    """What a replay would do. It writes nothing, takes no lock and starts no Spark.

    Raises:
        SourceError: if the landing, or the manifest of a date, cannot be read.
    """
    found = found_now(run)
    dates = tuple(replayed(run, day) for day in found.again)
    is_exact = run.lake.quarantine.is_known
    return ReplayPlan(dates, tuple(found.warnings), tuple(left_to_a_run(run)), is_exact)


def replayed(run: Run, day: date) -> ReplayedDate:
    """What is known of a date that is to be staged again."""
    staging = run.lake.staging
    mark = staging.marks[day]
    at_most = None
    if day in staging.figures:
        landed = run.landing.manifest(day, mark.generation).rows
        at_most = landed - staging.figures[day].records
    return ReplayedDate(day, mark.generation, mark.rules_version or FIRST_VERSION, at_most)


def replay_quarantine(run: Run) -> StepReport:
    """Stage again, under today's rules, each date that has quarantined usage of older ones; no other date.

    No gate on volume or quarantine judges them: their content stood before. Spark starts where there is such a date.

    Raises:
        GateRefused: if a record got lost.
    """
    run.lake.look_at(QUARANTINE, PRODUCT_USAGE)
    found = found_now(run)
    if found.again and not run.lake.quarantine.is_known:
        known_quarantine(run.lake)
        found = found_now(run)
    notes = left_to_a_run(run)
    if not found.again:
        nothing = f"no date to stage again has quarantined usage of rules older than version {RULES_VERSION}"
        notes = [nothing, *notes]
        return StepReport("replay_quarantine", "nothing", notes=notes, warnings=found.warnings)
    from company_activity.work.stage_usage import replay_dates

    report = replay_dates(run, found.again)
    report.notes += notes
    report.warnings += found.warnings
    return report


def found_now(run: Run) -> Replay:
    """What there is to replay, as landing and lake stand."""
    return replay_of(run.landing.generations(), run.lake.staging.marks, run.lake.quarantine)


def left_to_a_run(run: Run) -> list[str]:
    """A sentence about the CRM files that a run reads again, if some may have refused rows."""
    quarantine = run.lake.quarantine
    may_hold = not quarantine.is_known or quarantine.crm != frozenset()
    if not run.lake.crm.older or not may_hold:
        return []
    return [
        "CRM files that older rules read, refused rows among them, are read again by the next run"
    ]
