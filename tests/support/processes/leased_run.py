"""A command whose lake is kept by a lease alone, as in a storage account; it may stand before a commit to be frozen.

Its arguments: the connection string of a blob store, or "its own" where the lake lies in one; a folder for its marks; the
path of the table before whose commit it stands, or "none"; and the command's own. A lake on a disk gets no file lock.

Before the commit it makes the file `stands` and waits until there is `goes`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from company_activity import pipeline
from company_activity.cli.main import main
from company_activity.io.lake import lock
from company_activity.io.lake.delta import Lake
from company_activity.io.storage import blob_lease
from company_activity.io.storage.blob import BlobStorage
from company_activity.io.storage.folder import Folder
from company_activity.schemas import Table
from company_activity.settings.model import LandingSettings, Secret, SecretSettings

LEASE_SECONDS = 15  # the shortest that Azure grants
STANDS, GOES = "stands", "goes"
ITS_OWN = "its own"


def standing_before(commit: Callable[..., None], path: str, marks: Path) -> Callable[..., None]:
    """`commit`, which at its first commit to the table at `path` stands until it may go."""

    def committed(lake: Lake, table: Table, *given: Any) -> None:
        if table.path == path and not (marks / STANDS).exists():
            (marks / STANDS).touch()
            while not (marks / GOES).exists():
                time.sleep(0.05)
        commit(lake, table, *given)

    return committed


def leased_at(connection: str) -> Callable[[Folder, str, str], blob_lease.Lease]:
    """Every lake's lease is that of one blob."""
    blobs = BlobStorage.of(LandingSettings("", connection=Secret(connection)), SecretSettings(), {})
    return lambda folder, name, holder: blobs.lease(f"lake/{name}", holder)


if __name__ == "__main__":
    connection, marks, path, *arguments = sys.argv[1:]
    blob_lease.LEASE_SECONDS = LEASE_SECONDS
    blob_lease.RENEW_SECONDS = 5
    if connection != ITS_OWN:
        lock.is_local = pipeline.is_local = lambda root: False  # type: ignore[attr-defined]
        Folder.lease = leased_at(connection)  # type: ignore[assignment, method-assign]
    Lake._commit = standing_before(Lake._commit, path, Path(marks))  # type: ignore[method-assign]
    sys.exit(main(arguments))
