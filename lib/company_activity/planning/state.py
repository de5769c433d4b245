"""What a table's state says: the mark of a usage date, and what is kept of a built date.

Plain Python over small maps. A mark is `<generation>:<digest>:<rules version>`, or `<generation>:missing` where the
date's newest generation has no content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from company_activity.records.fields import RULES_VERSION

State = Mapping[str, Any]
MISSING = "missing"
# Which formulas compute the activity table. Whoever changes what they give for the same input raises it: every date
# that an older version built is then built again.
FORMULA_VERSION = "2"
FIRST_VERSION = "1"  # of rules and formulas, where a state was written before it noted them


def mark(generation: int, content_digest: str | None, rules_version: str = RULES_VERSION) -> str:
    """What a state keeps of a date's newest generation, and by which rules its records were staged.

    >>> mark(2, "0123456789abcdef0123", rules_version="7"), mark(3, None)
    ('2:0123456789abcdef:7', '3:missing')
    """
    if not content_digest:
        return f"{generation}:{MISSING}"
    return f"{generation}:{content_digest[:16]}:{rules_version}"


def generation_of(noted: str) -> int:
    """The generation that a mark names.

    >>> generation_of("12:0123456789abcdef:2")
    12
    """
    return int(noted.partition(":")[0])


def under_rules(noted: str, rules_version: str = RULES_VERSION) -> str:
    """The mark of the same content, staged by other rules; a missing date was staged by none.

    >>> under_rules("1:0123456789abcdef", "2"), under_rules("1:missing", "2")
    ('1:0123456789abcdef:2', '1:missing')
    """
    generation, digest, *_ = noted.split(":")
    return noted if digest == MISSING else f"{generation}:{digest}:{rules_version}"


@dataclass(frozen=True)
class BuiltDate:
    """What the activity table's state keeps of a date: its content, and what computed it."""

    content_hash: str
    created_at: str
    rows: int | None = None
    metric_version: str = FIRST_VERSION
    formula_version: str = FIRST_VERSION

    @property
    def entry(self) -> list[Any]:
        """The date as the state holds it."""
        return [self.content_hash, self.created_at, self.rows, self.metric_version, self.formula_version]

    def is_computed_as_now(self, metric_version: str) -> bool:
        """Whether today's formulas and constants computed it."""
        return (self.metric_version, self.formula_version) == (metric_version, FORMULA_VERSION)


def built_dates(activity: State) -> dict[date, BuiltDate]:
    """The built dates by day; where a state of an older version is silent, what that version computed with.

    >>> old = {"dates": {"2025-01-01": ["9:x", "", 9]}, "metrics": {"version": "3"}}
    >>> built_dates(old)[date(2025, 1, 1)].entry
    ['9:x', '', 9, '3', '1']
    """
    noted = activity.get("metrics", {}).get("version", FIRST_VERSION)
    unsaid = ["", "", None, noted, FIRST_VERSION]
    found = {}
    for day, entry in activity.get("dates", {}).items():
        said = list(entry or ())
        found[date.fromisoformat(day)] = BuiltDate(*said, *unsaid[len(said) :])
    return found


def table_of(identity: str) -> str:
    """The table's id of `<table id>@<version>`."""
    return identity.partition("@")[0]


def version_of(identity: str) -> int:
    """The version of `<table id>@<version>`.

    >>> table_of("a1@7"), version_of("a1@7")
    ('a1', 7)
    """
    return int(identity.partition("@")[2])
