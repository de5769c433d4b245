"""Whether a CRM file is whole enough to be let in: a file cut short must not make half the companies stale.

Plain Python over counts; what the lake knows is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from company_activity.crm import CrmFile
from company_activity.gates import Verdict

# The companies staged for a date, from the paths that these files do not replace.
StagedIds = Callable[[date, frozenset[str]], set[str]]


@dataclass(frozen=True)
class Loss:
    """A file that names too few companies, against the accepted snapshot of the nearest earlier date."""

    file: CrmFile
    earlier: date
    before: int

    def __str__(self) -> str:
        return (
            f"{self.file.path} of {self.file.file_date} names {len(self.file.accepted)} companies, "
            f"the snapshot of {self.earlier} {self.before}"
        )

    @property
    def verdict(self) -> Verdict:
        """What the gate says of it."""
        named = f"{len(self.file.accepted):,} companies in a snapshot of {self.file.file_date}"
        return Verdict("CRM loss", self.file.path, False, named, f"about the {self.before:,} of {self.earlier}")


@dataclass(frozen=True)
class StagedSnapshots:
    """What is staged: the distinct companies per snapshot date, and the date of each path."""

    companies: Mapping[date, int]
    dates: Mapping[str, date]
    ids: StagedIds

    def companies_with(self, files: Iterable[CrmFile]) -> dict[date, int]:
        """The distinct companies per snapshot date once these files are staged over what is.

        Only a date that keeps another path's rows has to be looked at; the others are counted from the files.
        """
        files = list(files)
        replaced = frozenset(file.path for file in files)
        touched = {file.file_date for file in files} | {self.dates[path] for path in replaced & self.dates.keys()}
        counts = dict(self.companies)
        for day in touched:
            named = {record.company_id for file in files if file.file_date == day for record in file.accepted}
            stays = any(on == day and path not in replaced for path, on in self.dates.items())
            counts[day] = len(named | self.ids(day, replaced)) if stays else len(named)
        return {day: count for day, count in counts.items() if count}


def losses(files: Iterable[CrmFile], staged: StagedSnapshots, max_loss: float, accepted: frozenset[str]) -> list[Loss]:
    """The files that lose more than `max_loss` of the companies, judged in the order of their dates.

    `accepted` are paths that someone let in by name. A refused file is no snapshot to judge a later one by.
    """
    found: list[Loss] = []
    let_in: list[CrmFile] = []
    for file in sorted(files, key=lambda file: (file.file_date, file.path)):
        counts = staged.companies_with(let_in)
        earlier = max((day for day in counts if day < file.file_date), default=None)
        if earlier and file.path not in accepted and len(file.accepted) < (1 - max_loss) * counts[earlier]:
            found.append(Loss(file, earlier, counts[earlier]))
        else:
            let_in.append(file)
    return found
