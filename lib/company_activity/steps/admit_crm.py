"""Read the CRM files that hold something new, and let in those that are whole: the first thing a run does."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.admission import Loss, StagedSnapshots, losses
from company_activity.crm import CrmFile, read_crm_file
from company_activity.errors import CrmFileRefused, UsageError
from company_activity.fields import RULES_VERSION
from company_activity.gates import refuse_unless_passed, warnings_of
from company_activity.input_gates import judge_freshness
from company_activity.io.lake.delta import read_table, replace_where
from company_activity.io.landing.crm_files import unread_files
from company_activity.io.landing.crm_verdicts import CrmVerdicts
from company_activity.report import StepReport
from company_activity.run import AdmittedFile
from company_activity.schemas import CRM_COMPANIES, QUARANTINE
from company_activity.transforms.crm import loss_quarantine_frame, paths_predicate

if TYPE_CHECKING:
    from company_activity.run import Run


def admit_crm(run: Run) -> StepReport:
    """Leave in `run.admitted` the unread files that may be staged.

    A file that cannot be read as a whole is passed by, with an error that ends the run in 3 after the rest is
    built; one refused before is passed by with a warning.

    Raises:
        GateRefused: if a file names too few companies. The verdict is kept; the next run passes the file by.
        UsageError: if `--accept-crm` names a file that is not there, or holds nothing new.
    """
    state, verdicts = run.state_of(CRM_COMPANIES), CrmVerdicts(run.settings.lake.root)
    files, seen, refusals = read_unread(run, state.get("files", {}))
    for path in let_in(run, files):
        verdicts.note("accepted", path, files[path].sha256, run.run_id, "--accept-crm")
    passed = {path: file for path, file in files.items() if not verdicts.is_refused(path, file.sha256)}
    accepted = frozenset(path for path, file in passed.items() if verdicts.is_accepted(path, file.sha256))
    staged = staged_snapshots(run)
    lost = losses(passed.values(), staged, run.settings.gates.crm_max_loss, accepted)
    if lost:
        keep_aside(run, verdicts, lost)
        refuse_unless_passed(
            [loss.verdict for loss in lost],
            remedy=f"see whether the file is whole; if it is right as it is: --accept-crm {lost[0].file.path}",
        )
    run.admitted = [AdmittedFile(file, seen[path]) for path, file in passed.items()]
    run.companies_after = staged.companies_with(passed.values())
    snapshots = [*staged.dates.values(), *(file.file_date for file in passed.values())]
    fresh = judge_freshness(run.dates[-1], snapshots, run.settings.gates)
    held = sorted(files.keys() - passed.keys())
    warnings = warnings_of([fresh])
    warnings += [f"{path} was refused before and is passed by; --accept-crm {path} lets it in" for path in held]
    counts = {"new_files": len(run.admitted)} if run.admitted else {}
    error = next(iter(refusals), None)
    outcome = "failed" if error else "done" if run.admitted else "nothing"
    notes = [] if files or error else ["no new CRM file"]
    return StepReport("admit_crm", outcome, counts, notes, warnings, error, verdicts=[fresh])


def read_unread(
    run: Run, staged: dict[str, dict[str, str]]
) -> tuple[dict[str, CrmFile], dict[str, str], list[CrmFileRefused]]:
    """The files with something new, by path; what each was seen with; and the refusals of those that are none."""
    files: dict[str, CrmFile] = {}
    seen: dict[str, str] = {}
    refusals = []
    for unread in unread_files(run.landing.storage, run.settings.landing.crm_path, staged):
        try:
            files[unread.path] = read_crm_file(unread.path, unread.content, run.now.date())
            seen[unread.path] = unread.seen
        except CrmFileRefused as refused:
            refusals.append(refused)
    return files, seen, refusals


def let_in(run: Run, files: dict[str, CrmFile]) -> list[str]:
    """The paths that `--accept-crm` names, by their whole path or their last part."""
    found = []
    for name in run.accept_crm:
        matching = [path for path in files if path == name or path.endswith(f"/{name}")]
        if len(matching) != 1:
            known = ", ".join(sorted(files)) or "none"
            raise UsageError(f"--accept-crm {name} names no file that waits to be staged", remedy=f"waiting: {known}")
        found += matching
    return found


def staged_snapshots(run: Run) -> StagedSnapshots:
    """What is staged, as the staging table's own state tells; its rows are read only where that does not do."""
    state = run.state_of(CRM_COMPANIES)

    def ids(day: date, replaced: frozenset[str]) -> set[str]:
        rows = read_table(run.spark, run.settings.lake.root, CRM_COMPANIES).where(F.col("file_date") == F.lit(day))
        kept = rows.where(~F.col("src_file_name").isin(sorted(replaced)))
        return {row.company_id for row in kept.select("company_id").distinct().collect()}

    return StagedSnapshots(
        companies={date.fromisoformat(day): count for day, count in state.get("companies", {}).items()},
        dates={path: date.fromisoformat(file["file_date"]) for path, file in state.get("files", {}).items()},
        ids=ids,
    )


def keep_aside(run: Run, verdicts: CrmVerdicts, lost: list[Loss]) -> None:
    """Quarantine the files as wholes, one record each, and keep the verdicts."""
    lake, paths = run.settings.lake.root, [loss.file.path for loss in lost]
    aside = loss_quarantine_frame(run.spark, lost, RULES_VERSION, run.run_id)
    of_loss = f"feed = 'crm' AND {paths_predicate('path', paths)} AND array_contains(reasons, 'CRM_LOSS')"
    replace_where(aside, lake, QUARANTINE, of_loss, None)
    for loss in lost:
        verdicts.note("refused", loss.file.path, loss.file.sha256, run.run_id, str(loss))
