"""The rule of `metric_version` 1: silence, a sharp drop, or little use and no contact.

Its list begins with the most reasons, and among equals with the most use in 60 days.
"""

from __future__ import annotations

from simulation.rules.fleet import CompanyDays, Fleet
from simulation.rules.past import Past, is_judged, past_of
from simulation.rules.verdict import Verdict, Verdicts

LOW_USE_USER_DAYS = 3
NO_CONTACT_DAYS = 30
SHARP_DROP_PERCENT = 30
SHARP_DROP_MIN_BASE = 10


def today(fleet: Fleet) -> Verdicts:
    """The verdict for each company and complete date."""
    verdicts = {}
    for company in fleet.companies:
        past = past_of(company, fleet)
        for day in fleet.complete:
            if day >= company.first_seen:
                verdicts[company.company_id, day] = verdict(company, past, fleet, day)
    return verdicts


def verdict(company: CompanyDays, past: Past, fleet: Fleet, day: int) -> Verdict:
    """What the rule says of one row."""
    if not is_judged(company, fleet, day):
        return Verdict(None)
    reasons: tuple[str, ...] = ()
    if past.idle_days(day) is not None:
        reasons = reasons_of(company, past, fleet, day)
    return Verdict(bool(reasons), reasons, order=(-len(reasons), -past.remembered(day)))


def reasons_of(company: CompanyDays, past: Past, fleet: Fleet, day: int) -> tuple[str, ...]:
    """The reasons that hold, in alphabetical order."""
    held = {
        "LOW_USE_NO_CONTACT": past.week(day) <= LOW_USE_USER_DAYS and is_contact_due(company, day),
        "SHARP_DROP": is_sharp_drop(past, fleet, day),
        "SILENT": past.week(day) == 0,
    }
    return tuple(name for name, is_held in held.items() if is_held)


def is_contact_due(company: CompanyDays, day: int) -> bool:
    """Whether the CRM knows the company and of no contact for more than 30 days."""
    contact = company.contact(day)
    if day not in company.in_crm:
        return False
    if contact is None:
        return day not in company.backdated
    return day - contact > NO_CONTACT_DAYS


def is_sharp_drop(past: Past, fleet: Fleet, day: int) -> bool:
    """Whether the week fell below 30 % of the week before, which had at least ten user-days.

    >>> company = CompanyDays("a", [2] * 7 + [0] * 6 + [4])
    >>> fleet = Fleet(14, [company])
    >>> is_sharp_drop(past_of(company, fleet), fleet, 13)
    True
    """
    if not fleet.is_whole(day - 13, day):
        return False
    before = past.week(day - 7)
    return before >= SHARP_DROP_MIN_BASE and 100 * past.week(day) < SHARP_DROP_PERCENT * before
