"""Files that a table has given up: told by its log and a listing of its folder, without Spark.

Delta's own VACUUM would not do. It forgets after a week that a file was given up, whatever `RETAIN` says, and
takes it then, though an older version may still be read. It cannot be told which versions those are. It needs
a JVM to find that there is nothing to do, and writes two commits.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from company_activity.io.lake.commit_lines import lines_of
from company_activity.io.lake.delta_log import DeltaLog

if TYPE_CHECKING:
    from company_activity.io.storage.folder import Folder
    from company_activity.io.storage.port import Entry

LOG = "_delta_log/"
LAST_CHECKPOINT = f"{LOG}_last_checkpoint"
KINDS = ("add", "remove")
# How far the clock of a store may be from that of whoever commits.
CLOCKS_APART = timedelta(days=1)


class LogUnclear(Exception):
    """Which files a table has cannot be told for certain: why."""


@dataclass(frozen=True)
class Checkpoint:
    """A version, and the files that the table then had; version −1 and none: from the log's beginning."""

    version: int = -1
    live: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Keep:
    """What is kept of the files that a table has given up: those given up since a moment, and those of versions."""

    since: datetime
    versions: Collection[int] = ()


def old_files(folder: Folder, keep: Keep) -> list[Entry]:
    """The files in a table's folder that it gave up long ago, or that no commit ever named; paths are below it.

    Whatever was written since `keep.since` stays. So does each file that a version in `keep.versions` has, as far as
    the log goes back to it. The folder is listed before its log is read: what somebody commits meanwhile is not listed,
    or is told by the log.

    Raises:
        LogUnclear: if the log does not tell for certain which files the table has.
    """
    listed = {entry.path: entry for entry in folder.entries()}
    log = DeltaLog(folder.inside(LOG))
    if log.version < 0:
        return []
    _check_features(log)
    data = {path for path in listed if not _is_hidden(path)}
    aged = {path for path, entry in listed.items() if entry.modified_at < keep.since}
    if not aged:
        return []
    checkpoint = _newest_checkpoint(folder, listed)
    live = _live(log, checkpoint)
    if lacking := live - data:
        raise LogUnclear(
            f"{len(lacking)} of its files are not where they should be: {min(lacking)}"
        )
    kept = live | _given_up_lately(log, listed, keep)
    gone = (data & aged) - kept
    checksums = {path for path in aged if (of := _is_checksum_of(path)) and of not in data - gone}
    return [listed[path] for path in (*sorted(gone), *sorted(checksums))]


def _check_features(log: DeltaLog) -> None:
    """See that nobody gave the table what makes its files mean something else.

    Raises:
        LogUnclear: naming it, or if a commit cannot be read.
    """
    try:
        feature = log.features.unfit()
    except (ValueError, TypeError, LookupError):
        raise LogUnclear("a commit cannot be read") from None
    if feature:
        raise LogUnclear(f"somebody gave it {feature}")


def _live(log: DeltaLog, checkpoint: Checkpoint) -> set[str]:
    """The files that the table has."""
    live = set(checkpoint.live)
    for _, kind, file in _file_actions(log, checkpoint.version):
        if kind == "add":
            live.add(_path(file))
        else:
            live.discard(_path(file))
    return live


def _given_up_lately(log: DeltaLog, listed: Mapping[str, Entry], keep: Keep) -> set[str]:
    """The files that were given up since `keep.since`, or by a commit after a version that is kept."""
    since = keep.since - CLOCKS_APART
    recent = [
        version
        for version in log.versions
        if (entry := listed.get(f"{LOG}{version:020d}.json")) is None or entry.modified_at >= since
    ]
    # What lies behind a gap in the log cannot be read as a version any more.
    readable = [one for one in keep.versions if log.commits_between(one, log.version) is not None]
    oldest = min([*readable, *(version - 1 for version in recent)], default=log.version)
    moment = keep.since.timestamp() * 1000
    found = set()
    for version, kind, file in _file_actions(log, oldest):
        is_of_kept = any(one < version for one in readable)
        if kind == "remove" and (is_of_kept or file.get("deletionTimestamp", moment) >= moment):
            found.add(_path(file))
    return found


def _file_actions(log: DeltaLog, after: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Version, kind (`add` or `remove`) and file of each action after a version, the oldest first.

    Raises:
        LogUnclear: if a commit is not there any more.
    """
    commits = log.commits_between(after, log.version)
    if commits is None:
        raise LogUnclear(f"its log does not go back to version {after + 1}")
    for version, commit in enumerate(commits, after + 1):
        for line in lines_of(commit):
            if not any(f'"{kind}"' in line for kind in KINDS):
                continue
            for kind, file in _actions(line, version):
                yield version, kind, file


def _actions(line: str, version: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The actions of a line that add or remove a file, whoever wrote it, and however it is spaced.

    Raises:
        LogUnclear: if it cannot be read.
    """
    try:
        action = json.loads(line)
        found = [(kind, dict(action[kind])) for kind in KINDS if kind in action]
        for _, file in found:
            _path(file)
    except (ValueError, TypeError, LookupError):
        raise LogUnclear(f"commit {version} cannot be read") from None
    yield from found


def _newest_checkpoint(folder: Folder, listed: Mapping[str, Entry]) -> Checkpoint:
    """The checkpoint that Delta names as the newest; from the beginning, where it names none.

    Raises:
        LogUnclear: if it cannot be read, or is of a kind that our tables do not have.
    """
    if LAST_CHECKPOINT not in listed:
        return Checkpoint()
    try:
        named = json.loads(folder.read(LAST_CHECKPOINT))
        version = int(named["version"])
        files = list(_checkpoint_files(version, named.get("parts")))
        live = frozenset(path for name in files for path in _added_in(folder.read_bytes(name)))
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OSError,
        NotImplementedError,
    ) as broken:
        # Arrow's own errors are among these
        why = (str(broken).splitlines() or [""])[0]
        raise LogUnclear(f"its last checkpoint cannot be read ({why})") from None
    if named.get("numOfAddFiles", len(live)) != len(live):
        raise LogUnclear(f"its checkpoint of version {version} does not have the files it counts")
    return Checkpoint(version, live)


def _checkpoint_files(version: int, parts: int | None) -> Iterator[str]:
    """The files of a checkpoint.

    >>> list(_checkpoint_files(10, None))
    ['_delta_log/00000000000000000010.checkpoint.parquet']
    """
    stem = f"{LOG}{version:020d}.checkpoint"
    if parts is None:
        yield f"{stem}.parquet"
        return
    for number in range(1, parts + 1):
        yield f"{stem}.{number:010d}.{parts:010d}.parquet"


def _added_in(checkpoint: bytes) -> Iterator[str]:
    """The paths of the files that a table had, of a part of its checkpoint."""
    from pyarrow import parquet

    rows = parquet.ParquetFile(BytesIO(checkpoint)).read(columns=["add.path"])
    for row in rows.column("add").to_pylist():
        if row and row["path"]:
            yield unquote(row["path"])


def _path(file: Mapping[str, Any]) -> str:
    """An action's path, as the store has it."""
    return unquote(str(file["path"]))


def _is_hidden(path: str) -> bool:
    """Whether a path is none of data: the log, drafts, checksums.

    >>> _is_hidden("_delta_log/0.json"), _is_hidden("date=2025-01-01/.part-0.parquet.crc"), _is_hidden("part-0.parquet")
    (True, True, False)
    """
    return any(name.startswith(("_", ".")) for name in path.split("/"))


def _is_checksum_of(path: str) -> str:
    """The file whose checksum Hadoop keeps in this one on a local disk; empty where it is none of data.

    >>> _is_checksum_of("date=2025-01-01/.part-0.parquet.crc"), _is_checksum_of("part-0.parquet")
    ('date=2025-01-01/part-0.parquet', '')
    """
    folder, slash, name = path.rpartition("/")
    if not (name.startswith(".") and name.endswith(".crc")):
        return ""
    of = f"{folder}{slash}{name[1:].removesuffix('.crc')}"
    return "" if _is_hidden(of) else of
