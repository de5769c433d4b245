"""Where a text is still written: every file of a place, however it is packed or escaped."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pyarrow.parquet as pq


def spellings(text: str) -> set[bytes]:
    """The text raw, escaped as JSON, encoded for URLs, and in base64, wherever it begins in a longer text."""
    plain = text.encode()
    found = {plain, json.dumps(text)[1:-1].encode(), json.dumps(text, ensure_ascii=False)[1:-1].encode()}
    found |= {quote(text).encode(), quote(text, safe="").encode(), quote_plus(text).encode()}
    for shift in range(3):
        # The characters at both ends depend on what stands beside the text.
        encoded = base64.b64encode(b"\0" * shift + plain).rstrip(b"=")
        found.add(encoded[(shift * 8 + 5) // 6 : -1])
    return found


def traces(folder: Path, *texts: str) -> list[str]:
    """The files under a folder in which one of the texts is written in any of these ways."""
    wanted = {spelling for text in texts for spelling in spellings(text)}
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return [str(file.relative_to(folder)) for file in files if _is_in(wanted, _contents(file))]


def _is_in(wanted: Iterable[bytes], contents: Iterable[bytes]) -> bool:
    return any(text in content for content in contents for text in wanted)


def _contents(file: Path) -> Iterator[bytes]:
    data = file.read_bytes()
    yield data
    yield str(file).encode()
    if file.name.endswith(".gz"):
        yield gzip.decompress(data)
    if file.suffix == ".parquet":
        rows = pq.read_table(file).to_pylist()
        yield "\n".join(map(str, (value for row in rows for value in row.values()))).encode()
