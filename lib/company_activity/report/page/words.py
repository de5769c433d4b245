"""How the page says things: steps, dates, churn reasons, lifecycle states."""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from company_activity.report.risks import pace_text, share_text

if TYPE_CHECKING:
    from company_activity.report.risks import ListedCompany

# Where each step takes the data from, and where to.
PATH = {
    "admit_crm": ("CRM files", "admitted"),
    "ingest_usage": ("Usage API", "landing"),
    "stage_crm": ("CRM files", "staging"),
    "stage_usage": ("Landing", "staging"),
    "build_companies": ("Staging", "company dimension"),
    "build_activity": ("Staging", "activity table"),
    "build_episodes": ("Activity table", "risk episodes"),
    "build_rollups": ("Activity table", "roll-ups"),
    "register_tables": ("Lake", "catalog"),
    "publish": ("Lake", "SQL warehouse"),
    "validate": ("SQL warehouse", "lake, compared"),
}
# Lifecycle states from the bottom of the chart up, their colour, and what they mean.
STATES = {
    "returning": ("#a9c6e4", "active in the last 7 days and in the 7 before"),
    "new": ("#4f9a6a", "first active in the last 7 days"),
    "resurrected": ("#7d58a8", "active again after a silent week"),
    "dormant": ("#d98a2b", "silent for 7 days, active in the 7 before"),
    "inactive": ("#c6ced7", "silent for 14 days or more"),
    "unknown": ("#eef1f4", "unknown: a date is missing"),
}
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # embeddings, overrides and isolates of direction
# The letter case of a reason in the data is for queries; these are for people.
REASONS = {
    "DECLINING": (
        "Declining",
        "this week's use is far below the company's own usual week, even at the pace of the others",
    ),
    "SILENT": (
        "Silent",
        "no active user in the last 7 days, of a company too new to have a usual week",
    ),
    "UNUSUAL_SILENCE": (
        "Unusual silence",
        "nobody has been active for longer than the company's own last six weeks let expect",
    ),
}


def printable(value: Any) -> Any:
    """Text without the characters that a page cannot hold or that reverse its direction.

    >>> printable("Acme\\x00\\nCorp")
    'Acme· Corp'
    """
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "".join(_printable_character(character) for character in value)


def _printable_character(character: str) -> str:
    if character in "\n\r\t":
        return " "
    is_control = unicodedata.category(character) in ("Cc", "Cs")
    return "·" if is_control or character in TURNING else character


def cut(text: str, characters: int) -> str:
    """The beginning of a text that may be of any length.

    >>> cut("hello world", 5)
    'hello…'
    """
    return text if len(text) <= characters else f"{text[:characters]}…"


def day(at: date) -> str:
    """
    >>> day(date(2025, 11, 3))
    '3 Nov'
    """
    return f"{at.day} {at:%b}"


def day_and_year(at: date) -> str:
    """
    >>> day_and_year(date(2025, 11, 3))
    '3 November 2025'
    """
    return f"{at.day} {at:%B %Y}"


def label(name: str) -> str:
    """A step's or a count's name for people.

    >>> label("stage_crm"), label("dates_built")
    ('stage CRM', 'dates built')
    """
    return " ".join({"crm": "CRM", "api": "API"}.get(word, word) for word in name.split("_"))


def heading(name: str) -> str:
    """A step's name at the beginning of a line.

    >>> heading("stage_crm")
    'Stage CRM'
    """
    return label(name)[:1].upper() + label(name)[1:]


def reason_with_figures(reason: str, risk: ListedCompany, on: date) -> str:
    """Why this company is at risk, with its own figures."""
    if reason == "DECLINING":
        return week_with_figures(risk)
    if reason in ("SILENT", "UNUSUAL_SILENCE") and risk.last_active:
        return f"no active user for {counted((on - risk.last_active).days, 'day')}"
    return definition(reason)


def week_with_figures(risk: ListedCompany) -> str:
    """A company's week against its usual one and the pace of the others.

    >>> from company_activity.report.risks import ListedCompany
    >>> week_with_figures(ListedCompany("a", "A", user_days_7d=31, usual_user_days_7d=80.2, fleet_pace=970))
    '31 user-days this week; 80 are usual, and others are at 97 %'
    """
    week = f"{counted(risk.user_days_7d, 'user-day')} this week"
    if risk.usual_user_days_7d is None:
        return f"{week}; no usual week is known yet"
    usual = usual_text(risk.usual_user_days_7d)
    pace = "" if risk.fleet_pace is None else f", and others are at {pace_text(risk.fleet_pace)}"
    return f"{week}; {usual} {'is' if usual == '1' else 'are'} usual{pace}"


def usual_text(user_days: float) -> str:
    """The user-days of a usual week: whole ones, with a decimal where there are few.

    >>> usual_text(1234.5), usual_text(3.5), usual_text(4.0)
    ('1,235', '3.5', '4')
    """
    if user_days < 10:
        return f"{user_days:.1f}".removesuffix(".0")
    return f"{int(user_days + 0.5):,}"


def missing_text(risk: ListedCompany) -> str:
    """How many user-days this week lacks, which is what the lists are ordered by.

    >>> from company_activity.report.risks import ListedCompany
    >>> missing_text(ListedCompany("a", "A", missing_user_days_7d=1)), missing_text(ListedCompany("a", "A"))
    ('1 user-day missing', 'user-days missing: not known')
    """
    if risk.missing_user_days_7d is None:
        return "user-days missing: not known"
    return f"{counted(risk.missing_user_days_7d, 'user-day')} missing"


def renewal_text(risk: ListedCompany, on: date) -> str:
    """When the contract renews and what it is worth, as far as the CRM says; a renewal that is near in days.

    >>> from company_activity.report.risks import ListedCompany
    >>> soon = ListedCompany("a", "A", renewal_on=date(2025, 3, 12), contract_value=Decimal("24000.00"))
    >>> renewal_text(soon, date(2025, 2, 28)), renewal_text(soon, date(2025, 3, 12))
    ('renews in 12 days, contract value 24,000', 'renews on that day, contract value 24,000')
    >>> renewal_text(soon, date(2024, 3, 12)), renewal_text(ListedCompany("a", "A"), date(2025, 3, 1))
    ('renewal on 2025-03-12, contract value 24,000', '')
    """
    value = ""
    if risk.contract_value is not None:
        value = f"contract value {amount_text(risk.contract_value)}"
    return ", ".join(part for part in (_renewal(risk, on), value) if part)


def _renewal(risk: ListedCompany, on: date) -> str:
    if risk.renewal_on is None:
        return ""
    if risk.renewal_on == on:
        return "renews on that day"
    if risk.renews_soon(on):
        return f"renews in {counted((risk.renewal_on - on).days, 'day')}"
    return f"renewal {'was ' if risk.renewal_on < on else ''}on {risk.renewal_on}"


def amount_text(amount: Decimal) -> str:
    """An amount without a currency, for the CRM file names none.

    >>> amount_text(Decimal("24000.00")), amount_text(Decimal("1234.5"))
    ('24,000', '1,234.50')
    """
    return f"{amount:,.2f}".removesuffix(".00")


def seats_text(risk: ListedCompany) -> str:
    """How many seats a company has and what share of them is used.

    >>> from company_activity.report.risks import ListedCompany
    >>> seats_text(ListedCompany("a", "A", seats=1))
    '1 seat'
    >>> seats_text(ListedCompany("a", "A", seats=200, seats_used=(0.12, 0.3)))
    '200 seats, 12 % to 30 % of them used in 28 days'
    """
    if risk.seats is None:
        return ""
    seats = counted(risk.seats, "seat")
    if risk.seats_used is None:
        return seats
    least, most = (share_text(int(1000 * share + 0.5), 1000) for share in risk.seats_used)
    share = least if least == most else f"{least} to {most}"
    return f"{seats}, {share} of them used in 28 days"


def on_one_line(text: str) -> str:
    """The text as a name is compared and shown: printable, its blanks one by one.

    >>> on_one_line(" Ana \\n Lima ")
    'Ana Lima'
    """
    return " ".join(printable(text).split())


def counted(count: int, unit: str, units: str = "") -> str:
    """A number with its unit.

    >>> counted(1, "day"), counted(1200, "company", "companies")
    ('1 day', '1,200 companies')
    """
    return f"{count:,} {unit if count == 1 else units or unit + 's'}"


def reason_name(reason: str) -> str:
    """
    >>> reason_name("UNUSUAL_SILENCE")
    'Unusual silence'
    """
    return REASONS.get(reason, (label(reason.lower()).capitalize(), ""))[0]


def definition(reason: str) -> str:
    """What a reason means, for whoever does not know it yet."""
    return REASONS.get(reason, ("", reason))[1]


def contact_text(last: date | None, on: date) -> str:
    """
    >>> contact_text(date(2025, 11, 1), date(2025, 11, 3)), contact_text(None, date(2025, 11, 3))
    ('last contact 2 days ago', 'no contact on record')
    >>> contact_text(date(2025, 11, 3), date(2025, 11, 3)), contact_text(date(2025, 11, 4), date(2025, 11, 3))
    ('last contact on that day', 'last contact on 2025-11-04')
    """
    if last is None:
        return "no contact on record"
    if last == on:
        return "last contact on that day"
    if last > on:
        return f"last contact on {last}"
    return f"last contact {counted((on - last).days, 'day')} ago"
