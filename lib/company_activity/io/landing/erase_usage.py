"""A company taken out of the landed usage: each date that holds it gets a new generation without its lines.

The manifest of the new generation comes first, then the older ones that hold the company go, the manifests before the
parts that no other names. So whoever is killed leaves the old content or the new, and the next erasure finds the rest.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import count, islice

from company_activity.errors import LandingCorrupt
from company_activity.io.landing.landing import READ_BYTES, Landing
from company_activity.io.landing.manifest import Manifest, Part, is_held
from company_activity.io.landing.parts import Lines, write_parts
from company_activity.io.landing.paths import PROVISIONAL, generation_path, part_path
from company_activity.io.landing.retention import remove_unneeded
from company_activity.records.item import ContentDigest
from company_activity.records.landed_line import item_of
from company_activity.records.tombstone import Tombstones

LINES_A_CHUNK = 1000
PLAIN_ID = re.compile(rb'"company_id"[ \t]*:[ \t]*"([^"]*)"')


@dataclass(frozen=True)
class ErasedDate:
    """What an erasure did to a date: the lines that its newest generation lost, and the generations that went."""

    day: date
    lines: int
    gone: tuple[int, ...]


@dataclass(frozen=True)
class Holding:
    """A date's manifests by generation, and the parts of them that hold an erased company."""

    manifests: Mapping[int, Manifest]
    parts: frozenset[str]

    @property
    def newest(self) -> Manifest:
        return self.manifests[max(self.manifests)]

    def holds(self, manifest: Manifest) -> bool:
        """Whether a generation names a part that holds it."""
        return any(part.path in self.parts for part in manifest.parts)


def holding(landing: Landing, day: date, erased: Tombstones) -> Holding:
    """Which of a date's parts hold an erased company.

    Raises:
        LandingMissing, LandingCorrupt: if a manifest or a part is gone or broken.
    """
    manifests = {number: landing.manifest(day, number) for number in landing.files_of(day)}
    for manifest in manifests.values():
        if not landing.is_all_there(manifest):
            landing.check(manifest)  # which says what is wrong
    parts = {part.path: part for manifest in manifests.values() for part in manifest.parts}
    found = (path for path, part in parts.items() if _part_holds(landing, part, erased))
    return Holding(manifests, frozenset(found))


def dates_holding(landing: Landing, erased: Tombstones) -> list[date]:
    """The dates of which a generation holds an erased company."""
    return [day for day in landing.generations() if holding(landing, day, erased).parts]


def erase_usage(
    landing: Landing, day: date, erased: Tombstones, run_id: str, staged: int
) -> ErasedDate | None:
    """Take erased companies out of a date under its lock; None if nothing of the date holds one.

    Pages of a fetch that has not ended, and parts that no manifest names, go as well: they may hold it. `staged` is the
    generation that staging has: what stood before is not judged anew.
    """
    with landing.lock(day):
        found = holding(landing, day, erased)
        going = sorted(number for number, one in found.manifests.items() if found.holds(one))
        remove_unneeded(landing, day, ())
        if not going:
            return None
        lines = _Erasing(landing, found, erased, run_id).commit(staged)
        remove_unneeded(landing, day, going)
        return ErasedDate(day, lines, tuple(going))


@dataclass(frozen=True)
class _Erasing:
    """An erasure at work on a date that it has locked: what holds the company there, and the run that takes it out."""

    landing: Landing
    found: Holding
    erased: Tombstones
    run_id: str

    def commit(self, staged: int) -> int:
        """Commit the newest content without the company; how many lines it lost.

        What was held stays held, without it. Where staging has an older generation that holds it, that comes first: it
        stays there to roll back to. Nothing is committed where only what nobody needs any more holds it.

        Raises:
            LandingMissing, LandingCorrupt: if a part is not what its manifest says; it would be taken for whole.
        """
        newest = self.found.newest
        held = self.landing.held_digests(newest)
        of_held = [one for one in self._holding if is_held(one.content_digest, held)]
        stood = staged in (newest.generation, newest.erased_generation)
        before = [one for one in self._holding if one.generation == staged and not stood]
        if not (self.found.holds(newest) or before or of_held):
            return 0
        self.landing.check(newest)
        for one in of_held:
            self.landing.check(one)
            left = self._digest(one.parts)
            content = one.content_digest
            held = tuple(left if is_held(content, [digest]) else digest for digest in held)
        generation = max(newest.generation, staged) + 1
        for one in before:
            self.landing.check(one)
            self._commit(replace(one, erased_generation=staged), generation, held)
            generation += 1
        ours = replace(newest, erased_generation=staged if stood else None)
        return newest.rows - self._commit(ours, generation, held).rows

    @property
    def _holding(self) -> list[Manifest]:
        """The generations that hold the company."""
        return [one for one in self.found.manifests.values() if self.found.holds(one)]

    def _commit(self, source: Manifest, generation: int, held: tuple[str, ...]) -> Manifest:
        """Commit what a generation holds, without the company, as a new one."""
        parts = self._rewritten(source, generation)
        ours = replace(
            source,
            generation=generation,
            parts=parts,
            rows=sum(part.rows for part in parts),
            content_digest=self._digest(parts) if source.is_complete else "",
            run_id=self.run_id,
            held_digests=held,
        )
        landing = self.landing
        if PROVISIONAL in landing.files_of(source.date)[source.generation]:
            mark = generation_path(source.date, generation, PROVISIONAL)
            landing.storage.create(landing.at(mark), (b"{}\n",))
        if not landing.create_manifest(ours):
            raise LandingCorrupt(
                f"{source.date} has got a generation {generation} from elsewhere, though the date is locked",
                remedy="find out who writes to this landing besides, then erase again",
            )
        return ours

    def _rewritten(self, source: Manifest, generation: int) -> tuple[Part, ...]:
        """A generation's parts; those that hold the company are written again without its lines."""
        landing = self.landing
        parts: list[Part] = []
        numbers = count()

        def path_of(_: int) -> str:
            compression = landing.settings.compression
            return part_path(source.date, generation, next(numbers), self.run_id, compression)

        for part in source.parts:
            if part.path not in self.found.parts:
                parts.append(part)
                continue
            pages = _pages(self._kept(part))
            parts += write_parts(landing.storage, pages, landing.settings, path_of)
        return tuple(parts)

    def _digest(self, parts: Iterable[Part]) -> str:
        """The digest of the content of these parts without the company."""
        digest = ContentDigest()
        for part in parts:
            digest.add(item_of(line.decode()).canonical for line in self._kept(part))
        return digest.hexdigest()

    def _kept(self, part: Part) -> Iterator[bytes]:
        """The lines of a part that are not of the company."""
        return (line for line in _lines(self.landing, part) if not _is_of(line, self.erased))


def _pages(lines: Iterator[bytes]) -> Iterator[Lines]:
    while chunk := list(islice(lines, LINES_A_CHUNK)):
        yield Lines(b"".join(line + b"\n" for line in chunk), len(chunk))


def _part_holds(landing: Landing, part: Part, erased: Tombstones) -> bool:
    return any(_is_of(line, erased) for line in _lines(landing, part))


def _is_of(line: bytes, erased: Tombstones) -> bool:
    """Whether a landed line is an item of an erased company.

    A line without a backslash says its ids as they are, so that only one that says an erased one is taken apart.
    """
    if b"\\" not in line:
        ids = (found.decode("utf-8", "replace") for found in PLAIN_ID.findall(line))
        if not any(map(erased.covers, ids)):
            return False
    return erased.covers_item(item_of(line.decode()).canonical)


def _lines(landing: Landing, part: Part) -> Iterator[bytes]:
    """The lines of a part, without their line feeds."""
    rest = b""
    for chunk in _chunks(landing, part):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _chunks(landing: Landing, part: Part) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31) if part.path.endswith(".gz") else None
    try:
        with landing.storage.open(landing.at(part.path)) as stream:
            while chunk := stream.read(READ_BYTES):
                yield unpacker.decompress(chunk) if unpacker else chunk
    except OSError as error:
        raise LandingCorrupt(
            f"{part.path} cannot be read: {error.strerror or error}",
            remedy="check the disk of landing.root",
        ) from None
    if unpacker:
        yield unpacker.flush()
