"""A usage API on loopback that answers as it is told and remembers what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from company_activity.io.api.page import Page

KEY = "k3y-of-the-usage-api"


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    query: dict[str, str]
    key: str


@dataclass(frozen=True)
class Answer:
    """One answer; `raw` writes what a decent server would not, in place of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: Callable[[BaseHTTPRequestHandler], object] | None = None


Script = Callable[[Asked], Answer]
Serve = Callable[[Script], "UsageApi"]
Fetch = Callable[..., list[Page]]


class UsageApi:
    """The running server: `url` to ask at, `asked` so far. With `tls` it speaks https."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self._server = _Server(("127.0.0.1", 0), _handler(self, script))
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_port
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/usage"

    @property
    def pages(self) -> list[str]:
        """The `page` of each request."""
        return [one.query.get("page", "") for one in self.asked]

    @contextmanager
    def running(self) -> Iterator[UsageApi]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def pause(self) -> None:
        """For as long as a drip takes to fall."""
        time.sleep(0.02)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no news."""


def _handler(api: UsageApi, script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else the body waits for the acknowledgement of the head

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            asked = Asked(url.path, dict(parse_qsl(url.query)), key)
            api.asked.append(asked)
            answer = script(asked)
            if answer.raw:
                self.close_connection = True
                with suppress(OSError):  # the client has had enough
                    answer.raw(self)
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def page(items: Sequence[Any], next_page: Any = None, **headers: str) -> Answer:
    """A page as the contract has it."""
    return ok(json.dumps({"items": items, "next_page": next_page}), **headers)


def ok(body: str | bytes, **headers: str) -> Answer:
    """Status 200 with this body; `content_type` and the like become headers."""
    text = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Answer(200, text, {"Content-Type": "application/json", **named})


def in_turn(*answers: Answer) -> Script:
    """These answers one after the other; the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def numbered(*pages: Sequence[Any]) -> Script:
    """Pages 1, 2, … of these items."""

    def script(asked: Asked) -> Answer:
        number = int(asked.query["page"])
        return page(pages[number - 1], number + 1 if number < len(pages) else None)

    return script


def cut(body: bytes, said_bytes: int | None = None) -> Answer:
    """A body that ends before the length it announced (`said_bytes`; None: no length is announced)."""
    length = b"" if said_bytes is None else b"Content-Length: %d\r\n" % said_bytes
    return raw(b"HTTP/1.1 200 OK\r\n" + length + b"Connection: close\r\n\r\n" + body)


def raw(answer: bytes) -> Answer:
    """Exactly these bytes on the socket, and the end."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)
        handler.wfile.flush()

    return Answer(raw=send)


@contextmanager
def serving(script: Script) -> Iterator[UsageApi]:
    """A server that follows the script."""
    with UsageApi(script).running() as api:
        yield api
