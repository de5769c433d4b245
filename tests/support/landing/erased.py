"""A company that is erased, with an id and a name that every notation writes in its own way."""

from __future__ import annotations

import json
from datetime import date

from company_activity.records.tombstone import Tombstones, tombstone_of

from support.landing.pages import DAY

GONE = 'c_ü "7"'
NAME = 'Möller & "Söhne", <Co>'
KEY = "a-key"
ERASED = Tombstones(KEY, frozenset({tombstone_of(KEY, GONE)}))
HEADER = "company_id,name,country,industry_tag,last_contact_at\r\n"


def item(company: str, users: object = 3, day: date = DAY) -> str:
    """A record of the usage API."""
    return json.dumps({"company_id": company, "active_users": users, "events": 20, "ts": f"{day}T08:00:00Z"})


def row(company: str, name: str, country: str = "DE") -> str:
    """A row of a CRM file."""
    quoted = ",".join(f'"{text.replace(chr(34), chr(34) * 2)}"' for text in (company, name))
    return f"{quoted},{country},software,\r\n"
