"""Landed parts where executors can read them: on another machine, a directory of the driver's is not there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from company_activity.io.landing.landing import READ_BYTES, Landing
from company_activity.io.storage.local import LocalStorage
from company_activity.runtime.session import has_executors_elsewhere

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

    from company_activity.io.landing.manifest import Manifest, Part
    from company_activity.io.storage.folder import Folder

COPIES = "ops/landing"  # under the lake, which driver and executors share
LEFT_AFTER = timedelta(days=2)  # no other run still reads copies of that age


@contextmanager
def parts_within_reach(
    spark: SparkSession,
    landing: Landing,
    manifests: Iterable[Manifest],
    lake: Folder,
    now: datetime,
) -> Iterator[Mapping[str, str]]:
    """By the path of each part, what executors read it by: as it landed, or by a copy in the lake until the end.

    A copy is made only of a landing in a directory that executors elsewhere do not see. Each call's copies lie in a
    folder of their own: another run may be at work, for a lock on the lake can be lost. What a killed run left goes
    when it is two days old.

    Raises:
        LandingMissing, LandingCorrupt: if a part to be copied is not there, or not what its manifest says.
    """
    listed = list(manifests)
    parts = [part for manifest in listed for part in manifest.parts]
    if not parts or is_seen_by_executors(spark, landing, parts[0]):
        yield landing.addresses(listed)
        return
    _sweep(lake.inside(COPIES), written_before=now - LEFT_AFTER)
    copies = lake.inside(f"{COPIES}/{uuid4().hex}")
    for manifest in listed:
        landing.check(manifest)
    try:
        yield {part.path: _copied(landing, part, copies) for part in parts}
    finally:
        _sweep(copies)


def is_seen_by_executors(spark: SparkSession, landing: Landing, part: Part) -> bool:
    """Whether executors can read what has landed; asked of them where they are not the driver and it is a directory."""
    if not isinstance(landing.storage, LocalStorage) or not has_executors_elsewhere(spark):
        return True
    path = str(landing.storage.file(landing.at(part.path)))
    tasks = 2 * spark.sparkContext.defaultParallelism  # so that likely no executor is left out

    def looked_for(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        is_there = os.access(path, os.R_OK) and os.path.getsize(path) == part.bytes
        for batch in batches:
            yield pa.RecordBatch.from_pydict({"seen": pa.array([is_there] * batch.num_rows)})

    asked = spark.range(0, tasks, 1, tasks).mapInArrow(looked_for, "seen boolean")
    return all(row.seen for row in asked.collect())


def _copied(landing: Landing, part: Part, copies: Folder) -> str:
    with landing.storage.open(landing.at(part.path)) as stream:
        copies.storage.create(copies.path + part.path, iter(lambda: stream.read(READ_BYTES), b""))
    return copies.address(part.path)


def sweep_copies(lake: Folder) -> None:
    """Remove every copy; no other run may be at work."""
    _sweep(lake.inside(COPIES))


def _sweep(copies: Folder, written_before: datetime | None = None) -> None:
    for entry in list(copies.storage.list(copies.path)):
        if written_before is None or entry.modified_at < written_before:
            copies.storage.delete(entry.path)
