"""Where files land: a directory, or the blob containers of a storage account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from company_activity.errors import SettingsError
from company_activity.io.secrets.in_urls import without_secrets
from company_activity.io.storage.local import LocalStorage
from company_activity.io.storage.port import Entry, Storage
from company_activity.settings.model import LandingSettings, SecretSettings

__all__ = ["Entry", "LocalStorage", "Storage", "open_storage"]


def open_storage(
    landing: LandingSettings,
    secrets: SecretSettings | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Storage:
    """The store that the settings name: a connection string, an account's URL, or a directory.

    Raises:
        SettingsError: if `landing.root` is none of these, or the connection cannot be resolved.
    """
    if landing.connection or landing.root.startswith(("https://", "http://")):
        from company_activity.io.storage.blob import BlobStorage

        return BlobStorage.of(landing, secrets or SecretSettings(), environ)
    root = landing.root.removeprefix("file://")
    if "://" in root:
        raise SettingsError(
            f"landing.root {without_secrets(landing.root)} cannot be landed in",
            remedy="give a directory, or an account's URL: https://<account>.blob.core.windows.net",
        )
    return LocalStorage(Path(root))
