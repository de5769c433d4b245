"""The connection to the API: sockets that can be cut at a deadline, bodies that cannot outgrow a bound."""

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPResponse, IncompleteRead
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from company_activity.errors import ApiError
from company_activity.io.api.patience import Passing
from company_activity.io.net.causes import cause, chain

CHUNK_BYTES = 64 * 1024
GZIP = ("gzip", "x-gzip")


class FinalAnswer(HTTPResponse):
    """The answer that interim ones (103 Early Hints) only announce: Python's own passes by a 100 alone."""

    def begin(self) -> None:
        """As the parent, until the head of an answer has come that is more than an announcement."""
        super().begin()
        while 100 <= self.status < 200 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # as before the first: begin() asks for it
            super().begin()


class Wire(HTTPAdapter):
    """An adapter that cuts its connection when the time is up.

    A read timeout bounds each wait for bytes, not their sum: a server that drips one byte now and then, in the
    head or in the body, would hold us for ever.
    """

    def __init__(self) -> None:
        self.is_time_up = False
        self._turn: object = None
        self._socket: socket.socket | None = None
        super().__init__(max_retries=0)

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """Let whatever is read inside end after `seconds`: `is_time_up` then says why."""
        self.is_time_up = False
        self._turn = turn = object()
        timer = threading.Timer(seconds, self._time_is_up, [turn])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._turn = None

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As the parent, with connections that show us their sockets."""
        super().init_poolmanager(*args, **kwargs)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """As the parent, with connections that show us their sockets."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        from urllib3.poolmanager import pool_classes_by_scheme as pools

        manager.pool_classes_by_scheme = {scheme: self._watched(pool) for scheme, pool in pools.items()}

    def _watched(self, pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
        plain: Any = pool.ConnectionCls

        def connect(connection: Any) -> None:
            plain.connect(connection)
            self._socket = connection.sock
            if self.is_time_up:  # the time ran out while we were connecting
                self._cut()

        watched = type(plain.__name__, (plain,), {"connect": connect, "response_class": FinalAnswer})
        return type(pool.__name__, (pool,), {"ConnectionCls": watched})

    def _time_is_up(self, turn: object) -> None:
        if turn is self._turn:  # else a timer of the page before, too late to be cancelled
            self.is_time_up = True
            self._cut()

    def _cut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # closed already
                # not SSLSocket.shutdown: it would take the TLS state from under the thread that reads
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def read_body(response: requests.Response, max_bytes: int) -> bytes:
    """The whole body, unpacked.

    Raises:
        Passing: if it was cut short.
        ApiError: if it is longer than `max_bytes`, packed or unpacked, or packed in a way that was not asked for.
    """
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in ("", "identity", *GZIP):
        raise ApiError(
            f"the body is packed as {packing[:40]!r}", remedy="only gzip was requested: tell the API's owner"
        )
    received = _bounded(_received(response), max_bytes)
    return b"".join(_bounded(unpacked(received), max_bytes) if packing in GZIP else received)


def _received(response: requests.Response) -> Iterator[bytes]:
    size = 0
    try:
        while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
            size += len(chunk)
            yield chunk
    except (HTTPError, OSError) as error:
        raise Passing(_broke_off(size, error)) from None


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


def unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
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
                yield unpacker.decompress(chunk, CHUNK_BYTES)
                chunk = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error:
        raise Passing("the gzip body is broken") from None
    if not unpacker.eof:
        raise Passing("the gzip body was cut short")
