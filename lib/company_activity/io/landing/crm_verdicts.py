"""What was decided about a CRM file: a verdict belongs to a path and its bytes, and lies beside the lake."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property

from company_activity.io.storage.folder import Folder, open_folder

FOLDER = "ops/crm_verdicts"
ACCEPTED, LOSS, BROKEN = "accepted", "refused", "broken"  # the verdicts, as the files' names hold them


class CrmVerdicts:
    """Refusals and acceptances, each a create-only file."""

    def __init__(self, lake: str | Folder) -> None:
        self.folder = open_folder(lake, FOLDER)

    def is_refused(self, path: str, sha256: str) -> bool:
        """These bytes of this path were refused, and nobody let them in since."""
        is_refused = self._has(path, sha256, LOSS) or self._has(path, sha256, BROKEN)
        return is_refused and not self.is_accepted(path, sha256)

    def is_broken(self, path: str, sha256: str) -> bool:
        """These bytes of this path were refused for their broken rows: no other file of their date can change that."""
        return self._has(path, sha256, BROKEN)

    def has_lost(self, path: str, sha256: str) -> bool:
        """These bytes of this path were refused for their loss, whoever let them in since."""
        return self._has(path, sha256, LOSS)

    def is_accepted(self, path: str, sha256: str) -> bool:
        """Someone let these bytes of this path in."""
        return self._has(path, sha256, ACCEPTED)

    def note(self, verdict: str, path: str, sha256: str, run_id: str, why: str) -> None:
        """Keep a verdict; one that stands already stays as it is."""
        if not self._has(path, sha256, verdict):
            content = {"verdict": verdict, "path": path, "sha256": sha256, "run_id": run_id, "why": why}
            self.folder.create(self._name(path, sha256, verdict), json.dumps(content, indent=1) + "\n")
            self._names.add(self._name(path, sha256, verdict))

    @cached_property
    def _names(self) -> set[str]:
        """The files that are there: listed once, however many verdicts are asked for."""
        return set(self.folder.names())

    def _has(self, path: str, sha256: str, verdict: str) -> bool:
        return self._name(path, sha256, verdict) in self._names

    def _name(self, path: str, sha256: str, verdict: str) -> str:
        key = hashlib.sha256(f"{path}\n{sha256}".encode()).hexdigest()[:32]
        return f"{key}.{verdict}.json"
