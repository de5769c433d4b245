"""What API and CRM say in the sequences: the same numbers give the same text, so that a content may come again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from oracle.model import CrmRow, Snapshot
from reliability.actions.actions import COMPANIES, FIRST

PLAIN = ("company_id", "name", "country", "industry_tag", "last_contact_at")
OPTIONAL = ("owner", "segment", "seats", "contract_value", "renewal_on")
# Which columns a file has: none of the optional ones, some, all.
HEADERS = (PLAIN, (*PLAIN, "owner", "seats"), (*PLAIN, *OPTIONAL))


def answer(day: date, take: int, is_malformed: bool = False) -> tuple[str, ...]:
    """The items that the API gives for a date."""
    random = Random(f"{day}/{take}/{is_malformed}")
    items: list[object] = [record(random, day, company) for company in COMPANIES if random.random() < 0.8]
    items.append(record(random, day, f"c_9{take}"))  # the CRM knows nothing of it
    if is_malformed:
        first = record(random, day, COMPANIES[take])
        items += [first, {**first, "events": 1}, record(random, day, COMPANIES[0], hour=9) | {"active_users": -1}]
        items += [{**first, "ts": f"{day + timedelta(days=3)}T10:00:00Z"}, {"company_id": COMPANIES[3]}]
    return tuple(json.dumps(item, sort_keys=True) for item in items)


def record(random: Random, day: date, company: str, hour: int = 8) -> dict[str, object]:
    """A record that breaks no rule."""
    users = random.choice([0, 1, 3, 7, 12])
    events = users * random.randrange(1, 9)
    return {"company_id": company, "active_users": users, "events": events, "ts": f"{day}T{hour:02}:00:00Z"}


def file_date(number: int) -> date:
    """The snapshot date of a file: days before, within and at the end of the sequence's dates."""
    return FIRST + timedelta(days=(2, 0, 6)[number])


def crm_rows(number: int, take: int, columns: int) -> list[dict[str, str]]:
    """The rows of a CRM file; the last take has one that is refused."""
    random = Random(f"crm/{number}/{take}/{columns}")
    day, rows = file_date(number), []
    for company in COMPANIES:
        contact = day - timedelta(days=random.randrange(60))
        row = {"company_id": company, "name": f"Name {random.randrange(3)} of {company}"}
        row |= {"country": random.choice(["UK", "US", ""]), "industry_tag": random.choice(["software", "retail"])}
        row |= {"last_contact_at": random.choice(["", f"{contact}T10:30:00Z"])}
        row |= {"owner": random.choice(["Ana", "Bo", ""]), "segment": random.choice(["smb", "enterprise"])}
        row |= {"seats": random.choice(["", "5", "40", "many"]), "contract_value": random.choice(["", "1200.50"])}
        row |= {"renewal_on": random.choice(["", "2026-01-31"])}
        rows.append(row)
    if take == 2:
        rows[1]["last_contact_at"] = "yesterday"
    return rows


def crm_text(rows: Sequence[dict[str, str]], columns: int) -> str:
    """The file's text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADERS[columns], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def snapshot(path: str, day: date, rows: Sequence[dict[str, str]], columns: int) -> Snapshot:
    """The file as the oracle reads it."""
    kept = [{name: row.get(name) for name in HEADERS[columns]} for row in rows]
    return Snapshot(day, path, tuple(CrmRow(number, **row) for number, row in enumerate(kept, start=2)))
