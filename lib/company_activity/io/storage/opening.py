"""Where files are kept: a directory, or blob storage."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from company_activity.io.storage.local import LocalStorage
from company_activity.io.storage.port import Entry, Storage
from company_activity.settings.model import LandingSettings, SecretSettings
from company_activity.settings.roots import Root, is_bare, root_of

__all__ = ["Entry", "LocalStorage", "Storage", "open_root", "open_storage"]


def open_storage(
    landing: LandingSettings,
    secrets: SecretSettings | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Storage:
    """The landing that the settings name: a connection string, an account, a place in one, or a directory.

    Raises:
        SettingsError: if `landing.root` is none of these, or the connection cannot be resolved.
    """
    if landing.connection:
        from company_activity.io.storage.blob import BlobStorage

        # beside a connection a directory says nothing
        root = None if is_bare(landing.root) else root_of(landing.root, "landing.root")
        return BlobStorage.of(landing, secrets or SecretSettings(), environ, root)
    return open_root(root_of(landing.root, "landing.root"))


def open_root(
    root: Root,
    landing: LandingSettings | None = None,
    secrets: SecretSettings | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Storage:
    """The store of what lies under a root.

    Blob storage is opened with `landing.connection` where that names the root's account, else with
    the identity we run as.

    Raises:
        SettingsError: if it is the emulator's account, and no connection says where that is.
    """
    if root.path:
        return LocalStorage(Path(root.path), root.address_of)
    from company_activity.io.storage.blob import BlobStorage

    if landing is not None and landing.connection:
        storage = BlobStorage.of(landing, secrets or SecretSettings(), environ)
        if storage.account == root.account:
            return storage.under(root)
    return BlobStorage.by_identity(root)
