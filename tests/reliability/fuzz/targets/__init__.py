"""What is fuzzed: each target has a check of any bytes, and seeds to begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reliability.fuzz.targets import csv_files, landed_lines, pages, settings_texts


@dataclass(frozen=True)
class Target:
    """`check` raises for bytes that show a defect; `seeds` are inputs of the usual kind, and of many odd ones.

    `words` are pieces that the format knows: chance alone would seldom put them together.
    """

    check: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    words: tuple[bytes, ...]


TARGETS = {
    "csv": Target(csv_files.check, csv_files.seeds, csv_files.WORDS),
    "lines": Target(landed_lines.check, landed_lines.seeds, landed_lines.WORDS),
    "pages": Target(pages.check, pages.seeds, pages.WORDS),
    "settings": Target(settings_texts.check, settings_texts.seeds, settings_texts.WORDS),
}
