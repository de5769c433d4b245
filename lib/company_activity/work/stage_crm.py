"""The admitted CRM files as staged rows and quarantined records: read again, judged, and committed in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from company_activity.errors import ImbalanceError
from company_activity.gates.crm_admission import batches
from company_activity.gates.verdict import Verdict, key_checks, refuse_defects
from company_activity.io.lake.conflicts import lake_moved
from company_activity.io.lake.quarantine import quarantine
from company_activity.io.landing.crm_files import content_as_judged
from company_activity.records.crm import CrmFile, read_crm_file
from company_activity.records.crm.records import OPTIONAL
from company_activity.records.fields import CRM_RULES_VERSION
from company_activity.report.model import StepReport
from company_activity.schemas import CRM_COMPANIES, QUARANTINE
from company_activity.transforms.crm import crm_quarantine_frame, crm_staging_frame, paths_predicate

if TYPE_CHECKING:
    from company_activity.io.landing.crm_known import KnownFiles
    from company_activity.planning.state import CrmState
    from company_activity.run import Admission, AdmittedFile, Run

# A commit takes so much at most: the driver holds its rows, and its predicate names its files.
MOST_ROWS = 200_000
MOST_FILES = 1_000
MOST_COLUMNS = 20  # of those beyond the contract, what a warning names


def stage_files(run: Run, admission: Admission) -> StepReport:
    """Stage every file that was let in, in bounded batches.

    Raises:
        LakeMoved: if another run has staged files since these were judged.
        GateRefused: if rows got lost or doubled on the way.
    """
    if run.lake.crm != admission.staged:
        raise lake_moved(CRM_COMPANIES)
    run.lake.look_at(QUARANTINE, CRM_COMPANIES)
    admitted = {one.file.path: one for one in admission.files}
    counts: Counter[str] = Counter()
    verdicts: list[Verdict] = []
    warnings: list[str] = []
    extra: set[str] = set()
    for batch in batches((one.file for one in admission.files), MOST_ROWS, MOST_FILES):
        staged = stage_batch(run, admission, [admitted[file.path] for file in batch])
        counts.update(staged.counts)
        verdicts += staged.verdicts
        warnings += staged.warnings
        extra |= staged.extra_columns
    warnings = [*further_columns(extra), *warnings]
    return StepReport("stage_crm", counts=dict(counts), warnings=warnings, verdicts=verdicts)


def further_columns(names: Collection[str]) -> list[str]:
    """A warning that names the columns beyond the contract, and says how many more there are.

    >>> further_columns(["b", "a"]), further_columns([f"c{n:03}" for n in range(99)])[0][-17:]
    (['CRM files carry columns that are not read: a, b'], 'c019, and 79 more')
    """
    if not names:
        return []
    named = ", ".join(sorted(names)[:MOST_COLUMNS])
    more = f", and {len(names) - MOST_COLUMNS:,} more" if len(names) > MOST_COLUMNS else ""
    return [f"CRM files carry columns that are not read: {named}{more}"]


@dataclass(frozen=True)
class StagedBatch:
    """What became of a batch."""

    counts: dict[str, int]
    verdicts: list[Verdict]
    warnings: list[str]
    extra_columns: set[str]


def stage_batch(run: Run, admission: Admission, admitted: Sequence[AdmittedFile]) -> StagedBatch:
    """Read, judge and commit the files of a batch; their rows are gone when it ends.

    Raises:
        GateRefused: if rows got lost or doubled on the way.
    """
    files = read_again(run, admitted)
    read = {file.path for file in files}
    counts = reconcile(files)
    verdicts = refuse_defects(verdict for file in files for verdict in keys_of(file))
    warnings: list[str] = []
    if files:
        warnings += commit(
            run, admission, files, [one for one in admitted if one.file.path in read]
        )
    changed = [one.file.path for one in admitted if one.file.path not in read]
    warnings += [f"{path} changed while the run was on: the next run reads it" for path in changed]
    warnings += [warning for file in files for warning in file.warnings]
    if blank := sum(file.blank for file in files):
        counts["blank"] = blank
    return StagedBatch(
        counts, verdicts, warnings, {name for file in files for name in file.extra_columns}
    )


def read_again(run: Run, admitted: Iterable[AdmittedFile]) -> list[CrmFile]:
    """The files of a batch taken apart, those whose bytes are still the ones that were judged."""
    files = []
    for one in admitted:
        content = content_as_judged(run.landing.storage, one.file.path, one.file.sha256)
        if content is not None:
            files.append(read_crm_file(one.file.path, content, run.now.date(), run.tombstones))
    return files


def commit(
    run: Run, admission: Admission, files: Sequence[CrmFile], admitted: Sequence[AdmittedFile]
) -> list[str]:
    """Commit a batch: first what is quarantined, then the notes that the state names, then rows and state.

    What is handed back warns of columns that the files have no more.
    """
    paths = [file.path for file in files]
    quarantined = crm_quarantine_frame(run.spark, files, CRM_RULES_VERSION, run.run_id)
    of_files = f"feed = 'crm' AND {paths_predicate('path', paths)}"
    held = {file.path: file.file_date for file in files if file.quarantined}
    quarantine(run.lake, quarantined, of_files, paths, held)
    touched, state = state_with(run, admission, admitted)
    staged = crm_staging_frame(run.spark, files, run.now)
    run.lake.replace(
        CRM_COMPANIES, staged, paths_predicate("src_file_name", paths), state.as_json()
    )
    admission.known.sweep(touched)
    return [warning for day in sorted(touched) for warning in stopped_columns(admission.known, day)]


def stopped_columns(known: KnownFiles, day: str) -> list[str]:
    """A warning for files of a date that lack optional columns which the snapshot before had; one for those alike."""
    columns = {path: frozenset(file.columns) for path, file in known.of(day).items()}
    had = known.columns_before(day)
    gone: dict[tuple[str, ...], list[str]] = {}
    for name in OPTIONAL:
        lacking = files_without(name, columns, had)
        if lacking:
            gone.setdefault(lacking, []).append(name)
    return [
        f"{', '.join(paths)}: no column {', '.join(names)} any more; "
        f"from {day} on {'it is' if len(names) == 1 else 'they are'} NULL"
        for paths, names in gone.items()
    ]


def files_without(
    name: str, columns: Mapping[str, frozenset[str]], had: Sequence[frozenset[str]]
) -> tuple[str, ...]:
    """The files that have stopped sending a column: all if one had it before; some if all of as many files had it.

    >>> both, one = frozenset({"owner", "seats"}), frozenset({"seats"})
    >>> files_without("owner", {"eu.csv": both, "us.csv": one}, [both, both])
    ('us.csv',)
    >>> [files_without("owner", {"eu.csv": both, "us.csv": one}, had) for had in ([both, one], [both])]
    [(), ()]
    """
    lacking = tuple(sorted(path for path, names in columns.items() if name not in names))
    had_it = [name in names for names in had]
    if len(lacking) == len(columns):
        return lacking if any(had_it) else ()
    return lacking if len(had) == len(columns) and all(had_it) else ()


def keys_of(file: CrmFile) -> list[Verdict]:
    """Each company once among the rows of a file that are staged, and none without an id."""
    companies = [row.company_id for row in file.accepted]
    return key_checks(file.path, len(companies), len(set(companies)), companies.count(""))


def state_with(
    run: Run, admission: Admission, admitted: Iterable[AdmittedFile]
) -> tuple[set[str], CrmState]:
    """The dates that these files touch, and what the table is built from once they are in it.

    The notes that the state names are written.
    """
    known = admission.known
    companies = dict(run.lake.crm.companies)
    touched: set[str] = set()
    for one in admitted:
        day = str(one.file.day)
        before = known.day_of(one.file.path)
        known.replace_file(one.file.path, day, one.file.sha256, one.seen, one.file.columns)
        if before and before != day:
            touched.add(before)
            companies[before] = admission.companies_after.get(date.fromisoformat(before), 0)
        touched.add(day)
        companies[day] = one.file.companies
    known.write_notes()
    held = {
        day: count for day, count in sorted(companies.items()) if count and day in known.contents
    }
    return touched, known.state(held)


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
