"""What a lake remembers of a table's log ends with whatever may have committed, however that ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from company_activity.io.lake.delta import Lake
from company_activity.schemas import QUARANTINE


class Torn:
    """A table builder whose commit stands, and whose answer is lost."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def __getattr__(self, name: str) -> Any:
        return lambda *given: self

    def execute(self) -> None:
        self.log.mkdir(parents=True)
        commit = self.log / f"{0:020}.json"
        commit.write_text('{"metaData":{"id":"t"}}\n', encoding="utf-8")
        raise OSError("lost")


def test_a_table_that_was_made_by_a_failed_call_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = Torn(tmp_path / QUARANTINE.path / "_delta_log")
    monkeypatch.setattr("delta.tables.DeltaTable.createIfNotExists", lambda session: builder)
    lake = Lake(str(tmp_path), lambda: None)  # type: ignore[arg-type, return-value]
    assert not lake.exists(QUARANTINE)
    with pytest.raises(OSError, match="lost"):
        lake.create(QUARANTINE)
    assert lake.exists(QUARANTINE)
