"""What a lake remembers of a table's log ends with whatever may have committed, however that ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from company_activity.io.lake.delta import Lake
from company_activity.schemas import QUARANTINE


class Torn:
    """A session whose statement commits, and whose answer is lost."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def sql(self, statement: str) -> None:
        assert statement.startswith("CREATE TABLE IF NOT EXISTS")
        self.log.mkdir(parents=True)
        commit = self.log / f"{0:020}.json"
        commit.write_text('{"metaData":{"id":"t"}}\n', encoding="utf-8")
        raise OSError("lost")


def test_a_table_that_was_made_by_a_failed_call_is_seen(tmp_path: Path) -> None:
    session = Torn(tmp_path / QUARANTINE.path / "_delta_log")
    lake = Lake(str(tmp_path), lambda: session)  # type: ignore[arg-type, return-value]
    assert not lake.exists(QUARANTINE)
    with pytest.raises(OSError, match="lost"):
        lake.create(QUARANTINE)
    assert lake.exists(QUARANTINE)
