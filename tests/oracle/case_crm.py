"""Random CRM snapshots: renames, NULLs, absences, returns, several paths of a date, bad and repeated rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from .case_plans import Plan
from .model import CrmRow, Snapshot

NAMES = (
    "Acme",
    "acme",
    "Bolt",
    "Umbrella",
    "Ω",
    "Acme",
    "acme",
    " Acme ",
    "Größe AG",
    'O"Neil, Ltd',
    "two\nlines",
    "UNKNOWN",
    "n" * 1024,
    None,
    "",
    "  ",
)
AROUND = (" ", "  ", "\u00a0", "\ufeff", "\u200b ")
COUNTRIES = ("DE", "FR", "us", "", None)
INDUSTRIES = ("retail", "health care", " ", None)
OWNERS = ("Ana", "ana", " Bo ", "Größe", "o" * 1024, "o" * 1025, None, "", "  ")
SEGMENTS = ("enterprise", "smb", " ", None, "s" * 1025)
SEATS = ("0", "1", "7", " 250\t", "007", "-3", "12.0", "1e3", "٣", "9" * 18, "9" * 19, "many", "", None)
VALUES = (
    "0",
    "0.5",
    "1200",
    "24000.00",
    "1.234",
    "1,200",
    "€ 5",
    "-1",
    "00.1",
    "9" * 16 + ".99",
    "9" * 17,
    ".5",
    "5.",
    None,
)
RENEWALS = (
    "2024-03-31", " 2024-02-29", "2023-02-29", "31.03.2024", "2024-03-31T23:30:00-01:00", "2999-12-31", "3000-01-01",
    "soon", "", None,
)  # fmt: skip
OPTIONAL = {
    "owner": OWNERS, "segment": SEGMENTS, "seats": SEATS, "contract_value": VALUES, "renewal_on": RENEWALS,
}  # fmt: skip
FAULTS: tuple[dict[str, str | None], ...] = (
    {"company_id": None},
    {"company_id": "   "},
    {"company_id": "c" * 65},
    {"company_id": "c\u0007"},
    {"company_id": "c\u200bc"},
    {"name": "n" * 1025},
    {"industry_tag": "🦊" * 1025},
    {"last_contact_at": "31.12.2024"},
    {"last_contact_at": "2024-01-01 +00"},
    {"last_contact_at": "2999-12-31"},
)


def random_snapshots(
    rng: Random, plans: tuple[Plan, ...], prefix: str, first: date, last: date
) -> tuple[Snapshot, ...]:
    """0–6 snapshot dates before, inside and (also > 60 days) after the usage; some with several paths."""
    ranges = ((-20, -1), (0, (last - first).days), (0, (last - first).days), (1, 130))
    offsets = {rng.randint(*rng.choice(ranges)) for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4, 5, 6)))}
    known: dict[str, CrmRow] = {}
    snapshots: list[Snapshot] = []
    for file_date in sorted(first + timedelta(days=offset) for offset in offsets):
        names = rng.sample(("a", "b", "Z"), rng.choice((1, 1, 1, 2, 3)))
        snapshots += [
            random_file(rng, plans, file_date, f"raw/crm/{prefix}{file_date}_{name}.csv", known) for name in names
        ]
    rng.shuffle(snapshots)
    return tuple(snapshots)


def random_file(rng: Random, plans: tuple[Plan, ...], file_date: date, path: str, known: dict[str, CrmRow]) -> Snapshot:
    """One file: the companies that stand in it, as last known or changed, and now and then a bad row."""
    rows: list[CrmRow] = []
    for plan in plans:
        if plan.is_in_crm and rng.random() < 0.7:
            known[plan.company_id] = changed(
                rng, known.get(plan.company_id) or newcomer(rng, plan, file_date), file_date
            )
            rows += repeated(rng, known[plan.company_id], file_date)
        if plan.is_in_crm and rng.random() < 0.05:
            bad = newcomer(rng, plan, file_date)
            rows.append(replace(bad, **rng.choice((*FAULTS, contact_after(file_date)))))  # type: ignore[arg-type]
    rng.shuffle(rows)
    rows = without_columns(rng, rows)
    return Snapshot(file_date, path, tuple(replace(row, line=2 + number) for number, row in enumerate(rows)))


def without_columns(rng: Random, rows: list[CrmRow]) -> list[CrmRow]:
    """The rows as a file has them that sends some of the optional columns, most often all of them."""
    absent: dict[str, Any] = {name: None for name in OPTIONAL if rng.random() < 0.15}
    return [replace(row, **absent) for row in rows]


def repeated(rng: Random, row: CrmRow, file_date: date) -> list[CrmRow]:
    """The row once, sometimes twice (something invisible around the id), sometimes with another one of the same key."""
    rows = [row]
    if rng.random() < 0.08:
        rows.append(replace(row, company_id=f"{rng.choice(AROUND)}{row.company_id} "))
    if rng.random() < 0.05:
        rows.append(changed(rng, replace(row, name="Another"), file_date))
    return rows


def newcomer(rng: Random, plan: Plan, file_date: date) -> CrmRow:
    """A company's first row: any field may be NULL, a NULL name is as likely as any other."""
    contact = random_contact(rng, file_date)
    row = CrmRow(0, plan.company_id, rng.choice(NAMES), rng.choice(COUNTRIES), rng.choice(INDUSTRIES), contact)
    optional: dict[str, Any] = {name: rng.choice(values) for name, values in OPTIONAL.items()}
    return replace(row, **optional)


def changed(rng: Random, row: CrmRow, file_date: date) -> CrmRow:
    """The row of the next snapshot: about half of them differ in something."""
    if rng.random() < 0.2:
        row = replace(row, name=rng.choice(NAMES))
    if rng.random() < 0.2:
        row = replace(row, country=rng.choice(COUNTRIES))
    if rng.random() < 0.2:
        row = replace(row, industry_tag=rng.choice(INDUSTRIES))
    if rng.random() < 0.3:
        row = replace(row, last_contact_at=random_contact(rng, file_date))
    news: dict[str, Any] = {name: rng.choice(values) for name, values in OPTIONAL.items() if rng.random() < 0.15}
    return replace(row, **news)


def random_contact(rng: Random, file_date: date) -> str | None:
    """A last contact up to the last moment that is not yet FUTURE."""
    day = file_date - timedelta(days=rng.choice((-1, 0, 5, 25, 29, 30, 31, 32, 45, 80)))
    times = ("", "T00:00", " 23:59:59.999999Z", "T08:15:00+02:00", "T23:30:00-00:00", "t08:15:00,5 +0200", "\t")
    return rng.choice((None, "", "   ", *(f"{day}{time}" for time in times)))


def contact_after(file_date: date) -> dict[str, str | None]:
    """The first moment that is FUTURE."""
    return {"last_contact_at": f"{file_date + timedelta(days=2)}T00:00:00Z"}
