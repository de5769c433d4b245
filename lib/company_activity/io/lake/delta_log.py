"""What a table was built from, read from its Delta log as JSON: no Spark, no JVM."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OURS = "company_activity"
MAX_STATE_BYTES = 1_000_000


def newest_state(lake_root: str, table_path: str) -> dict[str, Any]:
    """The state that the newest commit of ours carries; `{}` where the table or such a commit is absent.

    Foreign commits (VACUUM, OPTIMIZE, ALTER TABLE) carry none and are passed over.
    """
    log = Path(lake_root.removeprefix("file://"), table_path, "_delta_log")
    for commit in sorted(log.glob("*.json"), reverse=True):
        state = state_in(commit.read_text(encoding="utf-8"))
        if state is not None:
            return state
    return {}


def state_in(commit: str) -> dict[str, Any] | None:
    """The state in a commit's text, None where it has none.

    >>> state_in('{"commitInfo":{"userMetadata":"{\\\\"company_activity\\\\":{\\\\"dates\\\\":{}}}"}}')
    {'dates': {}}
    """
    for line in commit.splitlines():
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
        ValueError: if it is over 1 MB: a table with 20 MB in a commit can never be read again.
    """
    text = json.dumps({OURS: state}, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    if len(text.encode()) > MAX_STATE_BYTES:
        raise ValueError(f"the state of a commit takes {len(text)} bytes, more than {MAX_STATE_BYTES}")
    return text


def identity(lake_root: str, table_path: str) -> str:
    """`<table id>@<version>` as the log says, empty where the table is not made yet."""
    log = Path(lake_root.removeprefix("file://"), table_path, "_delta_log")
    commits = sorted(log.glob("*.json"))
    for commit in reversed(commits):
        for line in commit.read_text(encoding="utf-8").splitlines():
            if line.startswith('{"metaData"'):
                return f"{json.loads(line)['metaData']['id']}@{int(commits[-1].stem)}"
    return ""
