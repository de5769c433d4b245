"""What the page's filters offer, and the index by owner and segment that leads to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from company_activity.report.page.words import on_one_line, reason_name

if TYPE_CHECKING:
    from company_activity.report.model import Portfolio
    from company_activity.report.risks import ListedCompany

Grouping = Literal["owner", "segment"]
NONE = ""  # what stands for "none" among the names: a CRM file's own are never blank
NONE_TEXT = {"owner": "nobody's", "segment": "no segment", "country": "no country"}
FIELDS = ("owner", "segment", "country", "reason")  # in the order of the script's
MOST_NAME = 80
MOST_INDEXED = 100


def filter_name(name: str | None) -> str:
    """The name under which a filter knows an owner or a segment: on one line, a long one cut, and still its own.

    >>> filter_name(" Ana  Lima"), filter_name(None)
    ('Ana Lima', '')
    >>> len(filter_name("x" * 1000)), filter_name("x" * 1000) == filter_name("x" * 1001)
    (80, False)
    """
    line = on_one_line(name or "")
    if len(line) <= MOST_NAME:
        return line
    return f"{line[: MOST_NAME - 9]}…{sha256(line.encode()).hexdigest()[:8]}"


def fragment(field: str, name: str | None) -> str:
    """The end of a link to the page that shows one owner's companies, or one segment's.

    >>> fragment("owner", "Ana Lima & Co"), fragment("owner", None)
    ('owner=Ana%20Lima%20%26%20Co', 'owner=')
    """
    return f"{field}={quote(filter_name(name), safe='')}"


@dataclass(frozen=True)
class Filters:
    """The names that each field's filter offers, in their order.

    A field that no listed company has is not offered.
    """

    names: dict[str, tuple[str, ...]]

    def places(self, company: ListedCompany) -> str:
        """A company's place among the names of each field, which its row carries for the script."""
        places = []
        for field in FIELDS:
            names = self.names[field]
            own = _names_of(company, field)
            places.append(",".join(str(names.index(name)) for name in own))
        return " ".join(places)

    @property
    def offered(self) -> dict[str, tuple[str, ...]]:
        return {field: names for field, names in self.names.items() if any(names)}


def filters_of(companies: Sequence[ListedCompany]) -> Filters:
    """What can be filtered in a list: none first, then the names in their order.

    >>> from company_activity.report.risks import ListedCompany
    >>> listed = [ListedCompany("a", "A", owner="Zoe"), ListedCompany("b", "B"), ListedCompany("c", "C", owner="Ana")]
    >>> filters_of(listed).offered, filters_of(listed).places(listed[0])
    ({'owner': ('', 'Ana', 'Zoe')}, '2 0 0 ')
    """
    names = {}
    for field in FIELDS:
        own = {name for company in companies for name in _names_of(company, field)}
        names[field] = tuple(sorted(own, key=lambda name: (name.casefold(), name)))
    return Filters(names)


def _names_of(company: ListedCompany, field: str) -> list[str]:
    if field == "reason":
        return [filter_name(reason_name(reason)) for reason in company.reasons]
    return [filter_name(getattr(company, field))]


@dataclass(frozen=True)
class Entry:
    """What stands in the index of one owner or one segment; `link` leads to its listed companies, if it has any."""

    name: str
    companies: int
    at_risk: int
    missing_user_days: int
    contract_value: Decimal | None
    renewals: int
    link: str


def index_by(
    grouping: Grouping, portfolios: Iterable[Portfolio], listed: Iterable[ListedCompany]
) -> list[Entry]:
    """One entry per owner or segment, those that miss most user-days first; none where nobody has one.

    >>> from company_activity.report.model import Portfolio
    >>> counts = [("owner", "Ana", 9, 2, 30), ("owner", " Ana", 1, 0, 0), ("owner", None, 3, 0, 0)]
    >>> kept = [Portfolio(*one) for one in counts]
    >>> [(entry.name, entry.companies, entry.link) for entry in index_by("owner", kept, [])]
    [('Ana', 10, ''), ('', 3, '')]
    >>> index_by("owner", kept[2:], []), index_by("segment", kept, [])
    ([], [])
    """
    named = {filter_name(getattr(company, grouping)) for company in listed}
    grouped: dict[str, list[Portfolio]] = {}
    for portfolio in portfolios:
        if portfolio.by == grouping:
            grouped.setdefault(filter_name(portfolio.name), []).append(portfolio)
    if not grouped.keys() - {NONE}:
        return []
    entries = [_entry(grouping, name, of_it, name in named) for name, of_it in grouped.items()]
    return sorted(entries, key=_most_missing_first)


def _entry(
    grouping: Grouping, name: str, portfolios: Sequence[Portfolio], is_listed: bool
) -> Entry:
    values = [one.contract_value for one in portfolios if one.contract_value is not None]
    return Entry(
        name,
        sum(one.companies for one in portfolios),
        sum(one.at_risk for one in portfolios),
        sum(one.missing_user_days for one in portfolios),
        sum(values, Decimal(0)) if values else None,
        sum(one.renewals for one in portfolios),
        fragment(grouping, name) if is_listed else "",
    )


def _most_missing_first(entry: Entry) -> tuple[int, int, str]:
    return -entry.missing_user_days, -entry.at_risk, entry.name
