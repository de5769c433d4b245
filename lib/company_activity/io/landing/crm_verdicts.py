"""What was decided about a CRM file: a verdict belongs to a path and its bytes, and lies beside the lake."""

from __future__ import annotations

import hashlib
import json

from company_activity.io.files import open_folder

FOLDER = "ops/crm_verdicts"


class CrmVerdicts:
    """Refusals and acceptances, each a create-only file."""

    def __init__(self, lake_root: str) -> None:
        self.folder = open_folder(f"{lake_root.rstrip('/')}/{FOLDER}")

    def is_refused(self, path: str, sha256: str) -> bool:
        """These bytes of this path were refused, and nobody let them in since."""
        return self._has(path, sha256, "refused") and not self.is_accepted(path, sha256)

    def is_accepted(self, path: str, sha256: str) -> bool:
        """Someone let these bytes of this path in."""
        return self._has(path, sha256, "accepted")

    def note(self, verdict: str, path: str, sha256: str, run_id: str, why: str) -> None:
        """Keep a verdict; one that stands already stays as it is."""
        if not self._has(path, sha256, verdict):
            content = {"verdict": verdict, "path": path, "sha256": sha256, "run_id": run_id, "why": why}
            self.folder.create(self._name(path, sha256, verdict), json.dumps(content, indent=1) + "\n")

    def _has(self, path: str, sha256: str, verdict: str) -> bool:
        return self._name(path, sha256, verdict) in self.folder.names()

    def _name(self, path: str, sha256: str, verdict: str) -> str:
        key = hashlib.sha256(f"{path}\n{sha256}".encode()).hexdigest()[:32]
        return f"{key}.{verdict}.json"
