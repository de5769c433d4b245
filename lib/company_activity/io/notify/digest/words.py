"""How a digest says things, whatever the channel: all of it is neutral text."""

from __future__ import annotations

from datetime import date

from company_activity.io.notify.digest.digest import Digest, Item
from company_activity.io.notify.digest.neutral import isolated, neutral
from company_activity.io.notify.digest.recipients import DEFAULT, EVERYONE, as_compared
from company_activity.io.notify.message import PIPELINE

NAME = 120  # characters of a company's or an owner's name
ID = 80
COUNTRY = 20
REASON = 300
REASONS = 5
STATUS = 600
PLACE = 500
ENVIRONMENT = 40
SINCE = {
    "entered": "at risk since",
    "worsened": "at risk since",
    "withdrawn": "was told to be at risk from",
}
ENDED = {"recovered": "recovered on", "left": "left on", "withdrawn": "until"}


def headline(digest: Digest) -> str:
    """The first line, and a mail's subject: how much is new.

    >>> headline(Digest("Ana", date(2025, 11, 23), "synapse", sections={"entered": (Item("a", "A"),) * 3}))
    'company-activity (synapse): 3 entered, 2025-11-23'
    """
    news = counts(digest) or "nothing new"
    return f"{PIPELINE} ({neutral(digest.environment, ENVIRONMENT)}): {news}, {digest.day}"


def counts(digest: Digest) -> str:
    """How much is new of each kind.

    >>> a = Item("a", "A")
    >>> counts(Digest("", date(2025, 11, 23), "local", sections={"entered": (a, a), "left": (a,), "withdrawn": (a,)}))
    '2 entered, 1 left and 1 withdrawn'
    """
    news = [f"{count:,} {kind}" for kind, count in digest.counts.items() if count]
    if len(news) < 2:
        return "".join(news)
    return f"{', '.join(news[:-1])} and {news[-1]}"


def whose(digest: Digest) -> str:
    """Which companies the digest is about.

    >>> whose(Digest("Ana Ruiz", date(2025, 11, 23), "local"))
    'Companies of Ana Ruiz'
    """
    if digest.recipient == EVERYONE:
        return "All companies"
    if digest.recipient == DEFAULT:
        return "Companies of other owners, or of none"
    return f"Companies of {isolated(neutral(digest.recipient, NAME))}"


def status(digest: Digest) -> str:
    """How far the lists can be trusted."""
    return neutral(digest.status_line, STATUS)


def place(digest: Digest) -> str:
    """Where the report is, for people."""
    return digest.link or neutral(digest.report, PLACE)


def quiet_line(digest: Digest) -> str:
    """All that a digest without news says.

    >>> quiet_line(Digest("Ana", date(2025, 11, 23), "local", "Every company is judged.", "https://r.example/1"))
    'Nothing new on 2025-11-23. Companies of Ana. Every company is judged. Report: https://r.example/1'
    """
    sentences = [f"Nothing new on {digest.day}.", f"{whose(digest)}.", status(digest)]
    if place(digest):
        sentences.append(f"Report: {place(digest)}")
    return " ".join(sentence for sentence in sentences if sentence)


def name_of(item: Item) -> str:
    """What the company is called."""
    return isolated(neutral(item.company_name, NAME))


def identity(item: Item) -> str:
    """What stands in brackets behind its name.

    >>> identity(Item("c_126", "Sudden Stop", "ES"))
    'c_126, ES'
    """
    parts = [neutral(item.company_id, ID), neutral(item.country or "", COUNTRY)]
    return ", ".join(isolated(part) for part in parts if part)


def facts(item: Item, kind: str, digest: Digest) -> str:
    """What is said of a company, in one line.

    >>> digest = Digest("Ana", date(2025, 11, 23), "local")
    >>> silent = Item("a", "A", None, ("no active user for 7 days",), 54, date(2025, 11, 20), owner="Ana")
    >>> facts(silent, "entered", digest)
    'no active user for 7 days; 54 user-days missing; at risk since 2025-11-20'
    >>> back = Item("b", "B", since=date(2025, 11, 1), ended_on=digest.day, renewal_on=date(2025, 12, 1), owner="Bo")
    >>> facts(back, "recovered", digest)
    'was at risk from 2025-11-01; recovered on 2025-11-23; renews on 2025-12-01, in 8 days; owner: Bo'
    """
    return "; ".join(each_fact(item, kind, digest))


def each_fact(item: Item, kind: str, digest: Digest) -> list[str]:
    """What is said of a company, one by one."""
    said = [neutral(reason, REASON) for reason in item.reasons[:REASONS]]
    if len(item.reasons) > REASONS:
        said.append(f"and {counted(len(item.reasons) - REASONS, 'more reason')}")
    if item.missing_user_days_7d is not None:
        said.append(f"{counted(item.missing_user_days_7d, 'user-day')} missing")
    if item.since:
        said.append(f"{SINCE.get(kind, 'was at risk from')} {item.since}")
    if item.ended_on:
        said.append(f"{ENDED.get(kind, 'until')} {item.ended_on}")
    if item.renewal_on:
        said.append(renewal(item.renewal_on, digest.day))
    if item.owner and as_compared(item.owner) != as_compared(digest.recipient):
        said.append(f"owner: {neutral(item.owner, NAME)}")
    return [isolated(one) for one in said]


def renewal(renews: date, day: date) -> str:
    """
    >>> day = date(2025, 11, 23)
    >>> renewal(date(2025, 11, 24), day), renewal(day, day), renewal(date(2025, 11, 20), day)
    ('renews on 2025-11-24, in 1 day', 'renews today', 'was to renew on 2025-11-20')
    """
    if renews == day:
        return "renews today"
    if renews < day:
        return f"was to renew on {renews}"
    return f"renews on {renews}, in {counted((renews - day).days, 'day')}"


def counted(count: int, unit: str) -> str:
    """A number with its unit."""
    return f"{count:,} {unit if count == 1 else unit + 's'}"


def more(count: int, digest: Digest) -> str:
    """How many companies of a kind are not named, and where they are.

    >>> more(1934, Digest("", date(2025, 11, 23), "local", report="https://reports.example/1"))
    'and 1,934 more: https://reports.example/1'
    """
    where = place(digest)
    return f"and {count:,} more: {where}" if where else f"and {count:,} more in the report"
