"""Gates on what has arrived, judged before anything is written.

Is a date as large as its weekday usually is, how much of it is broken, how old is the CRM? Plain
Python over a few figures per date. A share is compared exactly: 0.1 in the settings is a tenth, and
a date that lost exactly a tenth is at the threshold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from statistics import median

from company_activity.gates.verdict import Verdict
from company_activity.settings.model import GateSettings

VOLUME = "volume"
QUARANTINE = "quarantine"
REWRITE = "rewrite"
ACCEPTABLE = (VOLUME, QUARANTINE, REWRITE)  # what `--accept-gate` can name
WEEKS = (1, 2, 3, 4)
FEWEST_WEEKS = 3


@dataclass(frozen=True)
class ArrivedDate:
    """A date's newest generation, in records; `events` and `active_users` are those of the accepted ones."""

    day: date
    generation: int
    landed: int
    accepted: int
    quarantined: int
    events: int
    active_users: int = 0


@dataclass(frozen=True)
class UsualVolume:
    """The medians of the same weekday in the four weeks before, over its complete dates."""

    records: Fraction
    events: Fraction


def same_weekdays(day: date) -> list[date]:
    """The dates that a date is compared with.

    >>> [str(before) for before in same_weekdays(date(2025, 3, 31))]
    ['2025-03-24', '2025-03-17', '2025-03-10', '2025-03-03']
    """
    return [day - timedelta(weeks=weeks) for weeks in WEEKS]


def usual_volume(day: date, known: Mapping[date, tuple[int, int]]) -> UsualVolume | None:
    """What is usual for a date, from (records, events) of the complete dates.

    None where fewer than 3 are known.

    >>> known = {date(2025, 3, 24): (9, 90), date(2025, 3, 17): (5, 50), date(2025, 3, 3): (7, 70)}
    >>> usual_volume(date(2025, 3, 31), known) == UsualVolume(Fraction(7), Fraction(70))
    True
    """
    found = [known[before] for before in same_weekdays(day) if before in known]
    if len(found) < FEWEST_WEEKS:
        return None
    return UsualVolume(
        records=median(Fraction(records) for records, _ in found),
        events=median(Fraction(events) for _, events in found),
    )


def judge_volume(arrived: ArrivedDate, normal: UsualVolume | None, gates: GateSettings) -> Verdict:
    """A date with far fewer records or events than usual.

    It is an error only where many records are usual, else a warning.

    >>> gates = GateSettings()
    >>> small = UsualVolume(Fraction(100), Fraction(1000))
    >>> large = UsualVolume(Fraction(2000), Fraction(9000))
    >>> half = ArrivedDate(date(2025, 3, 31), 1, 900, 900, 0, 9000)
    >>> found = [judge_volume(half, normal, gates) for normal in (None, small, large)]
    >>> [(verdict.passed, verdict.severity) for verdict in found]
    [(True, 'error'), (True, 'error'), (False, 'error')]
    """
    scope = str(arrived.day)
    if normal is None:
        compared = f"{FEWEST_WEEKS} earlier {arrived.day:%A}s to compare with"
        return Verdict(VOLUME, scope, True, "WARMUP", compared)
    records_drop = _drop(arrived.accepted, normal.records)
    events_drop = _drop(arrived.events, normal.events)
    drop = max(records_drop, events_drop)
    passed = drop < exact(gates.volume_warn_drop)
    is_large = normal.records >= gates.volume_min_records
    is_error = is_large and drop >= exact(gates.volume_error_drop)
    found = f"{arrived.accepted:,} records with {arrived.events:,} events"
    usually = f"{round(normal.records):,} records with {round(normal.events):,} events"
    wanted = f"about {usually}, as on other {arrived.day:%A}s"
    severity = "error" if is_error or passed else "warn"
    return Verdict(VOLUME, scope, passed, found, wanted, severity)


def judge_quarantine(arrived: ArrivedDate, gates: GateSettings) -> Verdict:
    """A date of which much is broken; an error only from `gates.quarantine_min_records` on.

    >>> gates = GateSettings()
    >>> sizes = (150, 100, 50)
    >>> dates = [ArrivedDate(date(2025, 3, 31), 1, size, size - 30, 30, 0) for size in sizes]
    >>> found = [judge_quarantine(arrived, gates) for arrived in dates]
    >>> [(verdict.passed, verdict.severity) for verdict in found]
    [(True, 'error'), (False, 'error'), (False, 'warn')]
    """
    passed = arrived.quarantined <= exact(gates.quarantine_max_share) * arrived.landed
    is_error = passed or arrived.landed >= gates.quarantine_min_records
    found = f"{arrived.quarantined:,} of {arrived.landed:,} records quarantined"
    wanted = f"at most {gates.quarantine_max_share:.0%}"
    severity = "error" if is_error else "warn"
    return Verdict(QUARANTINE, str(arrived.day), passed, found, wanted, severity)


def judge_freshness(day: date, snapshots: Sequence[date], gates: GateSettings) -> Verdict:
    """A date that is served by an old CRM snapshot, or by none; it only warns.

    >>> snapshots = [date(2025, 3, 1), date(2025, 4, 1)]
    >>> judge_freshness(date(2025, 3, 31), snapshots, GateSettings()).found
    'the newest snapshot is of 2025-03-01, 30 days before'
    """
    newest = max((snapshot for snapshot in snapshots if snapshot <= day), default=None)
    if newest is None:
        found = "no snapshot up to then"
        passed = False
    else:
        age = (day - newest).days
        found = f"the newest snapshot is of {newest}, {age} days before"
        passed = age <= gates.crm_max_age_days
    wanted = f"at most {gates.crm_max_age_days} days"
    return Verdict("CRM freshness", str(day), passed, found, wanted, "warn")


def judge_unknown(day: date, unknown: int, rows: int, gates: GateSettings) -> Verdict:
    """A date with many companies that the CRM does not know; it only warns."""
    passed = unknown <= exact(gates.unknown_max_share) * rows
    found = f"{unknown:,} of {rows:,} companies are not in the CRM"
    wanted = f"at most {gates.unknown_max_share:.0%}"
    return Verdict("unknown companies", str(day), passed, found, wanted, "warn")


def refused_before(gate: str, day: date, verdict: Verdict) -> Verdict:
    """The verdict on a generation that an earlier run refused: it stays refused."""
    if verdict.is_refusal:
        return verdict
    found = f"{verdict.found}; refused by an earlier run"
    return Verdict(gate, str(day), False, found, verdict.wanted)


def accepted_verdict(verdict: Verdict) -> Verdict:
    """The verdict on a generation that someone accepted: a warning instead of an error."""
    if verdict.passed:
        return verdict
    return replace(verdict, severity="warn", found=f"{verdict.found}; accepted")


def exact(share: float) -> Fraction:
    """A share exactly as it is written in the settings; the double differs from it a little.

    >>> exact(0.29) * 100 == 29, 0.29 * 100 == 29
    (True, False)
    """
    return Fraction(str(share))


def _drop(found: int, normal: Fraction) -> Fraction:
    return 1 - Fraction(found) / normal if normal else Fraction(0)
