"""A story: what is there before, what is done, and what must be true in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from company_activity.io.landing.landing import Landing
from company_activity.io.storage.folder import Folder
from company_activity.io.storage.opening import LocalStorage, Storage
from company_activity.settings.model import LandingSettings

LANDING = LandingSettings("", part_bytes=150, lock_timeout_seconds=0)


@dataclass(frozen=True)
class Given:
    """Where a story takes place, where its usage API is, and who does it: the run that meets a fault, or the next one."""

    root: Path
    api: str
    run_id: str
    storage: Storage | None = None  # a blob store, in place of the folders of the root

    @property
    def landing(self) -> Landing:
        """The landing of the place."""
        return Landing(self.storage or LocalStorage(self.root / "landing"), LANDING)

    @property
    def lake(self) -> str | Folder:
        """The root of its lake."""
        return Folder(self.storage, "lake/") if self.storage else str(self.root / "lake")

    @property
    def drop(self) -> Path:
        """Where its messages are dropped."""
        return self.root / "drop"


def nothing_before(given: Given) -> None:
    """The disk is empty."""


@dataclass(frozen=True)
class Story:
    """`act` is done once under a fault, and once again; `ends` is compared with the undisturbed end.

    `act` may hand back an exit code. `ends` also sees for itself that nothing is broken.
    """

    name: str
    act: Callable[[Given], int | None]
    ends: Callable[[Given], Any]
    before: Callable[[Given], None] = nothing_before

    def whole(self, given: Given) -> None:
        """See that whatever a reader finds in the middle of it is whole."""
        landed(given.landing)


def landed(landing: Landing) -> dict[str, Any]:
    """What readers see of the landing: each generation, whole; and what is held."""
    seen: dict[str, Any] = {}
    files = landing.files()
    for day, generations in sorted(files.items()):
        for number in sorted(generations):
            manifest = landing.manifest(day, number)
            landing.check(manifest)
            beside = sorted(name for name in generations[number] if not name.startswith(("usage_", ".")))
            seen[f"{day} {number}"] = (manifest.state, manifest.content_digest, manifest.rows, beside)
    return seen | {f"{day} held": held for day, held in landing.held(files).items()}
