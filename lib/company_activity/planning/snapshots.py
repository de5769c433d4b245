"""CRM snapshot dates: what each is made of, as a state names it. Plain Python over small maps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any


def snapshots(crm: Mapping[str, Any]) -> dict[str, str]:
    """The staged CRM content by snapshot date: what a table built from it compares.

    A state of before 0.2 names each path, as `files`.

    >>> snapshots({"crm": {"2025-01-02": "1:0123456789abcdef"}})
    {'2025-01-02': '1:0123456789abcdef'}
    """
    if "files" not in crm:
        return dict(crm.get("crm", {}))
    return by_snapshot_date(
        {path: f"{file['file_date']}:{file['sha256']}" for path, file in crm["files"].items()}
    )


def by_snapshot_date(crm: Mapping[str, str]) -> dict[str, str]:
    """What each snapshot date is made of, from `<snapshot date>:<digest>` by path; what is by date stays as it is.

    >>> by_snapshot_date({"raw/crm/b.csv": "2025-01-02:0123", "raw/crm/a.csv": "2025-01-02:4567"})
    {'2025-01-02': '2:d8906fec0edb37f9'}
    >>> by_snapshot_date({"2025-01-02": "2:d8906fec0edb37f9"})
    {'2025-01-02': '2:d8906fec0edb37f9'}
    """
    if not any(place.lower().endswith(".csv") for place in crm):
        return dict(crm)
    paths: dict[str, dict[str, str]] = {}
    for path, noted in crm.items():
        day, _, digest = noted.partition(":")
        paths.setdefault(day, {})[path] = digest
    return {day: content_of(paths[day]) for day in sorted(paths)}


def content_of(digests: Mapping[str, str]) -> str:
    """`<number of paths>:<digest over them>`, from the digests of the files by path, of which 16 characters count.

    >>> content_of({"raw/crm/a.csv": "4567", "raw/crm/b.csv": "0123"})
    '2:d8906fec0edb37f9'
    """
    lines = "".join(f"{path}\t{digests[path][:16]}\n" for path in sorted(digests))
    return (
        f"{len(digests)}:{hashlib.sha256(lines.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    )
