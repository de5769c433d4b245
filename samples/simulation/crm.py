"""Four dated snapshots of a CRM, each a CSV file with the habits of another export."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from simulation.cast import LONG_AGO, NEVER, Company

COLUMNS = ("company_id", "name", "country", "industry_tag", "last_contact_at", "file_date", "src_file_name")
OPTIONAL = ("owner", "segment", "seats", "contract_value", "renewal_on")  # in the files from the third on
OWNERS = ("Ana Ruiz", "Bo Lindqvist", "Chidi Okafor", "")
Row = dict[str, str]


@dataclass(frozen=True)
class Snapshot:
    """One file: its number from 0, its date, the date of the first one, and how it is written."""

    number: int
    day: date
    first: date
    columns: tuple[str, ...] = COLUMNS
    line_end: str = "\n"
    encoding: str = "utf-8"

    @property
    def file_name(self) -> str:
        """The name carries the date."""
        return f"crm_{self.day.isoformat()}.csv"


# What changes for single companies: id, then for snapshot 0 to 3 the fields that differ from the usual ones.
CHANGES: dict[str, dict[int, Row]] = {
    "c_102": {3: {"last_contact_at": "{after}T06:00:00Z"}},
    "c_103": {number: {"name": "Bright Energy"} for number in (2, 3)},
    "c_105": {1: {"industry_tag": ""}},
    "c_108": {2: {"country": "  "}},
    "c_112": {2: {"company_id": " c_112 "}, 3: {"seats": "12 seats", "contract_value": "n/a"}},
    "c_119": {3: {"last_contact_at": "last tuesday"}},
    "c_120": {3: {"owner": "Ana Ruiz"}},
}
ABSENT = {2: ("c_109",)}
REPEATED = {1: ("c_116",)}
UNQUOTED = {2: ("c_117",)}  # its name has a comma, the line has no quotes: a field too many


def snapshots(last_date: date, days: int) -> list[Snapshot]:
    """One snapshot before the first of `days` dates, then three until shortly before the last."""
    first, second, third, fourth = (last_date - timedelta(days=ago) for ago in (max(days + 5, 95), 64, 34, 3))
    reordered = (*COLUMNS[4:1:-1], "territory", *reversed(OPTIONAL), *COLUMNS[:2], *COLUMNS[:4:-1])
    undated = (*(column for column in COLUMNS if column != "file_date"), *OPTIONAL)
    return [
        Snapshot(0, first, first),
        Snapshot(1, second, first, line_end="\r\n", encoding="utf-8-sig"),
        Snapshot(2, third, first, columns=reordered),
        Snapshot(3, fourth, first, columns=undated),
    ]


def csv_file(snapshot: Snapshot, companies: list[Company]) -> bytes:
    """The bytes of a snapshot: every company it knows, in the order of the cast."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=snapshot.line_end)
    writer.writerow(snapshot.columns)
    for company in companies:
        if is_listed(company, snapshot.number):
            fields = [row_of(company, snapshot)[column] for column in snapshot.columns]
            if company.company_id in UNQUOTED.get(snapshot.number, ()):
                text.write(",".join(fields) + snapshot.line_end)
            else:
                writer.writerows([fields] * (1 + REPEATED.get(snapshot.number, ()).count(company.company_id)))
    return text.getvalue().encode(snapshot.encoding)


def is_listed(company: Company, number: int) -> bool:
    """Whether a snapshot has a row of that company."""
    first = company.role.snapshot
    return first is not None and first <= number and company.company_id not in ABSENT.get(number, ())


def row_of(company: Company, snapshot: Snapshot) -> Row:
    """All that the CRM knows of a company on the day of the snapshot."""
    role = company.role
    usual = {
        "company_id": company.company_id,
        "name": company.name,
        "country": role.country,
        "industry_tag": role.industry,
        "last_contact_at": last_contact(company, snapshot),
        "file_date": snapshot.day.isoformat(),
        "src_file_name": snapshot.file_name,
        "territory": "west" if role.shifts > 1 else "east",
        **contract_of(company, snapshot),
    }
    row = usual | CHANGES.get(company.company_id, {}).get(snapshot.number, {})
    row["last_contact_at"] = row["last_contact_at"].format(after=snapshot.day + timedelta(days=1))
    return row


def contract_of(company: Company, snapshot: Snapshot) -> Row:
    """The optional columns: who looks after it, which segment it is of, and what it has bought until when."""
    users = company.role.users
    segment = "enterprise" if users >= 24 else "mid-market" if users >= 12 else "small business"
    seats = users + users // 2 + 1
    renewal = snapshot.first + timedelta(days=110 + 37 * company.number % 300)
    return {
        "owner": OWNERS[company.number % len(OWNERS)],
        "segment": segment,
        "seats": str(seats),
        "contract_value": f"{seats * 120}.00" if company.number % 5 else "",
        "renewal_on": renewal.isoformat(),
    }


def last_contact(company: Company, snapshot: Snapshot) -> str:
    """The newest contact up to a snapshot: on one of the company's regular dates, long ago, or never."""
    every = company.role.contact
    if every == NEVER:
        return ""
    days_ago = (snapshot.day.toordinal() + 5 * company.number) % every
    contact = snapshot.day - timedelta(days=days_ago)
    if every == LONG_AGO:
        contact = snapshot.first - timedelta(days=40)
    at = datetime.combine(contact, time(8 + company.number % 9, 30))
    return CONTACT_NOTATIONS[company.number % len(CONTACT_NOTATIONS)](at)


CONTACT_NOTATIONS: tuple[Callable[[datetime], str], ...] = (
    lambda at: f"{at.isoformat()}Z",
    lambda at: f"{at.isoformat()}Z",
    lambda at: f"{at.isoformat()}+02:00",
    lambda at: f"{at.isoformat()}Z",
    lambda at: at.date().isoformat(),
)
