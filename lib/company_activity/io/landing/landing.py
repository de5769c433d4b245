"""The landing: what the usage API said, date by date, committed by a manifest and by nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta

from company_activity.errors import LandingCorrupt, LandingMissing
from company_activity.io.landing.manifest import Manifest, Part, read_manifest
from company_activity.io.landing.paths import (
    HELD,
    MANIFEST,
    PROVISIONAL,
    RELEASED,
    Generations,
    committed,
    generation_path,
    lock_path,
)
from company_activity.io.storage.port import Storage
from company_activity.settings.model import LandingSettings

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
        return committed(self._paths("date="))

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
        return committed(self._paths(f"date={day}/")).get(day, {})

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
            if HELD in generations[newest]:
                manifest = self.manifest(day, newest)
                is_released = RELEASED in generations[newest] and self._is_released(manifest)
                found[day] = () if is_released else manifest.held_digests
        return {day: held for day, held in found.items() if held}

    def held_digests(self, newest: Manifest | None) -> tuple[str, ...]:
        """The contents that are held where this is a date's newest generation; none once released."""
        if newest is None or not newest.held_digests or self._is_released(newest):
            return ()
        return newest.held_digests

    def _is_released(self, manifest: Manifest) -> bool:
        """Whether what the manifest holds was released; a release of another manifest of its number does not count.

        One that an older version wrote does not name the manifest's run: it is told by what it released.
        """
        path = generation_path(manifest.date, manifest.generation, RELEASED)
        try:
            release = json.loads(self.storage.read(self.at(path)))
            digests, run_id = release["digests"], release.get("of_run", manifest.run_id)
        except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError):
            return False  # not there, or not what `release` writes
        return (tuple(digests), run_id) == (manifest.held_digests, manifest.run_id)

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

    def at(self, path: str) -> str:
        """A path under the container, as the storage knows it."""
        return f"{self.settings.usage_container}/{path}"

    def _paths(self, prefix: str) -> Iterator[str]:
        """The paths under the container that begin so."""
        for entry in self.storage.list(self.at(prefix)):
            yield entry.path.removeprefix(self.at(""))

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
