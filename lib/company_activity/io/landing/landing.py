"""The landing: what the usage API said, date by date, committed by a manifest and by nothing else."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta

from company_activity.errors import LandingCorrupt, LandingMissing, SourceError
from company_activity.io.landing.manifest import Manifest, Part, read_manifest
from company_activity.io.landing.paths import (
    HELD,
    MANIFEST,
    PROVISIONAL,
    RELEASED,
    Generations,
    committed,
    day_in,
    generation_path,
    is_spare,
    lock_path,
    unfinished_path,
)
from company_activity.io.storage.port import Storage
from company_activity.settings.model import LandingSettings

log = logging.getLogger(__name__)
READ_BYTES = 1024 * 1024


class Landing:
    """The usage container of a store. Readers see generations with a manifest, and nothing else."""

    def __init__(self, storage: Storage, landing: LandingSettings) -> None:
        self.storage = storage
        self.settings = landing

    def generations(self) -> dict[date, int]:
        """The newest generation of every date that has one, from one listing."""
        return {day: max(found) for day, found in self.files().items()}

    def files(self) -> Generations:
        """The names of the files of every generation that has a manifest, from one listing."""
        return committed(self._written("date="))

    def provisional_dates(self) -> list[date]:
        """Dates whose newest generation was fetched before they had settled, from one listing."""
        return sorted(
            day
            for day, generations in self.files().items()
            if PROVISIONAL in generations[max(generations)]
        )

    def dates_to_fetch(self, asked: Sequence[date], refetch_days: int) -> list[date]:
        """The dates asked for, those before them that may have late data, and provisional ones."""
        before = [asked[0] - timedelta(days=n) for n in range(1, refetch_days + 1)] if asked else []
        return sorted({*asked, *before, *self.provisional_dates()})

    def files_of(self, day: date) -> dict[int, set[str]]:
        """The names of the files of each generation of a date that has a manifest."""
        return committed(self._written(f"date={day}/")).get(day, {})

    def newest(self, day: date) -> Manifest | None:
        """The manifest of the date's newest generation; None if it has none."""
        found = self.files_of(day)
        return self.manifest(day, max(found)) if found else None

    def held(self, files: Generations) -> dict[date, tuple[str, ...]]:
        """The digests of the contents that are held of each date with any, given all its files.

        Only manifests beside a mark are opened.
        """
        found = {}
        for day, generations in sorted(files.items()):
            newest = max(generations)
            if HELD in generations[newest] and RELEASED not in generations[newest]:
                found[day] = self.manifest(day, newest).held_digests
        return {day: held for day, held in found.items() if held}

    def held_digests(self, newest: Manifest | None) -> tuple[str, ...]:
        """The contents that are held where this is a date's newest generation; none once released."""
        if newest is None or not newest.held_digests:
            return ()
        try:
            self.storage.read(self.at(generation_path(newest.date, newest.generation, RELEASED)))
        except FileNotFoundError:
            return newest.held_digests
        return ()

    def manifest(self, day: date, generation: int) -> Manifest:
        """A generation's manifest.

        Raises:
            LandingMissing: if the date has no such generation.
            LandingCorrupt: if its manifest cannot be read.
        """
        path = generation_path(day, generation, MANIFEST)
        try:
            manifest = read_manifest(self.storage.read(self.at(path)), path)
        except FileNotFoundError:
            raise LandingMissing(
                f"no {path} under {self.settings.usage_container}", remedy=_fetch_again(day)
            ) from None
        if (manifest.date, manifest.generation) != (day, generation):
            raise LandingCorrupt(
                f"{path} is that of {manifest.date}, generation {manifest.generation}",
                remedy=f"delete it, then {_fetch_again(day)}",
            )
        return manifest

    def check(self, manifest: Manifest) -> None:
        """Read every part that the manifest names, to its end.

        Raises:
            LandingMissing: if one is not there.
            LandingCorrupt: if one has another size or sha256.
        """
        for part in manifest.parts:
            try:
                size, sha256 = self._measure(part)
            except FileNotFoundError:
                raise LandingMissing(
                    f"{part.path} is gone", remedy=_fetch_again(manifest.date)
                ) from None
            except OSError as error:
                raise LandingCorrupt(
                    f"{part.path} cannot be read: {error.strerror or error}",
                    remedy="check the disk of landing.root",
                ) from None
            if (size, sha256) != (part.bytes, part.sha256):
                raise LandingCorrupt(
                    f"{part.path} has {size:,} bytes with sha256 {sha256[:12]}…;"
                    f" its manifest says {part.bytes:,} with {part.sha256[:12]}…",
                    remedy=f"delete it, then {_fetch_again(manifest.date)}",
                )

    def is_all_there(self, manifest: Manifest) -> bool:
        """Whether each part of the manifest is listed with its size. Unlike `check`, reads no bytes."""
        sizes = {
            entry.path: entry.size for entry in self.storage.list(self.at(f"date={manifest.date}/"))
        }
        return all(sizes.get(self.at(part.path)) == part.bytes for part in manifest.parts)

    def addresses(self, manifests: Iterable[Manifest]) -> dict[str, str]:
        """By the path of each part of the manifests, what Spark reads it by."""
        parts = (part for manifest in manifests for part in manifest.parts)
        return {part.path: self.storage.uri(self.at(part.path)) for part in parts}

    def lock(self, day: date) -> AbstractContextManager[None]:
        """Hold the date: whoever fetches or commits it does so inside."""
        return self.storage.lock(self.at(lock_path(day)), self.settings.lock_timeout_seconds)

    def create_manifest(self, manifest: Manifest) -> bool:
        """Commit a generation, the one way there is; False if there is one of its number."""
        if manifest.held_digests:  # for the listing that `held` is told from
            mark = generation_path(manifest.date, manifest.generation, HELD)
            self.storage.create(self.at(mark), (b"{}\n",))
        path = generation_path(manifest.date, manifest.generation, MANIFEST)
        return self.storage.create(self.at(path), (manifest.to_json().encode(),))

    def sweep(self, now: datetime) -> list[str]:
        """Remove what is of no use and older than `landing.orphan_max_age_hours`; the paths removed.

        That is parts of killed or lost runs, pages never finished, torn temporary files. A date
        that a run holds, or one with a manifest that cannot be read, is left alone.
        """
        before = now - timedelta(hours=self.settings.orphan_max_age_hours)
        listed: dict[date, dict[str, datetime]] = defaultdict(dict)
        for path, written_at in self._written("date=", "_unfinished/").items():
            if day := day_in(path):
                listed[day][path] = written_at
        removed: list[str] = []
        for day, written in sorted(listed.items()):
            try:
                if self._spares(day, written, before):
                    for path in self._sweep_date(day, before):
                        removed.append(path)  # what is gone stays named if the next one fails
            except SourceError as error:
                log.warning("%s is not swept: %s", day, error)
        return removed

    def at(self, path: str) -> str:
        """A path under the container, as the storage knows it."""
        return f"{self.settings.usage_container}/{path}"

    def _written(self, *prefixes: str) -> dict[str, datetime]:
        """The paths under the container that begin so, and when each was written."""
        entries = (entry for prefix in prefixes for entry in self.storage.list(self.at(prefix)))
        return {entry.path.removeprefix(self.at("")): entry.modified_at for entry in entries}

    def _spares(self, day: date, written: Mapping[str, datetime], before: datetime) -> list[str]:
        """A date's old files that are of no use: no manifest names them."""
        generations = committed(written).get(day, {})
        named = {
            part.path for generation in generations for part in self.manifest(day, generation).parts
        }
        old = (
            path
            for path, written_at in written.items()
            if written_at < before and path not in named
        )
        return [path for path in old if is_spare(path, generations)]

    def _sweep_date(self, day: date, before: datetime) -> Iterator[str]:
        """Remove a date's useless files under its lock; each path is yielded once it is removed."""
        with self.storage.lock(self.at(lock_path(day)), timeout_seconds=0):
            written = self._written(f"date={day}/", f"{unfinished_path(day)}/")
            for path in self._spares(day, written, before):
                self.storage.delete(self.at(path))
                yield path

    def _measure(self, part: Part) -> tuple[int, str]:
        """A part's size in bytes and its sha256."""
        size = 0
        sha256 = hashlib.sha256()
        with self.storage.open(self.at(part.path)) as stream:
            while chunk := stream.read(READ_BYTES):
                size += len(chunk)
                sha256.update(chunk)
        return size, sha256.hexdigest()


def _fetch_again(day: date) -> str:
    return f'run "company-activity ingest --start {day} --end {day}"'
