"""What somebody gave a table that ours are made without: seen in the commits since our newest one, without Spark."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from company_activity.errors import LakeUnfit
from company_activity.io.lake.commit_lines import lines_of

DELETION_VECTORS = "deletionVectors"
COLUMN_MAPPING = "columnMapping"
# Reader features under which a table's rows, its columns and its commits are where we look for them.
HARMLESS = frozenset({"vacuumProtocolCheck", "v2Checkpoint", "timestampNtz"})
# Commits that are not in the log's folder: a feature of writers only, and we would not see what they wrote.
ELSEWHERE = frozenset({"coordinatedCommits-preview"})


@dataclass(frozen=True)
class Features:
    """What a table has beyond ours, as far as its newest commits say.

    `properties` and `protocol` are None where none of them changed it.
    """

    properties: Mapping[str, str] | None = None
    protocol: frozenset[str] | None = None
    has_vectors: bool = False

    def unfit(self) -> str | None:
        """The first feature with which the table is not one of ours; None if it is.

        Deletion vectors that are switched off and purged are none, also where the protocol still names them; so are
        columns that nobody maps.

        >>> Features({"delta.columnMapping.mode": "name"}).unfit()
        'columnMapping'
        >>> Features({"delta.enableDeletionVectors": "false"}, frozenset({"deletionVectors"})).unfit()
        """
        properties = self.properties or {}
        if self.has_vectors or properties.get("delta.enableDeletionVectors") == "true":
            return DELETION_VECTORS
        if properties.get("delta.columnMapping.mode", "none") != "none":
            return COLUMN_MAPPING
        others = (self.protocol or frozenset()) - HARMLESS - {DELETION_VECTORS, COLUMN_MAPPING}
        return min(others, default=None)


def features_in(newest_first: Iterable[str]) -> Features:
    """What these commits of one table, the newest first, say of it; one without such a word says nothing."""
    properties: Mapping[str, str] | None = None
    protocol: frozenset[str] | None = None
    gone: set[str] = set()
    has_vectors = False
    for commit in newest_first:
        removed = set()
        for kind, action in _actions(commit):
            if kind == "metaData" and properties is None:
                properties = action.get("configuration", {})
            elif kind == "protocol" and protocol is None:
                protocol = features_of_protocol(action)
            elif kind == "remove":
                removed.add(_file(action))
            elif kind == "add" and action.get("deletionVector") and _file(action) not in gone:
                has_vectors = True
        gone |= removed
    return Features(properties, protocol, has_vectors)


def features_of_protocol(protocol: Mapping[str, Any]) -> frozenset[str]:
    """The features that a reader must know, and those of writers that keep commits from us."""
    readers = set(protocol.get("readerFeatures") or ())
    return frozenset(readers | ELSEWHERE.intersection(protocol.get("writerFeatures") or ()))


def unfit(table: str, uri: str, feature: str) -> LakeUnfit:
    """The refusal of a table, by its name."""
    return LakeUnfit(
        f"{table} has the Delta feature {feature}, which somebody gave it: its tables are read and"
        " written without; nothing was written",
        remedy=_remedy(uri, feature),
    )


def _remedy(uri: str, feature: str) -> str:
    aside = f"move {uri} aside: the next run builds the table again"
    if feature == DELETION_VECTORS:
        return (
            f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'false'),"
            f" then REORG TABLE delta.`{uri}` APPLY (PURGE); or {aside}"
        )
    return f"ALTER TABLE delta.`{uri}` DROP FEATURE '{feature}' (Delta 3.3 or newer); or {aside}"


def _actions(commit: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The actions of a commit that tell of features; the others, a thousand files perhaps, are not parsed."""
    for line in lines_of(commit):
        if (
            line.startswith(('{"metaData"', '{"protocol"', '{"remove"'))
            or '"deletionVector"' in line
        ):
            ((kind, action),) = json.loads(line).items()
            yield kind, action


def _file(action: Mapping[str, Any]) -> str:
    """A file with the vector that it has: a later commit may give it another one."""
    vector = action.get("deletionVector") or {}
    return f"{action['path']} {vector.get('pathOrInlineDv', '')}"
