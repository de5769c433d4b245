"""The files of a table that only one of two versions has: what differs between the versions stands in them.

Which they are is read from the commits between the versions, without Spark.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from company_activity.io.lake.commit_lines import lines_of
from company_activity.runtime.compute import reads_plain_files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from company_activity.io.lake.delta_log import DeltaLog
    from company_activity.schemas import Table

WILDCARDS = frozenset("*?[]{}\\")


@dataclass(frozen=True)
class ChangedFiles:
    """Paths under the table's folder: those that only the older version has, and those that only the newer one has.

    Whatever stands in the other files is the same in both versions.
    """

    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def files_changed_by(commits: Iterable[str]) -> ChangedFiles | None:
    """What these commits, the oldest first, changed in all; None where their files are not plain ones.

    A file that came and went between the two versions is in neither.

    >>> first = '{"add":{"path":"a"}}\\n{"remove":{"path":"0"}}'
    >>> files_changed_by([first, '{"remove":{"path":"a"}}\\n{"add":{"path":"b%20c"}}'])
    ChangedFiles(removed=('0',), added=('b c',))
    >>> files_changed_by(['{"add":{"path":"a","deletionVector":{"storageType":"u"}}}']) is None
    True
    """
    removed: dict[str, None] = {}
    added: dict[str, None] = {}
    for commit in commits:
        for kind, file in _actions(commit):
            if not _is_plain(file):
                return None
            path = unquote(file["path"])
            here, there = (added, removed) if kind == "add" else (removed, added)
            if path in there:
                del there[path]
            else:
                here[path] = None
    return ChangedFiles(tuple(removed), tuple(added))


def read_changed(
    spark: SparkSession, table: Table, uri: str, log: DeltaLog, since: int, until: int
) -> tuple[DataFrame, DataFrame] | None:
    """The rows that may differ between two versions of the table at `uri`: the older ones, and the newer ones.

    Rows that are in neither stand in both versions as they are. None where the files themselves may not be read, or
    where the log no longer says which they are, or where a path would not be taken as it is written: then the versions
    have to be compared whole.
    """
    commits = log.commits_between(since, until)
    if commits is None or not reads_plain_files(spark):
        return None
    files = files_changed_by(commits)
    if files is None or has_wildcard([uri, *files.removed, *files.added]):
        return None
    return _rows(spark, table, uri, files.removed), _rows(spark, table, uri, files.added)


def has_wildcard(paths: Iterable[str]) -> bool:
    """Whether Spark takes one of these paths for a pattern, which Delta does not: it would read other files, or none.

    >>> has_wildcard(["/lake/dim/companies"]), has_wildcard(["/lake[2025]/dim/companies"])
    (False, True)
    """
    return any(not WILDCARDS.isdisjoint(path) for path in paths)


def _rows(spark: SparkSession, table: Table, uri: str, paths: Iterable[str]) -> DataFrame:
    found = [f"{uri}/{path}" for path in paths]
    if not found:
        return spark.createDataFrame([], table.struct)
    return spark.read.schema(table.struct).parquet(*found)


def _is_plain(file: Mapping[str, Any]) -> bool:
    """Its rows came or went with it, all of them count, and all their columns stand in it, under the table's folder."""
    # OPTIMIZE moves rows; what counts statistics anew names a file again that both versions have
    is_rearranged = file.get("dataChange") is False
    is_elsewhere = file["path"].startswith("/") or ":" in file["path"].split("/")[0]
    is_in_parts = file.get("deletionVector") or file.get("partitionValues")
    return not (is_rearranged or is_elsewhere or is_in_parts)


def _actions(commit: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The actions of a commit that add or remove a file."""
    for line in lines_of(commit):
        if line.startswith(('{"add"', '{"remove"')):
            ((kind, file),) = json.loads(line).items()
            yield kind, file
