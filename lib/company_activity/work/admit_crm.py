"""What the gate on CRM files asks the lake, and how the files that it refuses are kept aside."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from company_activity.gates.crm_admission import CRM_BROKEN, Refusal
from company_activity.io.lake.quarantine import quarantine
from company_activity.io.landing.crm_verdicts import BROKEN, LOSS, CrmVerdicts
from company_activity.records.fields import CRM_RULES_VERSION
from company_activity.schemas import CRM_COMPANIES
from company_activity.transforms.crm import paths_predicate, refused_files_frame

if TYPE_CHECKING:
    from company_activity.run import Run


def staged_ids(run: Run, day: date, replaced: frozenset[str]) -> set[str]:
    """The companies that are staged for a date from other paths than these."""
    rows = run.lake.read(CRM_COMPANIES).where(F.col("file_date") == F.lit(day))
    of_paths = (
        rows.groupBy("company_id").agg(F.collect_set("src_file_name").alias("paths")).collect()
    )
    return {row.company_id for row in of_paths if not replaced.issuperset(row.paths)}


def keep_aside(run: Run, verdicts: CrmVerdicts, refusals: list[Refusal]) -> None:
    """Quarantine the files as wholes, one record each, and keep the verdicts."""
    paths = [refusal.file.path for refusal in refusals]
    aside = refused_files_frame(run.spark, refusals, CRM_RULES_VERSION, run.run_id)
    of_files = "arrays_overlap(reasons, array('CRM_LOSS', 'CRM_BROKEN'))"
    predicate = f"feed = 'crm' AND {paths_predicate('path', paths)} AND {of_files}"
    held = {refusal.file.path: refusal.file.day for refusal in refusals}
    quarantine(run.lake, aside, predicate, replaced=[], held=held)
    for refusal in refusals:
        verdict = BROKEN if refusal.reason == CRM_BROKEN else LOSS
        verdicts.note(verdict, refusal.file.path, refusal.file.sha256, run.run_id, str(refusal))
