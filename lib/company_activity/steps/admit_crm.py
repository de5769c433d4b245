"""Judge the CRM files that hold something new, and let in those that are whole: the first thing a run does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from company_activity.errors import CrmFileRefused
from company_activity.gates.arrived import judge_freshness
from company_activity.gates.crm_admission import Refusal
from company_activity.gates.verdict import Verdict, refuse_unless_passed, warnings_of
from company_activity.io.landing.crm_arrivals import UnreadableFile, WaitingFile, new_arrivals
from company_activity.io.landing.crm_verdicts import CrmVerdicts
from company_activity.report.model import StepOutcome, StepReport
from company_activity.run import Admission, AdmittedFile
from company_activity.schemas import QUARANTINE

if TYPE_CHECKING:
    from company_activity.io.landing.crm_known import KnownFiles
    from company_activity.run import Run


def admit_crm(run: Run) -> Admission:
    """Hand on the unread files that may be staged, in the order of their dates.

    A file that cannot be read as a whole is passed by, with an error that ends the run in 3 after the rest is
    built; one refused before is passed by with a warning.

    Raises:
        GateRefused: if a file names too few companies, or too many of its rows are broken. The verdict is kept; the
            next run passes the file by.
        UsageError: if `--accept-crm` names a file that is not there, or holds nothing new.
    """
    run.lake.look_at(QUARANTINE)
    state = run.lake.crm
    arrivals = new_arrivals(run.landing, run.lake.files, state, run.now.date())
    known = arrivals.known
    known.note_unchanged()
    arrivals.accept(run.options.accept_crm, run.run_id)
    arrivals.set_aside_refused()

    judged = arrivals.judge(state, partial(kept_ids, run), run.settings.gates, run.tombstones)
    unreadable = unreadable_error(arrivals.unreadable)
    if judged.refusals:
        refuse(run, arrivals.verdicts, judged.refusals, unreadable)
    arrivals.lift_refusals((file.path for file in judged.admitted), run.run_id)

    seen = {file.path: file.seen for file in arrivals.waiting}
    admitted = tuple(AdmittedFile(file, seen[file.path]) for file in judged.admitted)
    fresh = judge_freshness(run.dates[-1], list(judged.counts), run.settings.gates)
    report = report_of(len(admitted), unreadable, fresh)
    report.notes = ["no new CRM file"] if arrivals.are_none else []
    report.warnings += [*passed_by(arrivals.refused), *left_behind(known)]
    return Admission(report, admitted, judged.counts, known, state)


def report_of(admitted: int, unreadable: CrmFileRefused | None, fresh: Verdict) -> StepReport:
    """How the step ended: a file that cannot be read fails it, after the others are admitted."""
    outcome: StepOutcome = "done" if admitted else "nothing"
    if unreadable:
        outcome = "failed"
    report = StepReport("admit_crm", outcome, error=unreadable, verdicts=[fresh])
    report.counts = {"new_files": admitted} if admitted else {}
    report.warnings = warnings_of([fresh])
    return report


def refuse(
    run: Run, verdicts: CrmVerdicts, refusals: list[Refusal], unreadable: CrmFileRefused | None
) -> None:
    """Keep the refused files aside, and refuse the run.

    Raises:
        GateRefused: naming the first of them; it carries the unreadable files, if there are any.
    """
    from company_activity.work.admit_crm import keep_aside

    keep_aside(run, verdicts, refusals)
    path = refusals[0].file.path
    refuse_unless_passed(
        [refusal.verdict for refusal in refusals],
        remedy=f"check whether the file is complete; if it is right: --accept-crm {path}",
        besides=[unreadable] if unreadable else [],
    )


def passed_by(refused: Iterable[WaitingFile]) -> list[str]:
    """A sentence about each file that an earlier run refused."""
    return [
        f"{file.path} was refused before and is skipped; --accept-crm {file.path} accepts it"
        for file in refused
    ]


def unreadable_error(files: Sequence[UnreadableFile]) -> CrmFileRefused | None:
    """One error that names every file that cannot be read, and why; None if there is none."""
    if len(files) < 2:
        return next((file.why for file in files), None)
    first, *more = (file.why for file in files)
    others = "; ".join(why.what for why in more)
    return CrmFileRefused(f"{first.what}; and {len(more)} more: {others}", remedy=first.remedy)


def left_behind(known: KnownFiles) -> list[str]:
    """A sentence about the files that cannot be read again by today's rules, if there are any."""
    paths = known.left_behind()
    if not paths:
        return []
    named = f"{', '.join(paths[:3])}{f' and {len(paths) - 3:,} more' if len(paths) > 3 else ''}"
    return [
        f"CRM files that older rules staged have left the landing and keep their rows ({len(paths):,}): {named}"
    ]


def kept_ids(run: Run, day: date, replaced: frozenset[str]) -> set[str]:
    """The companies that are staged for a date from other paths than these: asked for where a file is judged."""
    from company_activity.work.admit_crm import staged_ids

    return staged_ids(run, day, replaced)
