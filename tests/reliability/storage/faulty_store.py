"""A proxy before a blob store that answers some of its requests as a bad day would."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SLOW_SECONDS = 0.6
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close at once, nothing more is delivered
# What Azure says with a status; of a lease it has words of its own.
REFUSALS = {
    403: "AuthorizationPermissionMismatch",
    409: "ContainerBeingDeleted",
    412: "ConditionNotMet",
    500: "InternalError",
    503: "ServerBusy",
}
OF_LEASES = {"lease acquire": {409: "LeaseAlreadyPresent"}, "lease renew": {409: "LeaseIdMismatchWithLeaseOperation"}}
CUTS = ("slow", "cut", "reset", "lost")  # answers that do not arrive
FAULTS = (*map(str, REFUSALS), *CUTS)
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Fault:
    """What befalls the `nth` request of a kind; the tries that follow it too, where it `stays`."""

    kind: str
    nth: int
    what: str
    stays: bool

    @property
    def key(self) -> str:
        """What names it."""
        return f"{self.kind}:{self.nth}:{self.what}:{'stays' if self.stays else 'once'}"


@dataclass(frozen=True)
class Answer:
    """What the store said."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class FaultyStore:
    """Forwards to `target`, a port of this machine; counts each request by its kind."""

    target: int
    port: int = 0
    fault: Fault | None = None
    counts: Counter[str] = field(default_factory=Counter)
    hits: int = 0
    mutex: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, fault: Fault | None) -> None:
        """Count anew, with this fault."""
        self.fault = fault
        self.counts = Counter()
        self.hits = 0

    def fault_of(self, kind: str) -> Fault | None:
        """What befalls this request."""
        with self.mutex:
            self.counts[kind] += 1
            fault = self.fault
            if fault is None or fault.kind != kind:
                return None
            is_it = self.counts[kind] >= fault.nth if fault.stays else self.counts[kind] == fault.nth
            self.hits += is_it
            return fault if is_it else None


def kind_of(method: str, path: str, action: str) -> str:
    """What a request is for."""
    asked = parse_qs(urlsplit(path).query)
    comp = asked.get("comp", [""])[0]
    if "restype" in asked and method == "PUT":
        return "make container"
    if comp == "lease":
        return f"lease {action}"
    named = {"block": "put block", "blocklist": "put block list", "list": "list", "metadata": "set metadata"}
    plain = {"PUT": "put blob", "GET": "get blob", "HEAD": "look", "DELETE": "delete"}
    return named.get(comp) or plain[method]


def _handler(store: FaultyStore) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kind = kind_of(self.command, self.path, self.headers.get("x-ms-lease-action", ""))
            fault = store.fault_of(kind)
            if fault is None:
                self.send(self.forwarded(body))
            elif fault.what == "reset":
                self.drop()
            elif fault.what not in CUTS:
                self.send(_refusal(int(fault.what), kind))
            else:
                said = self.forwarded(body)
                if fault.what == "cut":
                    self.send(said, cut=True)
                if fault.what == "slow":
                    time.sleep(SLOW_SECONDS)
                self.drop()

        do_GET = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815 - the names that the server calls

        def forwarded(self, body: bytes) -> Answer:
            connection = HTTPConnection("127.0.0.1", store.target, timeout=30)
            connection.request(self.command, self.path, body, dict(self.headers))
            said = connection.getresponse()
            answer = Answer(said.status, said.reason, said.getheaders(), said.read())
            connection.close()
            return answer

        def send(self, answer: Answer, cut: bool = False) -> None:
            length = next((value for name, value in answer.headers if name.lower() == "content-length"), None)
            is_bodiless = self.command == "HEAD" or answer.status in (204, 304)
            kept = [(name, value) for name, value in answer.headers if name.lower() not in HOP_BY_HOP]
            kept.append(("Content-Length", length if is_bodiless and length else str(len(answer.body))))
            head = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in kept), "", ""]
            text = "\r\n".join(head).encode("latin-1")
            if cut:
                whole = text + answer.body
                self.wfile.write(whole[: len(text) + len(answer.body) // 2 if answer.body else len(text) // 2])
            else:
                self.wfile.write(text + (b"" if is_bodiless else answer.body))
            self.wfile.flush()

        def drop(self) -> None:
            """Close without another word."""
            self.close_connection = True
            with suppress(OSError):
                if store.fault and store.fault.what in ("reset", "lost"):
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: object) -> None:
            return

    return Handler


def _refusal(status: int, kind: str) -> Answer:
    code = OF_LEASES.get(kind, {}).get(status, REFUSALS[status])
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>not now</Message></Error>".encode()
    headers = [("x-ms-error-code", code), ("Content-Type", "application/xml"), ("Retry-After", "1")]
    return Answer(status, "refused", headers[: 3 if status == 503 else 2], body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not wait is no news."""


@contextmanager
def faulty_store(target: int) -> Iterator[FaultyStore]:
    """A running one, on a free port."""
    store = FaultyStore(target)
    server = _Server(("127.0.0.1", 0), _handler(store))
    store.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
