"""Small files that are written once: reports, run records, messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from company_activity.errors import CompanyActivityError, SettingsError, SourceError
from company_activity.io.storage.local import about_a_mount
from company_activity.io.storage.opening import Storage, open_root
from company_activity.settings.model import LandingSettings, SecretSettings, Settings
from company_activity.settings.roots import root_of

if TYPE_CHECKING:
    from company_activity.io.storage.blob_lease import Lease
    from company_activity.io.storage.port import Entry


# What a killed process leaves of a file that it was writing: `.<name>.<32 digits>.tmp`.
DRAFT = re.compile(r"\.(?P<name>[^/]+)\.[0-9a-f]{32}\.tmp")


@dataclass(frozen=True)
class Folder:
    """The small files of one folder. A file is there whole or not at all."""

    storage: Storage
    path: str

    def inside(self, path: str) -> Folder:
        """A folder below this one, in the same storage."""
        return Folder(self.storage, f"{self.path}{path.strip('/')}/")

    def names(self) -> list[str]:
        """The files' names, in order; drafts and folders within are not among them."""
        with self._told():
            found = [entry.path.removeprefix(self.path) for entry in self.storage.list(self.path)]
        return [name for name in found if "/" not in name and not name.startswith(".")]

    def entries(self) -> list[Entry]:
        """Every file below it, drafts included, with size and time; paths are those below this folder."""
        with self._told():
            found = list(self.storage.list(self.path))
        return [replace(entry, path=entry.path.removeprefix(self.path)) for entry in found]

    def drafts(self) -> list[Entry]:
        """What killed processes left of files that they were writing, at any depth; paths are below this folder."""
        return [one for one in self.entries() if DRAFT.fullmatch(one.path.rpartition("/")[2])]

    def read_bytes(self, name: str) -> bytes:
        """A file's bytes; FileNotFoundError if it is not there."""
        with self._told():
            return self.storage.read(self.path + name)

    def read(self, name: str) -> str:
        """A file's text; FileNotFoundError if it is not there."""
        return self.read_bytes(name).decode("utf-8")

    def create(self, name: str, text: str) -> bool:
        """Write a file that is not there yet; False if it is."""
        with self._told():  # half a surrogate pair, as a file's name may bring it, has no UTF-8
            return self.storage.create(self.path + name, [text.encode("utf-8", "backslashreplace")])

    def create_bytes(self, name: str, content: bytes) -> bool:
        """Write a file of bytes that is not there yet; False if it is."""
        with self._told():
            return self.storage.create(self.path + name, [content])

    def replace_bytes(self, name: str, content: bytes) -> None:
        """Write a file of bytes in place of the one that is there, whole."""
        with self._told():
            self.storage.replace(self.path + name, [content])

    def replace(self, name: str, text: str) -> None:
        """Write a file in place of the one that is there, whole."""
        with self._told():
            self.storage.replace(self.path + name, [text.encode("utf-8", "backslashreplace")])

    def delete(self, name: str) -> None:
        """Remove a file; that it is not there is fine."""
        with self._told():
            self.storage.delete(self.path + name)

    def lease(self, name: str, holder: str) -> Lease | None:
        """The lease of a file, to be acquired by `holder`; None where the store gives none."""
        lease = getattr(self.storage, "lease", None)
        if lease is None:
            return None
        with self._told():
            found: Lease = lease(self.path + name, holder)
        return found

    def holder(self, name: str) -> str:
        """Who holds the lease of a file; empty where nobody does, and where the store gives none."""
        holder = getattr(self.storage, "holder", None)
        if holder is None:
            return ""
        with self._told():
            return str(holder(self.path + name))

    def uri(self, name: str) -> str:
        """Where a file is, for people: its path, or its address in the storage account."""
        return self.address(name).removeprefix("file:")

    def address(self, name: str) -> str:
        """Where a file or a folder within is, for Spark."""
        return self.storage.uri(self.path + name)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the store refuses here is no fault of the sources."""
        try:
            yield
        except SourceError as error:
            why = getattr(error.__context__, "strerror", None) or error.what
            besides = about_a_mount(error.__context__)
            raise CompanyActivityError(
                f"{self.uri('')}: {why}", remedy=f"check its space, rights and network{besides}"
            ) from None


def open_folder(place: str | Folder, inner: str = "") -> Folder:
    """The folder at a root, with the identity that we run as; `inner` is one below it.

    A folder that is open already lends its storage: no further client and no further credential is made.

    Raises:
        SettingsError: if the root is of a kind that we do not know.
    """
    folder = place if isinstance(place, Folder) else _opened(place)
    return folder.inside(inner) if inner else folder


def root_folder(place: str, landing: LandingSettings, secrets: SecretSettings) -> Folder:
    """The folder at a root of the settings; `landing.connection` opens what lies in the account it names."""
    return _opened(place, landing, secrets)


def lake_folder(settings: Settings) -> Folder:
    """The folder at `lake.root`."""
    return root_folder(settings.lake.root, settings.landing, settings.secrets)


def _opened(
    place: str, landing: LandingSettings | None = None, secrets: SecretSettings | None = None
) -> Folder:
    root = root_of(place, "small files cannot be kept:")
    if not root.path and not root.container:
        raise SettingsError(
            "small files cannot be kept in an account as a whole",
            remedy="give a directory, or abfss://<container>@<account>.dfs.core.windows.net/<path>",
        )
    return Folder(open_root(root, landing, secrets), "")
