"""The jars of this machine are those that were listed, and one changed byte is seen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from company_activity.errors import RuntimeMissing
from company_activity.runtime.jar_digests import check_jars, known_digests
from company_activity.runtime.local import resolved_jars

pytestmark = pytest.mark.row("D1")


def test_every_jar_that_a_session_is_given_is_the_one_that_was_listed() -> None:
    jars = resolved_jars()
    assert len(jars) > 5
    check_jars(jars, known_digests())


def test_a_jar_with_one_bit_changed_is_refused(tmp_path: Path) -> None:
    smallest = min(resolved_jars(), key=lambda jar: jar.stat().st_size)
    changed = tmp_path / smallest.name
    shutil.copyfile(smallest, changed)
    check_jars([changed], known_digests())
    content = bytearray(changed.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    with pytest.raises(RuntimeMissing, match="is not the jar that was listed: its sha256 is"):
        check_jars([changed], known_digests())
