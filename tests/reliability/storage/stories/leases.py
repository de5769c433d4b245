"""The story of a lake that is held by a lease, renewed and let go; only in a blob store."""

from __future__ import annotations

from typing import Any

from company_activity.errors import LakeMoved
from company_activity.io.lake.lock import LOCK, lake_lock
from company_activity.io.storage.folder import Folder

from reliability.storage.stories.story import Given, Story


def hold(given: Given) -> None:
    """Hold the lake, note something, and renew the lease as a run of more than a minute does."""
    assert isinstance(given.lake, Folder)
    with lake_lock("abfss://any@where.dfs.core.windows.net/lake", 0, print, given.lake) as held:
        if held.lease:
            held.lease.renew()
        given.lake.create("ops/note.json", "{}\n")
        if held.news():
            raise LakeMoved("the lease was lost", remedy="the step is taken again")


def let_go(given: Given) -> Any:
    """What was noted; nobody holds the lake."""
    assert isinstance(given.lake, Folder)
    return given.lake.read("ops/note.json"), given.lake.holder(LOCK)


LEASE = Story("lease", hold, let_go)
