"""What is done to a disk while its calls fail: each story by the project's own code, in one process, without Spark."""

from __future__ import annotations

from reliability.storage.stories import erasing, landing, leases, messages, notes, runs
from reliability.storage.stories.story import Given, Story

__all__ = ["BLOB_STORIES", "STORIES", "Given", "Story"]

STORIES = {
    story.name: story
    for story in (
        *(landing.INGEST, landing.LATE, landing.ROLLBACK, landing.RELEASE, landing.RETENTION),
        *(erasing.ERASE, runs.RUN, messages.OUTBOX, messages.DIGESTS, notes.VERDICTS, notes.MIRRORS),
    )
}

# Those that need no folder of their own beside the store.
BLOB_STORIES = {
    story.name: story
    for story in (
        *(landing.INGEST_ONE, landing.LATE, landing.ROLLBACK, landing.RELEASE, landing.RETENTION),
        *(leases.LEASE, notes.VERDICTS, notes.MIRRORS),
    )
}
