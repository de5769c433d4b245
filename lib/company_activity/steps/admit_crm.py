"""Judge the CRM files that hold something new, and let in those that are whole: the first thing a run does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.errors import CrmFileRefused
from company_activity.gates.arrived import judge_freshness
from company_activity.gates.crm_admission import CRM_BROKEN, Refusal
from company_activity.gates.verdict import Verdict, refuse_unless_passed, warnings_of
from company_activity.io.lake.quarantine import quarantine
from company_activity.io.landing.crm_arrivals import UnreadableFile, WaitingFile, new_arrivals
from company_activity.io.landing.crm_verdicts import BROKEN, LOSS, CrmVerdicts
from company_activity.records.fields import RULES_VERSION
from company_activity.report.model import StepOutcome, StepReport
from company_activity.run import Admission, AdmittedFile
from company_activity.schemas import CRM_COMPANIES, QUARANTINE
from company_activity.transforms.crm import paths_predicate, refused_files_frame

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

    judged = arrivals.judge(state, partial(kept_ids, run), run.settings.gates)
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
    """The companies that are staged for a date from other paths than these."""
    rows = run.lake.read(CRM_COMPANIES).where(F.col("file_date") == F.lit(day))
    of_paths = (
        rows.groupBy("company_id").agg(F.collect_set("src_file_name").alias("paths")).collect()
    )
    return {row.company_id for row in of_paths if not replaced.issuperset(row.paths)}


def keep_aside(run: Run, verdicts: CrmVerdicts, refusals: list[Refusal]) -> None:
    """Quarantine the files as wholes, one record each, and keep the verdicts."""
    paths = [refusal.file.path for refusal in refusals]
    aside = refused_files_frame(run.spark, refusals, RULES_VERSION, run.run_id)
    of_files = "arrays_overlap(reasons, array('CRM_LOSS', 'CRM_BROKEN'))"
    predicate = f"feed = 'crm' AND {paths_predicate('path', paths)} AND {of_files}"
    held = {refusal.file.path: refusal.file.day for refusal in refusals}
    quarantine(run.lake, aside, predicate, replaced=[], held=held)
    for refusal in refusals:
        verdict = BROKEN if refusal.reason == CRM_BROKEN else LOSS
        verdicts.note(verdict, refusal.file.path, refusal.file.sha256, run.run_id, str(refusal))
