"""A date set back to what landed before: what can be chosen, and the first step of the run that rebuilds from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from company_activity.errors import LandingCorrupt, UsageError
from company_activity.io.landing.gate_verdicts import refusals
from company_activity.io.landing.manifest import Manifest, is_held
from company_activity.io.landing.rollback import NEVER_STAGED, Rollback, release, roll_back
from company_activity.planning.state import MISSING
from company_activity.report.model import StepReport

if TYPE_CHECKING:
    from company_activity.run import Run

SHOWN = 16  # characters of a digest, as in the states


@dataclass(frozen=True)
class LandedGeneration:
    """A generation of a date: its records (None: none, or not known), its content, and what it is now.

    `run_id` committed it; `fetched_at` is when its content was fetched. `can_be_restored`: its manifest can be read.
    """

    number: int
    records: int | None
    digest: str
    fetched_at: datetime | None
    run_id: str
    told: tuple[str, ...]
    can_be_restored: bool = True


def generations_of(run: Run, day: date) -> list[LandedGeneration]:
    """What a date can be set back to, oldest first; and what staging has, where the landing has lost that."""
    files = run.landing.files_of(day)
    staged = run.lake.staging.marks.get(day, NEVER_STAGED)
    newest = max(files, default=0)
    manifests = {number: _manifest(run, day, number) for number in sorted(files)}
    in_force = manifests.get(newest)
    # Where it cannot be read, what is held is not known: the list says so of that one.
    held = run.landing.held_digests(in_force if isinstance(in_force, Manifest) else None)
    found = []
    for number, manifest in manifests.items():
        told = [f"refused by gate {gate}" for gate in refusals(files[number])]
        told += ["newest"] if number == newest else []
        told += ["staged"] if number == staged.generation else []
        found.append(_landed(number, manifest, held, told))
    if staged.generation > newest:
        digest = "" if staged.is_missing else staged.digest
        told = ["staged", "no longer in the landing"]
        lost = LandedGeneration(staged.generation, None, digest, None, "", tuple(told), False)
        found.append(lost)
    return found


def _manifest(run: Run, day: date, number: int) -> Manifest | LandingCorrupt:
    """A generation's manifest, or why it cannot be read."""
    try:
        return run.landing.manifest(day, number)
    except LandingCorrupt as broken:
        return broken


def _landed(
    number: int, manifest: Manifest | LandingCorrupt, held: Sequence[str], told: Sequence[str]
) -> LandedGeneration:
    if isinstance(manifest, LandingCorrupt):
        return LandedGeneration(number, None, "", None, "", (*told, manifest.what), False)
    return LandedGeneration(
        number,
        manifest.rows if manifest.is_complete else None,
        manifest.content_digest[:SHOWN],
        manifest.fetched_at if manifest.is_complete else None,
        manifest.run_id,
        (*told, *_told(manifest, held)),
    )


def _told(manifest: Manifest, held: Sequence[str]) -> list[str]:
    told = []
    if not manifest.is_complete:
        told.append(MISSING)
    elif is_held(manifest.content_digest, held):
        told.append("held")
    if manifest.restored_generation is not None:
        told.append(f"rollback to {manifest.restored_generation}")
    return told


def generation_chosen(
    day: date, to: int | str | None, found: Sequence[LandedGeneration]
) -> int | None:
    """The generation that a date is to be set back to; None for `missing`.

    Raises:
        UsageError: if nothing of the date ever landed, nothing is chosen, or what is chosen is not there.
    """
    if not found:
        raise UsageError(
            f"nothing of {day} has landed",
            remedy=f'run "company-activity ingest --start {day} --end {day}"',
        )
    landed = [one.number for one in found if one.can_be_restored]
    choices = ", ".join([*map(str, landed), MISSING])
    if to is None:
        raise UsageError(
            f"no generation of {day} is chosen",
            remedy=f"give --to-generation with one of {choices}",
        )
    if to == MISSING:
        return None
    if to not in landed:
        raise UsageError(
            f"generation {to} of {day} is not in the landing, or cannot be read",
            remedy=f"give --to-generation with one of {choices}",
        )
    return int(to)


def rollback_to(day: date, to: int | None) -> Callable[[Run], StepReport]:
    """The step that sets a date back to a generation, or to missing (None); its report says what is held."""

    def rollback(run: Run) -> StepReport:
        staged = run.lake.staging.marks.get(day, NEVER_STAGED)
        done = roll_back(run.landing, Rollback(day, to, run.run_id, run.now, staged))
        what = "is missing" if to is None else f"has the records of generation {to}"
        notes = [f"{day} {what}, as generation {done.generation}"]
        if done.held:
            named = ", ".join(digest[:SHOWN] for digest in done.held)
            notes.append(f"held until `rollback --release {day}`: {named}")
        if not done.is_new:
            return StepReport(
                "rollback", "nothing", notes=[f"already in force: {notes[0]}", *notes[1:]]
            )
        return StepReport("rollback", notes=notes)

    return rollback


def release_of(day: date) -> Callable[[Run], StepReport]:
    """The step that lets fetches land again what rollbacks of a date hold."""

    def release_held(run: Run) -> StepReport:
        released = release(run.landing, day, run.run_id)
        if not released:
            return StepReport("release", "nothing", notes=[f"nothing of {day} is held"])
        named = ", ".join(digest[:SHOWN] for digest in released)
        return StepReport(
            "release", notes=[f"released: {named}; the next fetch of {day} may land it"]
        )

    release_held.__name__ = "release"
    return release_held
