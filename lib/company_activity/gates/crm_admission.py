"""Whether a CRM file is whole enough to be let in: a file cut short must not make half the companies stale.

Plain Python over counts; what the lake knows is handed in. Files are judged date by date, and no rows outlive the
judging of their file: of a date only its companies are held, of the dates before it only their number.
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

CRM_LOSS, CRM_BROKEN = "CRM_LOSS", "CRM_BROKEN"
GATES = {CRM_LOSS: "CRM loss", CRM_BROKEN: "CRM broken"}


@dataclass(frozen=True)
class JudgedFile:
    """What is kept of a file once it is judged: its bytes' digest and how much it holds, and no row.

    `companies` are those of its snapshot date once this file and the ones judged before it are staged.
    """

    path: str
    sha256: str
    day: date
    rows: int
    named: int
    broken: int
    broken_by_reason: Mapping[str, int]
    companies: int = 0

    @property
    def contents(self) -> str:
        """How many rows it has, and why how many of them are broken.

        >>> JudgedFile("a.csv", "", date(2025, 1, 2), 10, 3, 7, {"BAD_ROW": 6, "BAD_TIMESTAMP": 1}).contents
        '10 rows, 7 broken: BAD_ROW 6, BAD_TIMESTAMP 1'
        """
        rows = f"{self.rows:,} row{'' if self.rows == 1 else 's'}"
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self.broken_by_reason.items())
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
        return f"snapshot of {self.file.day}, {self.found} → would be refused, wanted {self.wanted}"

    @property
    def verdict(self) -> Verdict:
        """What the gate says of it."""
        return Verdict(GATES[self.reason], self.file.path, False, f"{self.found}, of {self.file.day}", self.wanted)


@dataclass(frozen=True)
class StagedSnapshots:
    """What is staged: the distinct companies per snapshot date, and its paths, of the dates that may change.

    Without `ids` nobody can look at staged rows, and a date that keeps some is not judged for its loss.
    """

    companies: Mapping[date, int]
    paths: Mapping[date, frozenset[str]]
    ids: StagedIds | None
    lost: frozenset[date] = frozenset()  # dates of which nothing tells by which paths they came

    def keeps_some(self, day: date, replaced: frozenset[str]) -> bool:
        """Whether the date has other paths than these."""
        return day in self.lost or bool(self.paths.get(day, frozenset()) - replaced)

    def kept_ids(self, day: date, replaced: frozenset[str]) -> set[str]:
        """The companies that a date keeps when these paths are replaced; rows are read only where it keeps any."""
        if self.ids is None or not self.keeps_some(day, replaced):
            return set()
        return self.ids(day, replaced)

    def knows(self, day: date, replaced: frozenset[str]) -> bool:
        """Whether all the companies of a date can be told."""
        return self.ids is not None or not self.keeps_some(day, replaced)


@dataclass
class Admission:
    """Judges the waiting files, a date at a time, in the order of the dates.

    `replaced` are the paths of all the waiting files: what is staged from them goes. `accepted` are paths that
    someone let in by name; `standing` those that were let in as they are, and are read again by newer rules: both
    gates have decided on them. `counts` are the companies of each snapshot date as far as it is judged; a refused file
    is no measure for a later one.
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
        """Let in the files of a date or refuse them: each for its broken rows, all together for their loss."""
        kept = self.staged.kept_ids(day, self.replaced)
        together = set(kept)
        decided = set(kept)
        whole: list[JudgedFile] = []
        for file in files:
            one = judged(file)
            companies = {record.company_id for record in file.accepted}
            del file  # its rows are gone before the next file is read
            if one.is_broken(self.max_broken) and not self._is_decided(one):
                self.refusals.append(self._broken(one))
                continue
            together |= companies
            decided |= companies if self._is_decided(one) else set()
            whole.append(replace(one, companies=len(together)))
        loses = self._loses(day, len(together)) and self.staged.knows(day, self.replaced)
        refused = [file for file in whole if loses and not self._is_decided(file)]
        self.refusals += [self._loss(file, len(together), len(whole)) for file in refused]
        accepted_files = [file for file in whole if file not in refused]
        self.admitted += accepted_files
        if accepted_files:
            self._count(day, len(decided if refused else together))

    def _is_decided(self, file: JudgedFile) -> bool:
        """Whether the file was let in before, by someone or as it is."""
        return file.path in self.accepted or file.path in self.standing

    def _loses(self, day: date, companies: int) -> bool:
        earlier = self._earlier(day)
        return earlier is not None and companies < (1 - exact(self.max_loss)) * self.counts[earlier]

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
        assert earlier
        found = f"names {file.named:,} companies ({file.contents})"
        if files > 1 or together != file.named:
            found += f", all files of the date {together:,}"
        return Refusal(file, CRM_LOSS, found, f"about the {self.counts[earlier]:,} of {earlier}")


def batches(files: Iterable[JudgedFile], most_rows: int, most_files: int) -> Iterable[list[JudgedFile]]:
    """The files in their order, as many at a time as hold so many rows; one that holds more is alone.

    >>> files = [JudgedFile(path, "", date(2025, 1, 2), rows, 0, 0, {}) for path, rows in zip("abcd", (5, 4, 2, 30))]
    >>> ["".join(file.path for file in batch) for batch in batches(files, most_rows=10, most_files=9)]
    ['ab', 'c', 'd']
    """
    batch: list[JudgedFile] = []
    rows = 0
    for file in files:
        if batch and (rows + file.rows > most_rows or len(batch) == most_files):
            yield batch
            batch, rows = [], 0
        batch.append(file)
        rows += file.rows
    if batch:
        yield batch
