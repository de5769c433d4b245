"""What small files say of a company: pages and messages that name it go, run records lose its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from company_activity.io.lake.outcomes import FOLDER as OUTCOMES
from company_activity.io.lake.run_records import FOLDER as RUNS
from company_activity.io.landing.crm_verdicts import FOLDER as CRM_VERDICTS
from company_activity.io.notify.outbox import FOLDER as OUTBOX
from company_activity.io.storage.folder import Folder, root_folder
from company_activity.operations.erase.spelling import Spelling

if TYPE_CHECKING:
    from company_activity.run import Run

# Where records and verdicts have words about data; all else in them is a count, a time or a name of ours.
SENTENCES = {"notes", "warnings", "error", "what", "remedy", "why", "scope", "found", "wanted"}


def forget_in_small_files(run: Run, spelling: Spelling, tombstone: str) -> int:
    """Remove pages, messages and outcomes that name the company, and its name from records; how many files."""
    found = _remove_drafts(run)
    for folder in _removed_whole(run):
        for name in folder.names():
            if spelling.is_in(_text(folder, name)):
                folder.delete(name)
                found += 1
    for kept in (RUNS, CRM_VERDICTS):
        folder = run.lake.files.inside(kept)
        for name in folder.names():
            found += _forget_in(folder, name, spelling, tombstone)
    return found


def _forget_in(folder: Folder, name: str, spelling: Spelling, tombstone: str) -> bool:
    """Put the tombstone in place of the company in a file's sentences; whether there was anything to replace."""
    text = _text(folder, name)
    if not spelling.is_in(text):
        return False
    try:
        content = json.loads(text)
    except ValueError:
        folder.delete(name)  # no record: nothing reads it
        return True
    left = without_it(content, spelling, tombstone)
    if left == content:
        return False
    folder.replace(name, json.dumps(left, indent=1, ensure_ascii=False) + "\n")
    return True


def without_it(value: Any, spelling: Spelling, instead: str, key: str = "") -> Any:
    """A JSON value with `instead` for the company in its sentences; counts, times and names of ours stay.

    >>> spelling = Spelling.of("115", ["publish"])
    >>> without_it({"name": "publish", "rows": 115, "notes": ["115 is odd"]}, spelling, "t")
    {'name': 'publish', 'rows': 115, 'notes': ['t is odd']}
    """
    if isinstance(value, dict):
        return {name: without_it(one, spelling, instead, name) for name, one in value.items()}
    if isinstance(value, list):
        return [without_it(one, spelling, instead, key) for one in value]
    is_sentence = isinstance(value, str) and key in SENTENCES
    return spelling.replaced(value, instead) if is_sentence else value


def _text(folder: Folder, name: str) -> str:
    """A file's text, whatever it is: a picture may lie beside the pages."""
    return folder.read_bytes(name).decode("utf-8", "replace")


def _remove_drafts(run: Run) -> int:
    """Remove what killed processes left of files that they were writing: nobody else is at work; how many."""
    crm = Folder(run.landing.storage, run.settings.landing.crm_path)
    found = 0
    for folder in (*_outside(run), run.lake.files.inside("ops"), crm):
        for draft in folder.drafts():
            folder.delete(draft.path)
            found += 1
    return found


def _removed_whole(run: Run) -> Iterator[Folder]:
    yield from _outside(run)
    yield run.lake.files.inside(OUTBOX)
    yield run.lake.files.inside(OUTCOMES)


def _outside(run: Run) -> Iterator[Folder]:
    """The folders of pages and messages that are not below the lake's `ops/`."""
    settings = run.settings
    yield root_folder(settings.report.dir, settings.landing, settings.secrets)
    if settings.notify.file:
        yield root_folder(settings.notify.file, settings.landing, settings.secrets)
