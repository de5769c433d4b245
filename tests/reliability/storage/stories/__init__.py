"""What is done to a disk while its calls fail: each story by the project's own code, in one process, without Spark."""

from __future__ import annotations

from reliability.storage.stories import erasing, landing, messages, notes, runs
from reliability.storage.stories.story import Given, Story

__all__ = ["STORIES", "Given", "Story"]

STORIES = {
    story.name: story
    for story in (
        *(landing.INGEST, landing.LATE, landing.ROLLBACK, landing.RELEASE, landing.RETENTION),
        *(erasing.ERASE, runs.RUN, messages.OUTBOX, messages.DIGESTS, notes.VERDICTS, notes.MIRRORS),
    )
}
