"""A company erased: out of the landing first, then, by the steps of a run, out of every table and the warehouse.

`Erasure.erase` is what such a run does before its steps, `Erasure.scrub` what it does after them. Twice is once; a
killed erasure is gone on with by the next one of the same company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from company_activity.errors import SourceError
from company_activity.io.lake.erasures import is_ended, note_begin, note_end
from company_activity.io.landing.crm_files import listed
from company_activity.io.landing.erase_crm import erase_crm, names_in_files
from company_activity.io.landing.erase_usage import ErasedDate, erase_usage
from company_activity.io.landing.retention import dates_listed
from company_activity.io.landing.tombstones import erase_key, lay
from company_activity.operations.erase.news import forget_in_news
from company_activity.operations.erase.small_files import forget_in_small_files
from company_activity.operations.erase.spelling import Spelling
from company_activity.operations.export.holding import remove_holding
from company_activity.records.fields import trim
from company_activity.records.tombstone import tombstone_of
from company_activity.report.model import StepReport

if TYPE_CHECKING:
    from company_activity.run import Run


@dataclass
class Erasure:
    """One company's erasure within one run; `company_id` as it was given."""

    company_id: str
    has_found: bool = field(default=False, init=False)

    def tombstone(self, run: Run) -> str:
        """What stands for the company from now on.

        Raises:
            SettingsError: without `erase.key`.
        """
        return tombstone_of(erase_key(run.settings), self.company_id)

    def erase(self, run: Run) -> StepReport:
        """Lay the tombstone; take the company out of pages, messages, records, exports, CRM files and landed usage.

        Raises:
            SettingsError: without `erase.key`, or with another one than earlier companies were erased with.
            LandingMissing, LandingCorrupt: if a manifest or a part is gone or broken.
        """
        known = run.tombstones.laid
        tombstone = self.tombstone(run)
        was_ended = tombstone in known and is_ended(run.lake.files, tombstone)
        names = set() if was_ended else self._names(run)
        lay(run.landing, tombstone, run.run_id, run.now)
        run.forget_tombstones()
        note_begin(run.lake.files, tombstone)
        files = run.landing.storage, run.settings.landing.crm_path, run.tombstones
        # While CRM files and tables know its names: whoever is killed behind this has told of them already.
        spelling = Spelling.of(trim(self.company_id), names | names_in_files(*files))
        small = forget_in_small_files(run, spelling, tombstone)
        small += forget_in_news(run, trim(self.company_id), spelling)
        exports = remove_holding(run.lake.files, trim(self.company_id))
        crm = erase_crm(*files)
        dates = self._erase_dates(run)
        counts = {
            "dates": len(dates),
            "lines": sum(one.lines for one in dates),
            "generations": sum(len(one.gone) for one in dates),
            "crm files": len(crm.rewritten),
            "small files": small,
            "exports": len(exports),
        }
        self.has_found = not was_ended or any(counts.values()) or bool(crm.unreadable)
        if not self.has_found:
            self._end(run)
            return StepReport("erase", "nothing", notes=[f"{tombstone} is erased"])
        counts["rows besides"] = self._take_out_rows(run, {one.day for one in dates})
        notes = [f"export {name} is removed" for name in exports]
        return StepReport(
            "erase", counts=counts, notes=notes, error=unreadable_error(crm.unreadable)
        )

    def _names(self, run: Run) -> set[str]:
        """The names that the tables have of the company."""
        from company_activity.operations.erase.tables import names_in_tables

        return names_in_tables(run, trim(self.company_id))

    def _take_out_rows(self, run: Run, landed: set[date]) -> int:
        """Take it out of what the landing no longer holds; how many dates, files and refused records."""
        from company_activity.operations.erase.rows import (
            take_out_crm,
            take_out_quarantine,
            take_out_usage,
        )

        company_id = trim(self.company_id)
        paths = [one.path for one in listed(run.landing.storage, run.settings.landing.crm_path)]
        days = take_out_usage(run, company_id, landed)
        files = take_out_crm(run, company_id, paths)
        return len(days) + len(files) + take_out_quarantine(run, company_id)

    def _erase_dates(self, run: Run) -> list[ErasedDate]:
        staged = run.lake.staging.marks
        found = []
        for day in dates_listed(run.landing):
            generation = staged[day].generation if day in staged else 0
            done = erase_usage(run.landing, day, run.tombstones, run.run_id, generation)
            if done:
                run.progress.say(f"{day}: {done.lines} lines taken out")
                found.append(done)
        return found

    def scrub(self, run: Run) -> StepReport:
        """See that no table has the company; remove old files of tables, and what the database keeps of it.

        Raises:
            CompanyActivityError: if a table still has rows of it.
        """
        if not self.has_found:
            return StepReport("scrub", "nothing", notes=["nothing is left of it"])
        from company_activity.io.landing.within_reach import sweep_copies
        from company_activity.operations.erase.tables import scrub_tables, scrub_warehouse

        counts = {"old files": scrub_tables(run, trim(self.company_id))}
        scrub_warehouse(run, trim(self.company_id))
        sweep_copies(run.lake.files)
        notes = [f"export {name} is removed" for name in self._end(run)]
        return StepReport("scrub", counts=counts, notes=notes)

    def _end(self, run: Run) -> list[str]:
        """Remove exports that were finished, or killed, since the first look; then say that nothing is left of it."""
        exports = remove_holding(run.lake.files, trim(self.company_id))
        note_end(run.lake.files, self.tombstone(run), run.run_id)
        return exports


def unreadable_error(paths: Sequence[str]) -> SourceError | None:
    """The error of CRM files that name the company and cannot be taken apart: with it the erasure does not end."""
    if not paths:
        return None
    return SourceError(
        f"{', '.join(paths)} name the company and cannot be taken apart",
        remedy="delete its rows there, or the files; then erase again",
    )
