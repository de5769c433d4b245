"""A page's body: received within a bound, decoded where it is gzip."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from http.client import IncompleteRead

import requests
from urllib3.exceptions import HTTPError

from company_activity.errors import ApiError
from company_activity.io.api.retry import TransientError
from company_activity.io.net.causes import cause, chain

CHUNK_BYTES = 64 * 1024
GZIP = ("gzip", "x-gzip")


def read_body(response: requests.Response, max_bytes: int) -> bytes:
    """The whole body, unpacked.

    Raises:
        TransientError: if it was cut short.
        ApiError: if it is longer than `max_bytes`, packed or unpacked, or packed in a way that was not asked for.
    """
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in ("", "identity", *GZIP):
        raise ApiError(
            f"the body is packed as {packing[:40]!r}",
            remedy="only gzip was requested: tell the API's owner",
        )
    received = _bounded(_received(response), max_bytes)
    return b"".join(_bounded(decode_gzip(received), max_bytes) if packing in GZIP else received)


def _received(response: requests.Response) -> Iterator[bytes]:
    size = 0
    try:
        while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
            size += len(chunk)
            yield chunk
    except (HTTPError, OSError) as error:
        raise TransientError(_broke_off(size, error)) from None


def _broke_off(size: int, error: Exception) -> str:
    """How much of an answer came, and why no more, if it was not simply the end."""
    for link in chain(error):
        if isinstance(link, IncompleteRead):
            if isinstance(link.partial, bytes):  # of a chunk: how many there are to be is not known
                return f"the answer broke off in a chunk, after {size + len(link.partial):,} bytes"
            return f"the answer broke off after {size:,} of {size + (link.expected or 0):,} bytes"
    return f"the answer broke off after {size:,} bytes: {cause(error)}"


def _bounded(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise ApiError(
                f"the body is longer than api.max_page_bytes ({max_bytes:,} bytes)",
                remedy="lower api.page_size, or raise the limit if pages are meant to be that large",
            )
        yield chunk


def decode_gzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """gzip taken apart in pieces of bounded size: a bomb is noticed before it goes off.

    Behind a member there may be another one, and zero bytes, which are padding.
    """
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            while chunk:
                if unpacker.eof:
                    chunk = chunk.lstrip(b"\0")
                    if not chunk:
                        break
                    unpacker = zlib.decompressobj(wbits=31)
                if piece := unpacker.decompress(chunk, CHUNK_BYTES):
                    yield piece
                chunk = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error:
        raise TransientError("the gzip body is broken") from None
    if not unpacker.eof:
        raise TransientError("the gzip body was cut short")
