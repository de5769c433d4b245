"""A server on loopback that answers every request with one status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from support.processes.http_server import http_server


@contextmanager
def broken_api(status: int) -> Iterator[str]:
    """Its URL; every GET is answered with `status` and a short text."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"sorry")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http_server(Handler) as address:
        yield f"{address}/usage"
