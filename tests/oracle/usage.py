"""One landed date: items to accepted records, duplicates and quarantine (design §6, "Records")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from .fields import parse_timestamp, trim
from .items import FIELDS, item_reasons, parse_json, repeats_a_field, trimmed_id
from .model import Item, LandedDate


@dataclass(frozen=True)
class Record:
    """One accepted record: a row of `stg.product_usage`."""

    company_id: str
    date: date
    active_users: int
    events: int
    ts: datetime
    page: int
    item: int
    generation: int
    raw_json: str | None

    @property
    def key(self) -> tuple[str, datetime]:
        """What makes two records one."""
        return self.company_id, self.ts

    @property
    def values(self) -> tuple[int, int]:
        """What conflicts when it differs."""
        return self.active_users, self.events


@dataclass(frozen=True)
class Quarantined:
    """One refused item: where it stood, its text, and why."""

    page: int
    item: int
    reasons: tuple[str, ...]
    company_id: str | None
    text: str


@dataclass(frozen=True)
class UsageDay:
    """A complete date taken apart: "in = accepted + duplicates + quarantined"."""

    date: date
    generation: int
    rows_in: int
    accepted: tuple[Record, ...]
    duplicates: int
    quarantined: tuple[Quarantined, ...]
    conflicting: frozenset[str]


def read_date(landed: LandedDate) -> UsageDay:
    """Split the items of a complete date; a missing one has no items to split."""
    items = sorted(landed.items or (), key=lambda item: (item.page, item.item))
    records: list[Record] = []
    quarantined: list[Quarantined] = []
    for item in items:
        value = parse_json(item.text)
        twice = {"DUPLICATE_KEY"} if repeats_a_field(item.text) else set()
        reasons = sorted(twice.union(item_reasons(value, landed.date)))
        if reasons:
            quarantined.append(Quarantined(item.page, item.item, tuple(reasons), trimmed_id(value), item.text))
        else:
            records.append(to_record(value, item, landed))
    accepted, conflicting = each_once(records)
    duplicates = len(records) - len(accepted)
    refused = tuple(quarantined)
    return UsageDay(landed.date, landed.generation, len(items), accepted, duplicates, refused, conflicting)


def each_once(records: list[Record]) -> tuple[tuple[Record, ...], frozenset[str]]:
    """Each key once, and the companies whose records of one key differ.

    "records of the same (company_id, ts) are one (the later by page, item wins; differing values also set the
    flag `CONFLICTING_DUPLICATES`)".
    """
    ordered = sorted(records, key=lambda record: (record.key, record.page, record.item))
    groups = [list(group) for _, group in groupby(ordered, key=lambda record: record.key)]
    conflicting = {group[0].company_id for group in groups if len({record.values for record in group}) > 1}
    return tuple(group[-1] for group in groups), frozenset(conflicting)


def to_record(fields: Mapping[str, Any], item: Item, landed: LandedDate) -> Record:
    """An item that broke no rule; raw_json is "the item's text where it has fields beyond the contract"."""
    ts = parse_timestamp(fields["ts"])
    assert ts is not None
    return Record(
        company_id=trim(fields["company_id"]),
        date=landed.date,
        active_users=int(fields["active_users"].literal),
        events=int(fields["events"].literal),
        ts=ts,
        page=item.page,
        item=item.item,
        generation=landed.generation,
        raw_json=item.text if set(fields) - set(FIELDS) else None,
    )
