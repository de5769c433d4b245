"""The acceptance of an upgrade: one listing a run, and true from the moment it is given."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

from company_activity.io.lake.upgrades import Upgrades
from company_activity.io.storage.folder import Folder


def test_it_is_looked_up_once(tmp_path: Path) -> None:
    upgrade = Upgrades(str(tmp_path), "rules 2", "metrics 1")
    with mock.patch.object(Folder, "names", return_value=[]) as names:
        assert [upgrade.is_accepted for _ in range(3)] == [False] * 3
    assert names.call_count == 1


def test_it_holds_for_this_run_and_the_next_until_it_is_ended(tmp_path: Path) -> None:
    upgrade = Upgrades(str(tmp_path), "rules 2", "metrics 1")
    assert not upgrade.is_accepted
    upgrade.accept("run-1")
    assert (upgrade.is_accepted, Upgrades(str(tmp_path), "rules 2", "metrics 1").is_accepted) == (True, True)
    assert not Upgrades(str(tmp_path), "rules 3", "metrics 1").is_accepted
    upgrade.end()
    assert (upgrade.is_accepted, Upgrades(str(tmp_path), "rules 2", "metrics 1").is_accepted) == (False, False)
