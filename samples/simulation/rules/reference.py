"""The reference's rule, kept as the wrong answer it is: its windows run over the rows of a company, not over days.

A day without a record has no row. A company is at risk when its newest seven rows hold at most three user-days and
its last contact lies more than 30 days back. It gets the benefit of the doubt: each company is read by its newest row.
"""

from __future__ import annotations

from simulation.rules.fleet import CompanyDays, Fleet
from simulation.rules.today import LOW_USE_USER_DAYS, NO_CONTACT_DAYS
from simulation.rules.verdict import Verdict, Verdicts

ROWS = 7


def reference(fleet: Fleet) -> Verdicts:
    """The verdict for each company and complete date from its first record on.

    >>> company = CompanyDays("a", [3, 0, 0], recorded=frozenset({0}), contacts=[-40] * 3)
    >>> [verdict.is_churn_risk for verdict in reference(Fleet(3, [company])).values()]
    [True, True, True]
    """
    verdicts: Verdicts = {}
    for company in fleet.companies:
        rows: list[int] = []
        for day in sorted(fleet.complete):
            if day in company.recorded:
                rows.append(company.users[day])
            if rows:
                verdicts[company.company_id, day] = verdict(company, sum(rows[-ROWS:]), day)
    return verdicts


def verdict(company: CompanyDays, users: int, day: int) -> Verdict:
    """What the rule says of seven rows that hold so many user-days."""
    contact = company.contact(day)
    is_contact_old = contact is not None and day - contact > NO_CONTACT_DAYS
    is_risk = users <= LOW_USE_USER_DAYS and is_contact_old
    reasons = ("LOW_USE_NO_CONTACT",) if is_risk else ()
    return Verdict(is_risk, reasons, order=(users,))
