"""A TCP proxy with one fault: what happens to a connection once so many bytes have passed in one direction."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["said", "answered"]
Kind = Literal["reset", "end", "mute", "drip", "late"]
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close at once, nothing more is delivered
DRIP_SECONDS = 0.05
LATE_SECONDS = 0.15


@dataclass(frozen=True)
class Fault:
    """`reset`, `end` (FIN), `mute` (open, but nothing more passes), `drip` (a byte at a time) or `late` (each chunk), after `at` bytes.

    One that `stays` befalls each later connection too, from its first byte on.
    """

    kind: Kind
    direction: Direction
    at: int
    stays: bool = False

    def __str__(self) -> str:
        return f"{self.kind}:{self.direction}@{self.at}{':stays' if self.stays else ''}"


@dataclass
class BrokenWire:
    """Forwards to a port of this machine; `passed` counts the bytes by direction."""

    target: int
    port: int = 0
    fault: Fault | None = None
    is_struck: bool = False
    passed: dict[str, int] = field(default_factory=lambda: {"said": 0, "answered": 0})
    open: list[socket.socket] = field(default_factory=list)

    def break_by(self, fault: Fault | None) -> None:
        """From now on this fault, counted from here; None heals: what an end gave up meanwhile is then closed at the other."""
        for end in self.open:
            _closed(end, with_reset=False)
        self.open.clear()
        self.fault = fault
        self.is_struck = False
        self.passed.update(said=0, answered=0)

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self.open += [client, server]
            for end in (client, server):
                with suppress(OSError):  # reset already
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, sink, direction in ((client, server, "said"), (server, client, "answered")):
                threading.Thread(target=self._pump, args=(source, sink, direction), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                whole = self._until(direction, len(chunk))
                sink.sendall(chunk[:whole])
                self.passed[direction] += whole
                if whole < len(chunk) or self._is_due(direction):
                    if not self._strike(source, sink, chunk[whole:]):
                        return
                    self.passed[direction] += len(chunk) - whole
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _until(self, direction: str, size: int) -> int:
        """How many bytes of a chunk pass before the fault."""
        fault = self.fault
        if fault is None or fault.direction != direction or (self.is_struck and not fault.stays):
            return size
        return max(0, min(size, fault.at - self.passed[direction]))

    def _is_due(self, direction: str) -> bool:
        fault = self.fault
        if fault is None or fault.direction != direction or (self.is_struck and not fault.stays):
            return False
        return self.passed[direction] >= fault.at

    def _strike(self, source: socket.socket, sink: socket.socket, rest: bytes) -> bool:
        """Let the fault happen; whether the connection goes on."""
        fault = self.fault
        self.is_struck = True
        if fault is None or fault.kind == "late":
            time.sleep(LATE_SECONDS)
            sink.sendall(rest)
            return True
        if fault.kind == "drip":
            for place in range(len(rest)):
                sink.sendall(rest[place : place + 1])
                time.sleep(DRIP_SECONDS)
            return True
        if fault.kind == "mute":
            return False
        for end in (sink, source):
            _closed(end, with_reset=fault.kind == "reset")
        return False


def _closed(end: socket.socket, *, with_reset: bool) -> None:
    with suppress(OSError):
        if with_reset:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.shutdown(socket.SHUT_RD)
        else:
            end.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        end.close()


@contextmanager
def broken_wire(port: int) -> Iterator[BrokenWire]:
    """A proxy on a free port, for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = BrokenWire(port, listener.getsockname()[1])
        threading.Thread(target=wire.serve, args=(listener,), daemon=True).start()
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for end in wire.open:
                with suppress(OSError):
                    end.close()


@contextmanager
def unheard_port() -> Iterator[int]:
    """A port at which nobody listens, and nobody else can: a connection is refused."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def faults_of(said: int, answered: int, step: int = 100) -> list[Fault]:
    """Each kind at every `step`-th byte of a conversation of so many bytes, in both directions; first once, then for good.

    >>> len(faults_of(150, 50))
    21
    """
    lengths: tuple[tuple[Direction, int], ...] = (("said", said), ("answered", answered))
    places = [(direction, at) for direction, length in lengths for at in range(0, length, step)]
    once = [Fault(kind, direction, at) for direction, at in places for kind in KINDS]
    return once + [Fault(kind, direction, at, stays=True) for direction, at in places for kind in ("reset", "mute")]


KINDS: tuple[Kind, ...] = ("reset", "end", "mute", "drip", "late")
