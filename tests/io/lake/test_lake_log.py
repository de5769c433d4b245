"""What a lake remembers of a table's log ends with whatever may have committed, however that ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from company_activity.errors import CompanyActivityError, LakeUnfit
from company_activity.io.lake.delta import Lake
from company_activity.io.lake.delta_log import open_log
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


def test_a_commit_that_expires_while_the_log_is_read_is_told_with_its_place(tmp_path: Path) -> None:
    folder = tmp_path / QUARANTINE.path / "_delta_log"
    folder.mkdir(parents=True)
    for version in range(2):
        (folder / f"{version:020}.json").write_text('{"commitInfo":{}}\n', encoding="utf-8")
    log = open_log(str(tmp_path), QUARANTINE.path)
    assert log.version == 1
    (folder / f"{0:020}.json").unlink()
    with pytest.raises(CompanyActivityError, match=r"quarantine/records/_delta_log/0{20}\.json has gone") as told:
        log.state  # noqa: B018 - read now
    assert told.value.remedy.startswith("run again")


@pytest.mark.parametrize(
    "text",
    [
        b'{"commitInfo":{"userMeta',
        b'{"commitInfo":[]}',
        b'{"commitInfo":{"userMetadata":"{\\"company_activity\\" no"}}',
        b'{"metaData":{}}',
        b"\xff",
    ],
)
def test_a_torn_commit_is_refused_by_its_name(tmp_path: Path, text: bytes) -> None:
    folder = tmp_path / QUARANTINE.path / "_delta_log"
    folder.mkdir(parents=True)
    (folder / f"{0:020}.json").write_bytes(text)
    with pytest.raises(LakeUnfit, match=r"0{20}\.json cannot be read as a Delta commit") as refused:
        open_log(str(tmp_path), QUARANTINE.path).state  # noqa: B018 - read now
    assert "the next run builds it again" in refused.value.remedy
