"""Pages put together to parts: files of a size that Spark reads in parallel."""

from __future__ import annotations

import hashlib
import itertools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from company_activity.errors import SourceError
from company_activity.io.landing.manifest import Part
from company_activity.io.storage.port import Storage
from company_activity.settings.model import LandingSettings


@dataclass(frozen=True)
class Lines:
    """The landed lines of one page: `text` holds `rows` of them, each ended by a line feed."""

    text: bytes
    rows: int


def write_parts(
    storage: Storage,
    pages: Iterator[Lines],
    landing: LandingSettings,
    path_of: Callable[[int], str],
) -> tuple[Part, ...]:
    """Write pages to parts, each closed by the page with which it reaches `landing.part_bytes`.

    `path_of` gives a part's path under the container. Memory is that of a page.
    """
    parts: list[Part] = []
    filled = (page for page in pages if page.rows)
    while (first := next(filled, None)) is not None:
        part = _OpenPart(path_of(len(parts)), landing)
        if not storage.create(
            f"{landing.usage_container}/{part.path}", part.fill(itertools.chain((first,), filled))
        ):
            raise SourceError(
                f"{part.path} already exists", remedy="let the other run of this run_id end"
            )
        parts.append(part.done())
    return tuple(parts)


class _OpenPart:
    def __init__(self, path: str, landing: LandingSettings) -> None:
        self.path = path
        self._wanted_bytes = landing.part_bytes
        # wbits 31: a gzip header without name and time, so the same pages give the same bytes
        self._packer = zlib.compressobj(wbits=31) if landing.compression == "gzip" else None
        self._sha256 = hashlib.sha256()
        self._bytes = self._rows = 0

    def fill(self, pages: Iterator[Lines]) -> Iterator[bytes]:
        """The part's bytes, chunk by chunk, until it is large enough or the pages end."""
        while self._bytes < self._wanted_bytes and (page := next(pages, None)) is not None:
            self._rows += page.rows
            yield self._counted(self._packer.compress(page.text) if self._packer else page.text)
        if self._packer:
            yield self._counted(self._packer.flush())

    def _counted(self, chunk: bytes) -> bytes:
        self._sha256.update(chunk)
        self._bytes += len(chunk)
        return chunk

    def done(self) -> Part:
        """What the manifest says of it."""
        return Part(self.path, self._sha256.hexdigest(), self._bytes, self._rows)
