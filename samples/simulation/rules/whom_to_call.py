"""The rule of `metric_version` 2: a company against its own usual weeks, at the pace of the others."""

from __future__ import annotations

from math import inf

from simulation.rules.baseline import Baseline, baseline, whole_weeks
from simulation.rules.fleet import CompanyDays, Fleet, Key
from simulation.rules.odds import is_unusual_silence
from simulation.rules.pace import FLEET_COMPANIES, fleet_paces
from simulation.rules.past import Past, is_judged, past_of
from simulation.rules.quiet import Days, QuietDays
from simulation.rules.verdict import Verdict, Verdicts

GONE_AFTER_DAYS = 28
MAX_QUIET_DAYS = 2


def whom_to_call(fleet: Fleet, fleet_companies: int = FLEET_COMPANIES) -> Verdicts:
    """The verdict for each company and complete date."""
    pasts = {one.company_id: past_of(one, fleet) for one in fleet.companies}
    quiet_days = QuietDays(fleet, pasts, fleet_companies)
    whole = whole_weeks(fleet)
    verdicts: Verdicts = {}
    for day in sorted(fleet.complete):
        rows = [*fleet.rows(day)]
        known = {one.company_id: baseline(one, pasts[one.company_id], whole, day) for one in rows}
        baselines = [(one.country(day), known[one.company_id]) for one in rows]
        paces = fleet_paces(baselines, fleet_companies) if day in whole else {}
        quiet = quiet_days.on(day)
        for one in rows:
            row = Row(one, pasts[one.company_id], fleet, day, known[one.company_id])
            verdicts[row.key] = row.verdict(paces.get(one.country(day)), quiet[one.country(day)])
    return verdicts


class Row:
    """One company on one complete date."""

    def __init__(self, company: CompanyDays, past: Past, fleet: Fleet, day: int, known: Baseline) -> None:
        """Keep what the conditions read."""
        self.company = company
        self.past = past
        self.fleet = fleet
        self.day = day
        self.known = known

    @property
    def key(self) -> Key:
        """What identifies the row."""
        return self.company.company_id, self.day

    def verdict(self, pace: int | None, quiet: Days) -> Verdict:
        """What the rule says."""
        missing = missing_user_days(self.known, pace)
        is_known = is_judged(self.company, self.fleet, self.day)
        reasons = self.reasons(pace, quiet) if is_known else ()
        return Verdict(
            is_churn_risk=bool(reasons) if is_known else None,
            reasons=reasons,
            order=(inf if missing is None else -missing,),
            usual_sum=self.known.total,
            usual_weeks=self.known.weeks,
            fleet_pace=pace,
            missing=missing,
        )

    def reasons(self, pace: int | None, quiet: Days) -> tuple[str, ...]:
        """The reasons that hold, in alphabetical order; none for a company that is gone or never came."""
        idle = self.past.idle_days(self.day)
        if idle is None or idle >= GONE_AFTER_DAYS:
            return ()
        held = {
            "DECLINING": is_declining(self.known, pace),
            "SILENT": self.is_silent(quiet),
            "UNUSUAL_SILENCE": self.is_unusually_silent(quiet),
        }
        return tuple(name for name, is_held in held.items() if is_held)

    def is_silent(self, quiet: Days) -> bool:
        """Whether a company without a baseline was silent in a week that was not quiet."""
        quiet_of_week = sum(at in quiet for at in range(self.day - 6, self.day + 1))
        return not self.known.is_known and self.known.this_week == 0 and quiet_of_week <= MAX_QUIET_DAYS

    def is_unusually_silent(self, quiet: Days) -> bool:
        """Whether a company with a baseline has never had such a gap."""
        return self.known.is_known and is_unusual_silence(self.company, self.past, self.fleet, self.day, quiet)


def missing_user_days(known: Baseline, pace: int | None) -> int | None:
    """What the week lacks against the usual one at the fleet's pace, rounded half up.

    >>> missing_user_days(Baseline(3, 6, 63), 1000), missing_user_days(Baseline(3, 3, 63), 1000)
    (8, None)
    """
    if pace is None or not known.is_known:
        return None
    scale = 1000 * known.weeks
    lacking = known.total * pace - scale * known.this_week
    return max(0, (2 * lacking + scale) // (2 * scale))


def is_declining(known: Baseline, pace: int | None) -> bool:
    """Whether the week holds less than half of what was to be expected, and that is no chance.

    >>> is_declining(Baseline(6, 6, 120), 1000), is_declining(Baseline(7, 6, 120), 1000)
    (True, False)
    """
    if pace is None or not known.is_known:
        return False
    scale = 1000 * known.weeks
    week = known.this_week * scale
    expected = pace * known.total
    return 100 * week < 50 * expected and (expected - week) ** 2 >= 9 * expected * scale
