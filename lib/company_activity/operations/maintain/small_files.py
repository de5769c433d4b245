"""Small files that have had their time: mirrors, run records, reports, exports, notes of messages, news, CRM notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from company_activity.io.lake import outcomes, run_records
from company_activity.io.lake.run_records import record_names
from company_activity.io.landing import crm_notes, tombstones, within_reach
from company_activity.io.landing.crm_known import KnownFiles
from company_activity.io.notify import outbox
from company_activity.io.storage.folder import DRAFT, Folder, root_folder
from company_activity.io.warehouse import mirror
from company_activity.operations.export import places, positions
from company_activity.operations.export.folder import MANIFEST
from company_activity.operations.maintain.heap import Heap, days_before, in_folder
from company_activity.operations.maintain.told_news import told_news
from company_activity.steps.notify import LOOKED_BACK

if TYPE_CHECKING:
    from company_activity.io.storage.folder import Folder
    from company_activity.io.storage.port import Entry
    from company_activity.run import Run

RUN = r"\d{8}T\d{6}Z-[0-9a-f]{8}"  # as runs are named
RECORD = re.compile(r"[^/]+\.json")
PAGE = re.compile(rf"{RUN}\.html")
SENT = re.compile(rf"[^/]+\{outbox.DONE}")


def small_files(run: Run) -> Iterator[Heap]:
    """What may go of the small files, a heap for each kind."""
    yield mirrors(run)
    yield from records_and_messages(run)
    yield told_news(run)
    yield reports(run)
    yield exports(run)
    yield export_positions(run)
    yield notes_of_crm_files(run)
    yield from drafts(run)


def mirrors(run: Run) -> Heap:
    """Copies of a ledger of which a newer one is there; each warehouse has its own."""
    folder = run.lake.files.inside(mirror.FOLDER)
    files = {entry.path: entry for entry in folder.entries() if entry.path.count("/") == 1}
    gone = []
    for warehouse in sorted({path.partition("/")[0] for path in files}):
        unread = [f"{warehouse}/{name}" for name in mirror.unread(folder.inside(warehouse))]
        gone += [files[path] for path in unread if path in files]
    return in_folder("mirrors", folder, gone)


def records_and_messages(run: Run) -> Iterator[Heap]:
    """Old records of runs, outcomes for schedulers, and notes that a message was sent.

    The newest records stay however old they are: `notify` looks so far back for a run to tell of. While it does, the
    note stays that it was told. It stays too beside a message that a killed run could not drop any more: that would be
    sent again.
    """
    keep = run.settings.maintain
    folder = run.lake.files.inside(run_records.FOLDER)
    told = {name.removesuffix(".json") for name in record_names(folder)[:LOOKED_BACK]}
    records = aged(run, folder, RECORD, keep.runs_days)
    yield in_folder("run_records", folder, [one for one in records if _run_of(one) not in told])
    folder = run.lake.files.inside(outcomes.FOLDER)
    yield in_folder("outcomes", folder, aged(run, folder, RECORD, keep.runs_days))
    folder = run.lake.files.inside(outbox.FOLDER)
    sent = aged(run, folder, SENT, keep.messages_days)
    kept = set(folder.names())
    sent = [one for one in sent if one.path.removesuffix(outbox.DONE) + outbox.MESSAGE not in kept]
    yield in_folder("sent_messages", folder, [one for one in sent if _run_of(one) not in told])


def reports(run: Run) -> Heap:
    """Old pages of runs; whatever else lies in the folder is somebody else's."""
    settings = run.settings
    folder = root_folder(settings.report.dir, settings.landing, settings.secrets)
    pages = aged(run, folder, PAGE, settings.maintain.reports_days)
    drafts_of_pages = [
        entry
        for entry in left_unfinished(run, folder)
        if (draft := DRAFT.fullmatch(entry.path)) and PAGE.fullmatch(draft["name"])
    ]
    return in_folder("reports", folder, [*pages, *drafts_of_pages])


def exports(run: Run) -> Heap:
    """Exports below the lake, finished or not, of which no file is young; the manifest goes first."""
    folder = run.lake.files.inside(places.FOLDER)
    before = days_before(run.now, run.settings.maintain.exports_days)
    found = []
    for _, files in groupby(folder.entries(), key=lambda entry: entry.path.split("/")[:2]):
        export = sorted(files, key=lambda entry: not entry.path.endswith(f"/{MANIFEST}"))
        if all(entry.modified_at < before for entry in export):
            found += export
    return in_folder("exports", folder, found)


def export_positions(run: Run) -> Heap:
    """Old notes of where an export ended; the newest of each warehouse stays, for numbers count on from it."""
    folder = run.lake.files.inside(positions.FOLDER)
    before = days_before(run.now, run.settings.maintain.runs_days)
    found = []
    for _, notes in groupby(folder.entries(), key=lambda entry: entry.path.split("/")[0]):
        *older, _newest = sorted(notes, key=lambda entry: entry.path)
        found += [entry for entry in older if entry.modified_at < before]
    return in_folder("export_positions", folder, found)


def notes_of_crm_files(run: Run) -> Heap:
    """Notes of CRM files that the staged state does not name. Where no state can be read, all stay."""
    folder = run.lake.files.inside(crm_notes.FOLDER)
    state = run.lake.crm
    unnamed = set(KnownFiles(run.lake.files, state).unnamed_notes()) if state.contents else set()
    limit = unfinished_before(run)  # a run writes a note before the commit that names it
    entries = [one for one in folder.entries() if one.modified_at < limit]
    return in_folder("crm_notes", folder, [one for one in entries if one.path in unnamed])


def drafts(run: Run) -> Iterator[Heap]:
    """What killed processes left of what they wrote: drafts under `ops/`, beside CRM files and tombstones; copies."""
    landing = run.landing
    folders = (
        run.lake.files.inside("ops"),
        Folder(landing.storage, run.settings.landing.crm_path),
        Folder(landing.storage, landing.at(f"{tombstones.FOLDER}/")),
    )
    for folder in folders:
        yield in_folder("drafts", folder, left_unfinished(run, folder))
    copies = run.lake.files.inside(within_reach.COPIES)
    limit = unfinished_before(run)
    left = [entry for entry in copies.entries() if entry.modified_at < limit]
    yield in_folder("copies", copies, left)


def left_unfinished(run: Run, folder: Folder) -> list[Entry]:
    """The drafts below a folder that nobody writes on any more."""
    limit = unfinished_before(run)
    return [entry for entry in folder.drafts() if entry.modified_at < limit]


def aged(run: Run, folder: Folder, names: re.Pattern[str], days: int) -> list[Entry]:
    """The files of these names that were written so many days ago."""
    before = days_before(run.now, days)
    return [
        entry
        for entry in folder.entries()
        if names.fullmatch(entry.path) and entry.modified_at < before
    ]


def unfinished_before(run: Run) -> datetime:
    """What was written before this, no run is still at work on."""
    return run.now - timedelta(hours=run.settings.landing.orphan_max_age_hours)


def _run_of(entry: Entry) -> str:
    """The run that a file is named after."""
    return entry.path.partition(".")[0]
