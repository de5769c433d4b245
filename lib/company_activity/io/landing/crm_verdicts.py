"""Verdicts on CRM files, kept beside the lake: each is about a path and its bytes."""

from __future__ import annotations

import hashlib

from company_activity.io.landing.verdict_files import ACCEPTED, BROKEN, REFUSED, VerdictFiles
from company_activity.io.storage.folder import Folder, open_folder

__all__ = ["ACCEPTED", "BROKEN", "LOSS", "CrmVerdicts"]

FOLDER = "ops/crm_verdicts"
LOSS = REFUSED


class CrmVerdicts:
    """Refusals and acceptances, each a create-only file."""

    def __init__(self, lake: str | Folder) -> None:
        self.folder = open_folder(lake, FOLDER)
        self._files = VerdictFiles(self.folder.names, self.folder.create)

    def is_refused(self, path: str, sha256: str) -> bool:
        """Whether these bytes of this path were refused, and nobody has accepted them since."""
        standing = self._files.standing(lambda verdict: _name(path, sha256, verdict))
        return standing in (LOSS, BROKEN)

    def is_broken(self, path: str, sha256: str) -> bool:
        """Whether these bytes of this path were refused for their broken rows.

        No other file of their date can change that.
        """
        return self._files.has(_name(path, sha256, BROKEN))

    def has_lost(self, path: str, sha256: str) -> bool:
        """Whether these bytes of this path were refused for their loss, accepted since or not."""
        return self._files.has(_name(path, sha256, LOSS))

    def is_accepted(self, path: str, sha256: str) -> bool:
        """Whether someone has accepted these bytes of this path."""
        return self._files.has(_name(path, sha256, ACCEPTED))

    def note(self, verdict: str, path: str, sha256: str, run_id: str, why: str) -> None:
        """Keep a verdict; one that is there already stays as it is."""
        content = {
            "verdict": verdict,
            "path": path,
            "sha256": sha256,
            "run_id": run_id,
            "why": why,
        }
        self._files.keep(_name(path, sha256, verdict), content)


def _name(path: str, sha256: str, verdict: str) -> str:
    key = hashlib.sha256(f"{path}\n{sha256}".encode()).hexdigest()[:32]
    return f"{key}.{verdict}.json"
