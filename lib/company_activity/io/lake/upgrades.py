"""Who accepted what an upgrade rewrites: a create-only file beside the lake, which outlives a killed run."""

from __future__ import annotations

import hashlib
import json

from company_activity.io.storage.folder import Folder, open_folder

FOLDER = "ops/upgrades"


class Upgrades:
    """The acceptance of rewriting for one set of versions of rules, constants and formulas, looked up once."""

    def __init__(self, lake: str | Folder, *versions: str) -> None:
        self._folder = open_folder(lake, FOLDER)
        self._versions = versions
        self._is_accepted: bool | None = None  # None: not looked up yet

    @property
    def is_accepted(self) -> bool:
        """Whether someone accepted what an upgrade to these versions rewrites."""
        if self._is_accepted is None:
            self._is_accepted = self._name in self._folder.names()
        return self._is_accepted

    def accept(self, run_id: str) -> None:
        """Keep the acceptance; the next run goes on where this one may be killed."""
        told = {"versions": self._versions, "run_id": run_id}
        self._folder.create(self._name, json.dumps(told, indent=1) + "\n")
        self._is_accepted = True

    def end(self) -> None:
        """Forget the acceptance: nothing is left of what it was given for."""
        self._folder.delete(self._name)
        self._is_accepted = False

    @property
    def _name(self) -> str:
        return hashlib.sha256("\n".join(self._versions).encode()).hexdigest()[:16] + ".json"
