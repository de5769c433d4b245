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
from itertools import islice

from company_activity.io.landing.landing import READ_BYTES, Landing
from company_activity.io.landing.manifest import Manifest, Part, is_held
from company_activity.io.landing.parts import Lines, write_parts
from company_activity.io.landing.paths import (
    IN_GENERATION,
    MANIFEST,
    PROVISIONAL,
    day_in,
    generation_path,
    part_path,
    unfinished_path,
)
from company_activity.io.landing.unfinished import discard
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
    parts = {part.path: part for manifest in manifests.values() for part in manifest.parts}
    found = (path for path, part in parts.items() if _part_holds(landing, part, erased))
    return Holding(manifests, frozenset(found))


def dates_unfinished(landing: Landing) -> set[date]:
    """The dates with pages of a fetch that has not ended."""
    paths = (entry.path for entry in landing.storage.list(landing.at("_unfinished/")))
    days = (day_in(path.removeprefix(landing.at(""))) for path in paths)
    return {day for day in days if day}


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
        discard(landing.storage, landing.at(unfinished_path(day)))
        found = holding(landing, day, erased)
        _remove_unnamed(landing, day, found.manifests.values())
        if not found.parts:
            return None
        newest = found.newest
        lines = 0
        if found.holds(newest) or _held(found):
            newest = _without(landing, found, erased, run_id, staged)
            lines = found.newest.rows - newest.rows
        going = [number for number, one in found.manifests.items() if found.holds(one)]
        _remove(landing, day, going, newest, found)
        return ErasedDate(day, lines, tuple(sorted(going)))


def _held(found: Holding) -> list[Manifest]:
    """The generations that hold the company and whose content is held."""
    held = found.newest.held_digests
    return [
        one
        for one in found.manifests.values()
        if found.holds(one) and is_held(one.content_digest, held)
    ]


def _without(
    landing: Landing, found: Holding, erased: Tombstones, run_id: str, staged: int
) -> Manifest:
    """Commit the newest generation's content without the company; what was held stays held, without it."""
    newest = found.newest
    generation = max(newest.generation, staged) + 1
    held = newest.held_digests
    for one in _held(found):
        left = _digest(landing, one.parts, erased)
        held = tuple(left if one.content_digest.startswith(digest) else digest for digest in held)
    parts = _rewritten(landing, found, erased, generation, run_id)
    stood = newest.generation == staged
    ours = replace(
        newest,
        generation=generation,
        parts=parts,
        rows=sum(part.rows for part in parts),
        content_digest=_digest(landing, parts, erased) if newest.is_complete else "",
        run_id=run_id,
        erased_generation=newest.generation if stood else None,
        held_digests=held,
    )
    marks = landing.files_of(newest.date)[newest.generation]
    if PROVISIONAL in marks:
        mark = generation_path(newest.date, generation, PROVISIONAL)
        landing.storage.create(landing.at(mark), (b"{}\n",))
    assert landing.create_manifest(ours)  # the date is locked
    return ours


def _rewritten(
    landing: Landing, found: Holding, erased: Tombstones, generation: int, run_id: str
) -> tuple[Part, ...]:
    """The newest generation's parts; those that hold the company are written again without its lines."""
    newest = found.newest
    parts: list[Part] = []
    numbers = iter(range(len(newest.parts) * 1000))

    def path_of(_: int) -> str:
        compression = landing.settings.compression
        return part_path(newest.date, generation, next(numbers), run_id, compression)

    for part in newest.parts:
        if part.path not in found.parts:
            parts.append(part)
            continue
        kept = (line for line in _lines(landing, part) if not _is_of(line, erased))
        pages = _pages(kept)
        parts += write_parts(landing.storage, pages, landing.settings, path_of)
    return tuple(parts)


def _pages(lines: Iterator[bytes]) -> Iterator[Lines]:
    while chunk := list(islice(lines, LINES_A_CHUNK)):
        yield Lines(b"".join(line + b"\n" for line in chunk), len(chunk))


def _digest(landing: Landing, parts: Iterable[Part], erased: Tombstones) -> str:
    """The digest of the content of these parts without the company."""
    digest = ContentDigest()
    for part in parts:
        kept = (line for line in _lines(landing, part) if not _is_of(line, erased))
        digest.add(item_of(line.decode()).canonical for line in kept)
    return digest.hexdigest()


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
    with landing.storage.open(landing.at(part.path)) as stream:
        while chunk := stream.read(READ_BYTES):
            yield unpacker.decompress(chunk) if unpacker else chunk
    if unpacker:
        yield unpacker.flush()


def _remove(
    landing: Landing, day: date, going: Iterable[int], newest: Manifest, found: Holding
) -> None:
    """Remove generations: their manifests, what lies beside these, then the parts that none names which stays."""
    gone = set(going)
    staying = [one for number, one in found.manifests.items() if number not in gone]
    for number in sorted(gone):
        landing.storage.delete(landing.at(generation_path(day, number, MANIFEST)))
    for entry in list(landing.storage.list(landing.at(f"date={day}/"))):
        place = IN_GENERATION.fullmatch(entry.path.removeprefix(landing.at("")))
        if place and int(place[2]) in gone and not place[3].startswith("usage_"):
            landing.storage.delete(entry.path)
    _remove_unnamed(landing, day, [*staying, newest])


def _remove_unnamed(landing: Landing, day: date, manifests: Iterable[Manifest]) -> None:
    """Remove the date's parts that no manifest names: nobody is landing it, for we hold its lock."""
    named = {part.path for manifest in manifests for part in manifest.parts}
    for entry in list(landing.storage.list(landing.at(f"date={day}/"))):
        path = entry.path.removeprefix(landing.at(""))
        place = IN_GENERATION.fullmatch(path)
        if place and place[3].startswith("usage_") and path not in named:
            landing.storage.delete(entry.path)
