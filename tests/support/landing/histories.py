"""A history of the oracle as it lands: each generation of a date, those that are set aside, and CRM files."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from pathlib import Path

from company_activity.io.landing.landing import Landing
from company_activity.io.landing.manifest import Manifest
from company_activity.io.storage.opening import LocalStorage
from company_activity.settings.model import LandingSettings

from oracle.cases import History
from oracle.model import Item, Snapshot
from oracle.optional import Optional
from support.landing.pages import NOON, land

COLUMNS = ("company_id", "name", "country", "industry_tag", "last_contact_at", *Optional._fields)


def land_history(root: Path, settings: LandingSettings, history: History) -> None:
    """Let all of a history land, the dates in their order."""
    landed, snapshots = history
    landing = Landing(LocalStorage(root), settings)
    for day in landed:
        if day.items is None:
            set_aside(landing, day.date)
        else:
            land(landing, *pages_of(day.items), run_id=f"fetch-{day.date}-{day.generation}", day=day.date)
    for snapshot in snapshots:
        write_crm(root / snapshot.path, snapshot)


def pages_of(items: Iterable[Item]) -> list[list[str]]:
    """The texts of the items by page; of a date without items one empty page."""
    ordered = sorted(items, key=lambda item: (item.page, item.item))
    return [[item.text for item in page] for _, page in groupby(ordered, key=lambda item: item.page)] or [[]]


def set_aside(landing: Landing, day: date) -> None:
    """Make the date's newest generation a missing one, as a rollback does."""
    newest = landing.newest(day)
    generation = newest.generation + 1 if newest else 1
    url = newest.api_url if newest else ""
    assert landing.create_manifest(Manifest(day, generation, "missing", (), 0, 0, "", url, NOON, "rollback"))


def write_crm(path: Path, snapshot: Snapshot) -> None:
    """The CSV of a snapshot; an optional column of which no row has anything is not in it."""
    names = [
        name for name in COLUMNS if name not in Optional._fields or any(getattr(row, name) for row in snapshot.rows)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "file_date"])
        writer.writerows([*(getattr(row, name) for name in names), snapshot.file_date] for row in snapshot.rows)
