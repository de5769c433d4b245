"""Seeded usage, whose companies are as unequal as real ones: the n-th is seen 1/n as often as the first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from company_activity.io.landing.landing import Landing
from company_activity.io.landing.manifest import Manifest
from company_activity.io.landing.parts import Lines, write_parts
from company_activity.io.landing.paths import part_path
from company_activity.records.item import ContentDigest

ITEMS_A_PAGE = 1000
REPEATED_EVERY = 100  # an item that is sent twice, every other time with other counts
BROKEN_EVERY = 500  # an item whose count is a text
MICROSECONDS_A_DAY = 86_400_000_000
RUN_ID = "bench"
CRM_HEADER = "company_id,name,country,industry_tag,last_contact_at,file_date,src_file_name"
LAST_CONTACT = "2020-01-01T08:00:00Z"  # before any history begins: no snapshot knows of a later contact


@dataclass(frozen=True)
class Feed:
    """So many companies, and so many items a date."""

    companies: int
    records: int
    seed: int = 1

    def items(self, day: date, revision: int = 0) -> Iterator[tuple[str, str]]:
        """Each item of a date as it is sent, and as canonical JSON. Another revision has other counts of the same companies."""
        weights = _weights(self.companies)
        chance = np.random.default_rng([self.seed, day.toordinal()]).random(self.records)
        drawn = np.searchsorted(weights, chance * weights[-1]).tolist()
        rng = np.random.default_rng([self.seed, day.toordinal(), 1 + revision])
        users = rng.integers(1, 40, self.records).tolist()
        events = rng.integers(0, 5000, self.records).tolist()
        step = MICROSECONDS_A_DAY // self.records
        before = (0, 0, 0)
        for number, (company, count, clicks) in enumerate(zip(drawn, users, events, strict=True)):
            place = number
            if number % REPEATED_EVERY == REPEATED_EVERY - 1:
                is_same = number % (2 * REPEATED_EVERY) == REPEATED_EVERY - 1
                company, count, clicks = before if is_same else (before[0], count, clicks)
                place = number - 1
            before = company, count, clicks
            told = '"many"' if number % BROKEN_EVERY == BROKEN_EVERY // 2 else count
            ts = f"{day}T{time_of_day(place * step)}Z"
            yield (
                f'{{"company_id": "c_{company:07d}", "active_users": {told}, "events": {clicks}, "ts": "{ts}"}}',
                f'{{"active_users":{told},"company_id":"c_{company:07d}","events":{clicks},"ts":"{ts}"}}',
            )

    def land(self, landing: Landing, day: date) -> Manifest:
        """Put a date straight into the landing, as an ingest of it would: parts, and the manifest that commits them."""
        return land(landing, day, self.items(day), generation=1)

    def land_corrected(self, landing: Landing, day: date) -> Manifest:
        """Land a date again, with other counts for one in a hundred companies."""
        pairs = zip(self.items(day), self.items(day, revision=1), strict=True)
        items = (later if is_corrected(text) else (text, canonical) for (text, canonical), later in pairs)
        return land(landing, day, items, generation=2)

    def write_answer(self, folder: Path, day: date) -> None:
        """Write a date as the sample API reads it."""
        folder.mkdir(parents=True, exist_ok=True)
        items = ",\n".join(text for text, _ in self.items(day))
        (folder / f"{day}.json").write_text(f'{{"items": [\n{items}\n]}}\n', encoding="utf-8")

    def write_crm(self, folder: Path, day: date, renamed: float = 0.0) -> None:
        """Write a snapshot of all companies, of which a share has another name than in any other snapshot."""
        name = f"crm_{day}.csv"
        lines = [CRM_HEADER, *(crm_row(number, day, name, renamed) for number in range(self.companies))]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def is_corrected(item: str) -> bool:
    """Whether an item is of a company that a correction is about: one in a hundred.

    >>> is_corrected('{"company_id": "c_0000137", "active_users": 3}'), is_corrected('{"company_id": "c_0000138", ')
    (True, False)
    """
    return item.startswith('37", ', len('{"company_id": "c_00001'))


def time_of_day(microseconds: int) -> str:
    """The time so long after midnight.

    >>> time_of_day(3_600_000_001)
    '01:00:00.000001'
    """
    seconds, fraction = divmod(microseconds, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}.{fraction:06d}"


def crm_row(number: int, day: date, file_name: str, renamed: float) -> str:
    """A company's row in a snapshot."""
    share = int(hashlib.sha256(f"{day} {number}".encode()).hexdigest()[:8], 16) / 2**32
    name = f"Company {number} of {day}" if share < renamed else f"Company {number}"
    country = ("DE", "FR", "US")[number % 3]
    return f"c_{number:07d},{name},{country},industry {number % 50},{LAST_CONTACT},{day},{file_name}"


def land(landing: Landing, day: date, items: Iterator[tuple[str, str]], generation: int) -> Manifest:
    """Write the parts of a generation, then its manifest."""
    digest = ContentDigest()
    pages = 0
    rows = 0

    def lines() -> Iterator[Lines]:
        nonlocal pages, rows
        while page := list(islice(items, ITEMS_A_PAGE)):
            pages += 1
            rows += len(page)
            digest.add(canonical for _, canonical in page)
            numbered = (
                f'{text[:-1]},"_date":"{day}","_page":{pages},"_item":{number}}}\n'
                for number, (text, _) in enumerate(page, 1)
            )
            yield Lines("".join(numbered).encode(), len(page))

    settings = landing.settings
    parts = write_parts(
        landing.storage,
        lines(),
        settings,
        lambda number: part_path(day, generation, number, RUN_ID, settings.compression),
    )
    manifest = Manifest(
        date=day,
        generation=generation,
        state="complete",
        parts=parts,
        pages=pages,
        rows=rows,
        content_digest=digest.hexdigest(),
        api_url="http://127.0.0.1/usage",
        fetched_at=datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, hours=12),
        run_id=RUN_ID,
    )
    assert landing.create_manifest(manifest)
    return manifest


@cache
def _weights(companies: int) -> Any:
    return np.cumsum(1.0 / np.arange(1, companies + 1))
