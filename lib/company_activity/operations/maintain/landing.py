"""Landed generations that others have long followed, and files that no manifest names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from company_activity.io.landing.retention import (
    Kind,
    Limits,
    SpareFile,
    SpareFiles,
    orphan_age,
    remove_spare_files,
    spare_files,
)
from company_activity.operations.maintain.heap import Heap, days_before

if TYPE_CHECKING:
    from company_activity.run import Run

KINDS: Mapping[Kind, str] = {"generation": "files_of_old_generations", "orphan": "orphans"}


def limits_of(run: Run) -> Limits:
    """What of the landing is old enough to go, as settings and staging have it."""
    settings = run.settings
    age = orphan_age(settings.landing.orphan_max_age_hours, settings.api.resume_max_age)
    staged = {day: mark.generation for day, mark in run.lake.staging.marks.items()}
    return Limits(
        orphans_before=run.now - age,
        followed_before=days_before(run.now, settings.maintain.generations_days),
        staged=staged,
    )


def landed_files(run: Run) -> Iterator[Heap]:
    """What may go of the landing's usage, a heap for each kind. CRM files belong to whoever sends them: they stay."""
    limits = limits_of(run)
    found = list(spare_files(run.landing, limits))
    left = [f"{one.day}: {one.why_left}" for one in found if one.why_left]
    for kind in KINDS:
        yield heap_of(run, limits, kind, found, left)
        left = []  # each reason is told once


def heap_of(
    run: Run, limits: Limits, kind: Kind, found: Sequence[SpareFiles], left: list[str]
) -> Heap:
    """The files of one kind, which are looked for again under the lock of their date before they are removed."""
    of_kind = {one.day: [file for file in one.files if file.of == kind] for one in found}
    sizes = [file.bytes for files in of_kind.values() for file in files]

    def remove() -> Iterator[int]:
        for day in (day for day, files in of_kind.items() if files):
            for done in remove_spare_files(run.landing, day, limits, kind):
                if isinstance(done, SpareFile):
                    yield done.bytes
                else:
                    left.append(f"{day}: {done}")

    return Heap(KINDS[kind], len(sizes), sum(sizes), remove, left)
