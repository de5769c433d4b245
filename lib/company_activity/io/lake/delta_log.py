"""What a table was built from, read from its Delta log as JSON: no Spark, no JVM, wherever the lake is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from company_activity.errors import CompanyActivityError, LakeUnfit
from company_activity.io.lake.commit_lines import lines_of
from company_activity.io.lake.table_features import Features, features_in
from company_activity.io.storage.folder import Folder, open_folder
from company_activity.planning.state import NO_VERSION, TableVersion

OURS = "company_activity"
NUMBER = "number"  # of a state: each commit of ours counts on from the state that it was built from
LOOKED_AT = (
    "looked_at"  # of a state: the table's version that it was built from, whoever committed that
)
MAX_STATE_BYTES = 1_000_000


class DeltaLog:
    """The log of one table as it stands: listed once, each commit read once."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._texts: dict[int, str] = {}

    @property
    def version(self) -> int:
        """The table's newest version, whoever committed it; −1 where it is not made yet."""
        return max(self._names, default=-1)

    @cached_property
    def state(self) -> dict[str, Any]:
        """The state that the newest commit of ours carries; `{}` where the table or such a commit is absent.

        Foreign commits (VACUUM, OPTIMIZE, ALTER TABLE) carry none and are passed over.
        """
        for _, commit in self._newest_first():
            state = state_in(commit)
            if state is not None:
                return state
        return {}

    @cached_property
    def number(self) -> int:
        """How many commits of ours the table has had, as its newest state counts them; never above its version.

        A state that an older version wrote has no number: the version of its commit stands for it, which foreign
        commits do not move. If every commit of ours has expired, it is the table's version.
        """
        for version, commit in self._newest_first():
            state = state_in(commit)
            if state is not None:
                return int(state.get(NUMBER, version))
        is_whole = not self._names or 0 in self._names
        return 0 if is_whole else self.version

    @cached_property
    def table_id(self) -> str:
        """The id that the table got when it was made, empty where it is not made yet."""
        for _, commit in self._newest_first():
            made = table_id_in(commit) or (state_in(commit) or {}).get("table_id")
            if made:
                return str(made)
        return ""

    @cached_property
    def identity(self) -> TableVersion:
        """The table's id and the version of the newest commit of ours.

        Foreign commits change no row, so they make no new identity. The state names the table's id, and the log need
        not be read back to the commit that made the table: it may have expired.
        """
        version = -1
        made = ""
        for number, commit in self._newest_first():
            state = state_in(commit)
            if not made:
                made = table_id_in(commit) or (state or {}).get("table_id") or ""
            if version < 0 and state is not None:
                version = number
            if made and version >= 0:
                return TableVersion(made, version)
        return NO_VERSION

    @cached_property
    def features(self) -> Features:
        """What the commits since our newest one, and that one, say of the table's features.

        Ours is only made to a table that was fit, so nothing older is read.
        """
        commits = []
        for _, commit in self._newest_first():
            commits.append(commit)
            if state_in(commit) is not None:
                break
        return features_in(commits)

    @cached_property
    def has_rows_of_others(self) -> bool:
        """Whether somebody else brought or took rows that our newest commit has not seen: its figures are of others.

        They came after it, or between the version that it was built from and it.
        """
        for version, commit in self._newest_first():
            state = state_in(commit)
            if state is not None:
                unseen = self.commits_between(state.get(LOOKED_AT, version - 1), version - 1)
                return unseen is None or any(map(changes_rows, unseen))
            if changes_rows(commit):
                return True
        return False

    def commits_between(self, since: int, until: int) -> list[str] | None:
        """The commits after version `since`, up to `until`, the oldest first; None where one of them has expired."""
        numbers = range(since + 1, until + 1)
        if any(number not in self._names for number in numbers):
            return None
        return [self._text(number) for number in numbers]

    @property
    def versions(self) -> list[int]:
        """The versions whose commits are still there, the oldest first."""
        return sorted(self._names)

    @cached_property
    def _names(self) -> dict[int, str]:
        """The file name of each commit by version; checkpoints and others are none."""
        found = {}
        for name in self._folder.names():
            stem = name.removesuffix(".json")
            if stem != name and stem.isdecimal():
                found[int(stem)] = name
        return found

    def _newest_first(self) -> Iterator[tuple[int, str]]:
        """Version and text of the table's commits.

        Raises:
            CompanyActivityError: if one has expired since they were listed.
            LakeUnfit: if one is broken.
        """
        for number in sorted(self._names, reverse=True):
            yield number, self._text(number)

    def _text(self, number: int) -> str:
        if number not in self._texts:
            self._texts[number] = self._read(self._names[number])
        return self._texts[number]

    def _read(self, name: str) -> str:
        try:
            text = self._folder.read(name)
            state_in(text)
            table_id_in(text)
            return text
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ):  # torn, or not what Delta writes
            raise LakeUnfit(
                f"{self._folder.uri(name)} cannot be read as a Delta commit",
                remedy="restore it, or move the table aside: the next run builds it again",
            ) from None
        except FileNotFoundError:
            raise CompanyActivityError(
                f"{self._folder.uri(name)} has gone since the log was listed",
                remedy="run again; if it happens again, restore the table's _delta_log",
            ) from None


def open_log(lake: str | Folder, table_path: str) -> DeltaLog:
    """The log of a table of the lake, read as it is asked."""
    return DeltaLog(open_folder(lake, f"{table_path}/_delta_log"))


def state_in(commit: str) -> dict[str, Any] | None:
    """The state in a commit's text, None where it has none.

    >>> state_in('{"commitInfo":{"userMetadata":"{\\\\"company_activity\\\\":{\\\\"dates\\\\":{}}}"}}')
    {'dates': {}}
    """
    for line in lines_of(commit):
        if '"commitInfo"' not in line:
            continue
        metadata = json.loads(line)["commitInfo"].get("userMetadata")
        if metadata and metadata.startswith(f'{{"{OURS}"'):
            state: dict[str, Any] = json.loads(metadata)[OURS]
            return state
    return None


def encode_state(state: Mapping[str, Any]) -> str:
    """The commit metadata that carries `state`.

    Raises:
        LakeUnfit: if it is over 1 MB: a table with 20 MB in a commit can never be read again.
    """
    text = as_text(state)
    if len(text.encode()) > MAX_STATE_BYTES:
        raise LakeUnfit(
            f"the state of a commit would take {len(text.encode()):,} bytes, more than {MAX_STATE_BYTES:,}; nothing was"
            " written",
            remedy="keep fewer years in this lake: start another lake for future dates",
        )
    return text


def state_warnings(table: str, state: Mapping[str, Any]) -> list[str]:
    """A sentence where a table's state has come to half of what a commit may carry."""
    size = len(as_text(state).encode())
    if size * 2 <= MAX_STATE_BYTES:
        return []
    return [
        f"the state of {table} takes {size:,} bytes of the {MAX_STATE_BYTES:,} that a commit may carry"
    ]


def as_text(state: Mapping[str, Any]) -> str:
    """A state as JSON, always the same text for the same content."""
    return json.dumps({OURS: state}, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def changes_rows(commit: str) -> bool:
    """Whether a commit brings or takes rows; one that arranges them anew (OPTIMIZE) does not.

    >>> changes_rows('{"remove":{"path":"a","dataChange":true}}'), changes_rows('{"commitInfo":{}}')
    (True, False)
    >>> changes_rows('{"add":{"path":"b","dataChange":false}}'), changes_rows('{"add":{"path":"a\u2028b"}}')
    (False, True)
    """
    files = [line for line in lines_of(commit) if line.startswith(('{"add"', '{"remove"'))]
    for line in files:
        ((_, file),) = json.loads(line).items()
        if file.get("dataChange") is not False:
            return True
    return False


def table_id_in(commit: str) -> str | None:
    """The table's id, of a commit that made or altered it."""
    for line in lines_of(commit):
        if line.startswith('{"metaData"'):
            return str(json.loads(line)["metaData"]["id"])
    return None
