"""Which companies were erased when an export begins: what is exported later, or was before, may hold others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from company_activity.errors import UsageError
from company_activity.io.lake.erasures import unended
from company_activity.io.landing.landing import Landing
from company_activity.io.landing.tombstones import laid
from company_activity.io.storage.folder import Folder
from company_activity.io.storage.opening import open_storage
from company_activity.settings.model import Settings


def erasures(settings: Settings, lake: Folder) -> Mapping[str, str]:
    """The companies that were erased, by tombstone, and which run ended each.

    Raises:
        UsageError: if an erasure has not ended: what is served still holds the company.
    """
    landing = Landing(open_storage(settings.landing, settings.secrets), settings.landing)
    open_ones, ended = unended(lake, laid(landing))
    if open_ones:
        raise UsageError(
            f"{len(open_ones)} erasures have not ended: what is served may still hold the companies",
            remedy="wait for `erase` to end, or erase again; then export",
        )
    return ended


def mark_of(ended: Mapping[str, str]) -> str:
    """A digest of the erasures that have ended, as a plan notes it; empty where there is none.

    >>> mark_of({}), mark_of({"t": "run-1"}) == mark_of({"t": "run-2"})
    ('', False)
    """
    if not ended:
        return ""
    return hashlib.sha256(json.dumps(sorted(ended.items())).encode()).hexdigest()[:16]
