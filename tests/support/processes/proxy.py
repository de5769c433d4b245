"""A TCP proxy that cuts a connection in the middle of what is said."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 65536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close at once, nothing more is delivered


@dataclass
class Wire:
    """One connection: what the client has said so far, and how much the server has answered since a mark."""

    said: bytes = b""
    answered_since: int | None = None


# Of a chunk, how many bytes still pass before the cut; None: all of it, no cut.
Cut = Callable[[Wire, str, bytes], int | None]


@dataclass
class Proxy:
    """Forwards to `port` of this machine until `cut` says otherwise; `stays_down` then refuses what comes after."""

    target: int
    port: int = 0
    cut: Cut | None = None
    stays_down: bool = False
    refuses: int = 0  # so many connections are reset before one passes again
    is_down: bool = False
    forwarded: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def heal(self) -> None:
        """From now on forward everything."""
        self.cut, self.is_down, self.forwarded = None, False, 0

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self.is_down or self.refuses:
                self.refuses = max(0, self.refuses - 1)
                _reset(client)
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            wire = Wire()
            for source, sink, direction in ((client, server, "said"), (server, client, "answered")):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(source, sink, wire, direction), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, wire: Wire, direction: str) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK):
                with self.lock:
                    if direction == "said":
                        wire.said = (wire.said + chunk)[-CHUNK:]
                    passes = self.cut(wire, direction, chunk) if self.cut else None
                    self.forwarded += len(chunk) if passes is None else passes
                    if passes is not None:
                        self.cut = self.cut if self.refuses else None
                        self.is_down = self.stays_down
                sink.sendall(chunk if passes is None else chunk[:passes])
                if passes is not None:
                    _reset(sink)
                    _reset(source)
                    return
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """A proxy on a free port, for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(port, listener.getsockname()[1])
        threading.Thread(target=proxy.serve, args=(listener,), daemon=True).start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)


def after_bytes(proxy: Proxy, offset: int) -> Cut:
    """Cut when so many bytes have passed, in both directions and on all connections together."""

    def cut(wire: Wire, direction: str, chunk: bytes) -> int | None:
        left = offset - proxy.forwarded
        return max(left, 0) if left < len(chunk) else None

    return cut


def at_commit(of: bytes, offset: int) -> Cut:
    """Cut around the COMMIT of the connection that has said `of`.

    A negative offset counts from the end of the request: the server never sees it whole. Others count bytes of
    the answer: at 0 the client hears nothing of a commit that took place.
    """

    def cut(wire: Wire, direction: str, chunk: bytes) -> int | None:
        if direction == "said":
            is_commit = b"COMMIT" in chunk and of in wire.said
            if is_commit and offset < 0:
                return max(len(chunk) + offset, 0)
            wire.answered_since = 0 if is_commit else wire.answered_since
            return None
        if wire.answered_since is None:
            return None
        left = offset - wire.answered_since
        wire.answered_since += len(chunk)
        return max(left, 0) if left < len(chunk) else None

    return cut


def at_each(proxy: Proxy, phrases: list[bytes], refused: int) -> Cut:
    """Cut where the first of `phrases` is said, drop it from the list, and refuse some connections then."""

    def cut(wire: Wire, direction: str, chunk: bytes) -> int | None:
        if direction == "answered" or not phrases or phrases[0] not in chunk:
            return None
        phrases.pop(0)
        proxy.refuses = refused
        return 0

    return cut


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        end.shutdown(socket.SHUT_RD)
    with suppress(OSError):
        end.close()
