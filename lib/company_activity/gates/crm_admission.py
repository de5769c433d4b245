"""Whether a CRM file is whole enough to be let in.

A file that was cut short must not make half the companies stale. Plain Python over counts; what
the lake knows is an argument. Files are judged date by date. A file's rows are dropped once it is
judged: of its date only the companies are kept, of earlier dates only their number.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from company_activity.gates.arrived import exact
from company_activity.gates.verdict import Verdict
from company_activity.records.crm import CrmFile

# The companies staged for a date, from the paths that the waiting files do not replace.
StagedIds = Callable[[date, frozenset[str]], set[str]]

CRM_LOSS = "CRM_LOSS"
CRM_BROKEN = "CRM_BROKEN"
GATES = {CRM_LOSS: "CRM loss", CRM_BROKEN: "CRM broken"}


@dataclass(frozen=True)
class JudgedFile:
    """What is kept of a file once it is judged: its digest and its counts, no rows.

    `companies` counts those of its snapshot date, once this file and those judged before it are
    staged. `columns` are the optional columns that it has.
    """

    path: str
    sha256: str
    day: date
    rows: int
    named: int
    broken: int
    broken_by_reason: Mapping[str, int]
    companies: int = 0
    columns: tuple[str, ...] = ()

    @property
    def contents(self) -> str:
        """How many rows it has, and why how many of them are broken.

        >>> broken = {"BAD_ROW": 6, "BAD_TIMESTAMP": 1}
        >>> JudgedFile("a.csv", "", date(2025, 1, 2), 10, 3, 7, broken).contents
        '10 rows, 7 broken: BAD_ROW 6, BAD_TIMESTAMP 1'
        """
        rows = f"{self.rows:,} row{'' if self.rows == 1 else 's'}"
        counts = self.broken_by_reason.items()
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts)
        return f"{rows}, {self.broken:,} broken: {reasons}" if self.broken else rows

    def is_broken(self, most: float) -> bool:
        """Whether more than this share of its rows is broken."""
        return self.broken > exact(most) * self.rows


def judged(file: CrmFile) -> JudgedFile:
    """A file's figures."""
    return JudgedFile(
        file.path,
        file.sha256,
        file.file_date,
        file.rows_in,
        len(file.accepted),
        file.broken,
        file.broken_by_reason,
        columns=file.columns,
    )


@dataclass(frozen=True)
class Refusal:
    """A file that is not let in: `reason` is CRM_LOSS or CRM_BROKEN."""

    file: JudgedFile
    reason: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.file.path} of {self.file.day}: {self.found}, wanted {self.wanted}"

    @property
    def plan_text(self) -> str:
        """What a plan says of it."""
        what = f"snapshot of {self.file.day}, {self.found}"
        return f"{what} → would be refused, wanted {self.wanted}"

    @property
    def verdict(self) -> Verdict:
        """What the gate says of it."""
        found = f"{self.found}, of {self.file.day}"
        return Verdict(GATES[self.reason], self.file.path, False, found, self.wanted)


@dataclass(frozen=True)
class StagedSnapshots:
    """What is staged: companies per snapshot date, and the paths of the dates that may change.

    `lost` are dates whose paths are not known. Without `ids` staged rows cannot be read, and a date
    that keeps some is not judged for its loss.
    """

    companies: Mapping[date, int]
    paths: Mapping[date, frozenset[str]]
    ids: StagedIds | None
    lost: frozenset[date] = frozenset()

    def keeps_some(self, day: date, replaced: frozenset[str]) -> bool:
        """Whether the date has other paths than these."""
        return day in self.lost or bool(self.paths.get(day, frozenset()) - replaced)

    def kept_ids(self, day: date, replaced: frozenset[str]) -> set[str]:
        """The companies that a date keeps when these paths are replaced.

        Rows are read only where the date keeps any.
        """
        if self.ids is None or not self.keeps_some(day, replaced):
            return set()
        return self.ids(day, replaced)

    def knows(self, day: date, replaced: frozenset[str]) -> bool:
        """Whether all companies of a date are known."""
        return self.ids is not None or not self.keeps_some(day, replaced)


class WholeFiles:
    """The files of one date that are not refused for broken rows.

    `together` are the companies of all of them, `decided` of those alone that both gates have
    decided on; both begin with those that the date keeps. `undecided` are the other files.
    """

    def __init__(self, kept: set[str]) -> None:
        self.together = set(kept)
        self.decided = set(kept)
        self.files: list[JudgedFile] = []
        self.undecided: list[JudgedFile] = []

    def add(self, file: JudgedFile, companies: set[str], is_decided: bool) -> None:
        """Count the file's companies with those of the files before it."""
        self.together |= companies
        counted = replace(file, companies=len(self.together))
        self.files.append(counted)
        if is_decided:
            self.decided |= companies
        else:
            self.undecided.append(counted)


@dataclass
class Admission:
    """Judges the waiting files, a date at a time, in the order of the dates.

    `replaced` are the paths of all waiting files: what is staged from them is replaced.
    `accepted` are paths that someone let in by name; `standing` are those admitted earlier, which
    are read again by newer rules. Both gates have decided on these two. `counts` holds the
    companies of each snapshot date judged so far; a refused file is no measure for a later one.
    """

    staged: StagedSnapshots
    replaced: frozenset[str]
    accepted: frozenset[str]
    standing: frozenset[str]
    max_loss: float
    max_broken: float
    admitted: list[JudgedFile] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    counts: dict[date, int] = field(init=False)
    _days: list[date] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = dict(self.staged.companies)
        self._days = sorted(self.counts)

    def leave(self, days: Iterable[date]) -> None:
        """Count again the dates that lose a path and get none."""
        for day in days:
            self._count(day, len(self.staged.kept_ids(day, self.replaced)))

    def judge(self, day: date, files: Iterable[CrmFile]) -> None:
        """Admit or refuse a date's files: each for its broken rows, all together for their loss."""
        whole = WholeFiles(self.staged.kept_ids(day, self.replaced))
        for file in files:
            one = judged(file)
            companies = {record.company_id for record in file.accepted}
            del file  # its rows are gone before the next file is read
            is_decided = self._is_decided(one)
            if one.is_broken(self.max_broken) and not is_decided:
                self.refusals.append(self._broken(one))
            else:
                whole.add(one, companies, is_decided)
        self._judge_loss(day, whole)

    def _judge_loss(self, day: date, whole: WholeFiles) -> None:
        together = len(whole.together)
        loses = self._loses(day, together) and self.staged.knows(day, self.replaced)
        refused = whole.undecided if loses else []
        for file in refused:
            self.refusals.append(self._loss(file, together, len(whole.files)))
        accepted_files = [file for file in whole.files if file not in refused]
        self.admitted += accepted_files
        if accepted_files:
            self._count(day, len(whole.decided if refused else whole.together))

    def _is_decided(self, file: JudgedFile) -> bool:
        """Whether the file was admitted before, by someone or by the gates."""
        return file.path in self.accepted or file.path in self.standing

    def _loses(self, day: date, companies: int) -> bool:
        earlier = self._earlier(day)
        if earlier is None:
            return False
        fewest = (1 - exact(self.max_loss)) * self.counts[earlier]
        return companies < fewest

    def _earlier(self, day: date) -> date | None:
        """The nearest earlier snapshot date."""
        place = bisect_left(self._days, day)
        return self._days[place - 1] if place else None

    def _count(self, day: date, companies: int) -> None:
        if day not in self.counts and companies:
            insort(self._days, day)
        if day in self.counts and not companies:
            self._days.remove(day)
        if companies:
            self.counts[day] = companies
        else:
            self.counts.pop(day, None)

    def _broken(self, file: JudgedFile) -> Refusal:
        wanted = f"at most {self.max_broken:.0%} of the rows broken"
        return Refusal(file, CRM_BROKEN, file.contents, wanted)

    def _loss(self, file: JudgedFile, together: int, files: int) -> Refusal:
        earlier = self._earlier(file.day)
        assert earlier  # noqa: S101 — for mypy: a loss is measured against an earlier file
        found = f"names {file.named:,} companies ({file.contents})"
        if files > 1 or together != file.named:
            found += f", all files of the date {together:,}"
        return Refusal(file, CRM_LOSS, found, f"about the {self.counts[earlier]:,} of {earlier}")


def batches(
    files: Iterable[JudgedFile],
    most_rows: int,
    most_files: int,
) -> Iterable[list[JudgedFile]]:
    """The files in their order, in batches of at most so many rows and files.

    A file that holds more rows is a batch of its own.

    >>> sizes = {"a": 5, "b": 4, "c": 2, "d": 30}
    >>> files = [JudgedFile(p, "", date(2025, 1, 2), n, 0, 0, {}) for p, n in sizes.items()]
    >>> found = batches(files, most_rows=10, most_files=9)
    >>> ["".join(file.path for file in batch) for batch in found]
    ['ab', 'c', 'd']
    """
    batch: list[JudgedFile] = []
    rows = 0
    for file in files:
        if batch and (rows + file.rows > most_rows or len(batch) == most_files):
            yield batch
            batch = []
            rows = 0
        batch.append(file)
        rows += file.rows
    if batch:
        yield batch
