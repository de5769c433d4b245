"""What a publish is to bring about, and what it brought about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from company_activity.io.warehouse.figures import Figures
from company_activity.io.warehouse.ledger import Fence
from company_activity.io.warehouse.served import ServedTable


@dataclass(frozen=True)
class PublishBatch:
    """What one transaction brings.

    `hashes` holds the content hash per scope (`missing`: its rows go). `staged` and `served` are the figures that
    staging and, afterwards, the served table must show, keyed as `statements` groups them. `base_seq` is the
    ledger row that changed rows were compared with; None where whole scopes are replaced. `resend` are scopes that
    the ledger calls published and that are not served so: sent again if they still are not under the lock.
    """

    table: ServedTable
    fence: Fence
    hashes: Mapping[str, str]
    staged: Mapping[str, Figures]
    served: Mapping[str, Figures]
    base_seq: int | None = None
    resend: frozenset[str] = frozenset()

    @property
    def publish_id(self) -> str:
        """Names the staging table: what the ids of its ledger rows are made of, in one."""
        scopes = [f"{scope}:{content}" for scope, content in sorted(self.hashes.items())]
        parts = [self.table.name, self.fence.lake_id, str(self.fence.version), *scopes]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class TablePublished:
    """What a publish did to one served table: scopes are ISO dates, or `all`.

    `already` were asked for and are served as the lake has them; `rows` were sent; `seconds` are wall
    time.
    """

    table: str
    published: tuple[str, ...]
    already: tuple[str, ...]
    rows: int
    seconds: float
