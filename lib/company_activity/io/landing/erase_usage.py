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
        lines = 0
        of_staging = found.manifests.get(staged)
        is_staged = of_staging is not None and found.holds(of_staging)
        if found.holds(found.newest) or is_staged or _held(landing, found):
            lines = found.newest.rows - _without(landing, found, erased, run_id, staged).rows
        remove_unneeded(landing, day, going)
        return ErasedDate(day, lines, tuple(going))


def _held(landing: Landing, found: Holding) -> list[Manifest]:
    """The generations that hold the company and whose content is held."""
    held = landing.held_digests(found.newest)
    return [
        one
        for one in found.manifests.values()
        if found.holds(one) and is_held(one.content_digest, held)
    ]


def _without(
    landing: Landing, found: Holding, erased: Tombstones, run_id: str, staged: int
) -> Manifest:
    """Commit the newest generation's content without the company; what was held stays held, without it.

    Where staging has an older one that holds the company, that comes first: it stays there to roll back to.

    Raises:
        LandingMissing, LandingCorrupt: if a part is not what its manifest says; it would be taken for whole.
    """
    newest = found.newest
    landing.check(newest)
    generation = max(newest.generation, staged) + 1
    held = landing.held_digests(newest)
    for one in _held(landing, found):
        landing.check(one)
        left = _digest(landing, one.parts, erased)
        held = tuple(left if one.content_digest.startswith(digest) else digest for digest in held)
    stood = staged in (newest.generation, newest.erased_generation)
    before = found.manifests.get(staged)
    if not stood and before and before.is_complete and found.holds(before):
        landing.check(before)
        _commit(landing, found, before, erased, generation, run_id, held, staged)
        generation += 1
    erased_generation = staged if stood else None
    return _commit(landing, found, newest, erased, generation, run_id, held, erased_generation)


def _commit(
    landing: Landing,
    found: Holding,
    source: Manifest,
    erased: Tombstones,
    generation: int,
    run_id: str,
    held: tuple[str, ...],
    erased_generation: int | None,
) -> Manifest:
    """Commit a generation's content without the company as a new one."""
    parts = _rewritten(landing, found, source, erased, generation, run_id)
    ours = replace(
        source,
        generation=generation,
        parts=parts,
        rows=sum(part.rows for part in parts),
        content_digest=_digest(landing, parts, erased) if source.is_complete else "",
        run_id=run_id,
        erased_generation=erased_generation,
        held_digests=held,
    )
    marks = landing.files_of(source.date)[source.generation]
    if PROVISIONAL in marks:
        mark = generation_path(source.date, generation, PROVISIONAL)
        landing.storage.create(landing.at(mark), (b"{}\n",))
    assert landing.create_manifest(ours)  # the date is locked
    return ours


def _rewritten(
    landing: Landing,
    found: Holding,
    source: Manifest,
    erased: Tombstones,
    generation: int,
    run_id: str,
) -> tuple[Part, ...]:
    """A generation's parts; those that hold the company are written again without its lines."""
    parts: list[Part] = []
    numbers = count()

    def path_of(_: int) -> str:
        compression = landing.settings.compression
        return part_path(source.date, generation, next(numbers), run_id, compression)

    for part in source.parts:
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
