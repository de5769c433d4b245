"""What small files say of a company: pages and messages that name it go, run records lose its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from company_activity.io.lake.outcomes import FOLDER as OUTCOMES
from company_activity.io.lake.run_records import FOLDER as RUNS
from company_activity.io.landing.crm_verdicts import FOLDER as CRM_VERDICTS
from company_activity.io.notify.outbox import FOLDER as OUTBOX
from company_activity.io.storage.folder import Folder, root_folder
from company_activity.operations.erase.spelling import Spelling

if TYPE_CHECKING:
    from company_activity.run import Run


def forget_in_small_files(run: Run, spelling: Spelling, tombstone: str) -> int:
    """Remove pages, messages and outcomes that name the company, and its name from records; how many files."""
    found = 0
    for folder in _removed_whole(run):
        for name in folder.names():
            if spelling.is_in(folder.read(name)):
                folder.delete(name)
                found += 1
    for kept in (RUNS, CRM_VERDICTS):
        folder = run.lake.files.inside(kept)
        for name in folder.names():
            text = folder.read(name)
            if spelling.is_in(text):
                folder.delete(name)
                folder.create(name, spelling.replaced(text, tombstone))
                found += 1
    return found


def _removed_whole(run: Run) -> Iterator[Folder]:
    settings = run.settings
    yield root_folder(settings.report.dir, settings.landing, settings.secrets)
    yield run.lake.files.inside(OUTBOX)
    yield run.lake.files.inside(OUTCOMES)
    if settings.notify.file:
        yield root_folder(settings.notify.file, settings.landing, settings.secrets)
