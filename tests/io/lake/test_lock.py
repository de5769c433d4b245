"""A lake is held though nobody can write down by whom; a lock that the disk refuses is a sentence."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from company_activity.errors import CompanyActivityError
from company_activity.io.lake.lock import lake_lock


def refuse(*arguments: object) -> None:
    """What a broken disk answers."""
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize("call", ["ftruncate", "write"])
def test_a_lake_is_held_though_its_holder_cannot_be_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(os, call, refuse)
    said: list[str] = []
    with lake_lock(str(tmp_path), 0, said.append):
        assert said == [f"the lock of {tmp_path} does not tell who holds it: Input/output error"]


def test_a_lock_that_the_disk_refuses_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(CompanyActivityError, match="Input/output error — check the disk of lake.root"):
        lake_lock(str(tmp_path), 0).__enter__()
