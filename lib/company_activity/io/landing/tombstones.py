"""The tombstones of erased companies, kept in the landing: create-only files that no listing of dates sees.

_erased/<tombstone>.json     when it was laid, and by which run; never the company
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from company_activity.errors import SettingsError
from company_activity.io.landing.landing import Landing
from company_activity.io.secrets.resolve import resolve
from company_activity.records.tombstone import (
    NO_TOMBSTONES,
    SHAPE,
    Tombstones,
    key_mark,
    mark_in,
)
from company_activity.settings.model import Settings

FOLDER = "_erased"
ENDING = ".json"


def lay(landing: Landing, tombstone: str, run_id: str, now: datetime) -> bool:
    """Lay a tombstone; False if it lies there already. It counts from then on, for every run that begins."""
    told = {"laid_at": now.astimezone(UTC).isoformat(), "run_id": run_id}
    path = landing.at(f"{FOLDER}/{tombstone}{ENDING}")
    return landing.storage.create(path, (f"{json.dumps(told)}\n".encode(),))


def laid(landing: Landing) -> frozenset[str]:
    """The tombstones that lie in the landing, from one listing; no file is opened."""
    folder = landing.at(f"{FOLDER}/")
    names = (entry.path.removeprefix(folder) for entry in landing.storage.list(folder))
    found = (name.removesuffix(ENDING) for name in names if name.endswith(ENDING))
    return frozenset(name for name in found if SHAPE.fullmatch(name))


def erased_companies(landing: Landing, settings: Settings) -> Tombstones:
    """What a run asks whether a company was erased. The key is looked up only where a tombstone lies.

    Raises:
        SettingsError: if one lies there and `erase.key` is not set, cannot be resolved, or is not the key that it was
            laid with: an erased company would come back.
    """
    found = laid(landing)
    if not found:
        return NO_TOMBSTONES
    key = erase_key(settings)
    ours = key_mark(key)
    if others := sum(mark_in(tombstone) != ours for tombstone in found):
        raise SettingsError(
            f"erase.key is another one than {others} of {len(found)} tombstones in the landing were laid with",
            remedy="give the key that companies were erased with; it cannot be exchanged",
        )
    return Tombstones(key, found)


def erase_key(settings: Settings) -> str:
    """The key that tombstones are made with.

    Raises:
        SettingsError: if `erase.key` is not set, or cannot be resolved.
    """
    if settings.erase.key is None or not settings.erase.key.reveal():
        raise SettingsError(
            "erase.key is not set: without it nobody can tell which companies were erased",
            remedy="set erase.key, for instance as COMPANY_ACTIVITY__ERASE__KEY=secret://erase-key",
        )
    try:
        return resolve(settings.erase.key, settings.secrets).reveal()
    except SettingsError as why:
        raise SettingsError(f"erase.key cannot be had: {why.what}", remedy=why.remedy) from None
