"""CRM files → `stg.crm_companies` and `quarantine.records`: each row kept once, or aside with its reasons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from company_activity.crm import CrmFile
from company_activity.errors import ImbalanceError
from company_activity.fields import RULES_VERSION
from company_activity.gates import Verdict, refuse_defects, well_keyed
from company_activity.io.lake.delta import replace_where
from company_activity.report import StepReport
from company_activity.schemas import CRM_COMPANIES, QUARANTINE
from company_activity.transforms.crm import crm_quarantine_frame, crm_staging_frame, paths_predicate

if TYPE_CHECKING:
    from company_activity.run import Run


def stage_crm(run: Run) -> StepReport:
    """Stage every file that was let in; what was staged of its path before is replaced."""
    files = [admitted.file for admitted in run.admitted]
    if not files:
        return StepReport("stage_crm", "nothing", notes=["no new CRM file"])
    counts = reconcile(files)
    verdicts = refuse_defects(verdict for file in files for verdict in keys_of(file))
    lake, paths = run.settings.lake.root, [file.path for file in files]
    quarantined = crm_quarantine_frame(run.spark, files, RULES_VERSION, run.run_id)
    replace_where(quarantined, lake, QUARANTINE, f"feed = 'crm' AND {paths_predicate('path', paths)}", None)
    staged = crm_staging_frame(run.spark, files, run.now)
    replace_where(staged, lake, CRM_COMPANIES, paths_predicate("src_file_name", paths), state_after(run))
    extra = sorted({name for file in files for name in file.extra_columns})
    warnings = [f"CRM files carry columns that are not read: {', '.join(extra)}"] if extra else []
    warnings += [warning for file in files for warning in file.warnings]
    counts |= {"blank": blank} if (blank := sum(file.blank for file in files)) else {}
    return StepReport("stage_crm", counts=counts, warnings=warnings, verdicts=verdicts)


def keys_of(file: CrmFile) -> list[Verdict]:
    """Each company once among the rows of a file that are staged, and none without an id."""
    companies = [row.company_id for row in file.accepted]
    return well_keyed(file.path, len(companies), len(set(companies)), companies.count(""))


def state_after(run: Run) -> dict[str, object]:
    """What the table is built from once the admitted files are in it: bytes by path, companies by snapshot date."""
    before = run.state_of(CRM_COMPANIES)
    noted = {
        admitted.file.path: {
            "sha256": admitted.file.sha256,
            "file_date": str(admitted.file.file_date),
            "seen": admitted.seen,
        }
        for admitted in run.admitted
    }
    return {
        "files": {**before.get("files", {}), **noted},
        "companies": {str(day): count for day, count in sorted(run.companies_after.items())},
        "rules_version": RULES_VERSION,
    }


def reconcile(files: Iterable[CrmFile]) -> dict[str, int]:
    """Rows in = accepted + duplicates + quarantined, by file.

    Raises:
        ImbalanceError: naming the file, with the figures.
    """
    total = {"files": 0, "rows": 0, "accepted": 0, "duplicates": 0, "quarantined": 0}
    for file in files:
        parts = (len(file.accepted), file.duplicates, len(file.quarantined))
        if file.rows_in != sum(parts):
            raise ImbalanceError(
                f"{file.path} holds {file.rows_in} rows, but {' + '.join(map(str, parts))} were accounted for",
                remedy="report it: the reader lost or doubled a row",
            )
        counted = (1, file.rows_in, *parts)
        total = {name: total[name] + more for name, more in zip(total, counted, strict=True)}
    return total
