"""An API that answers the pages it is given."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@pytest.fixture
def paging_api() -> Iterator[Callable[[list[Any]], str]]:
    """Start a server for a list of pages, in their order; None is answered with 500. Gives its URL."""
    servers: list[ThreadingHTTPServer] = []

    def serve(pages: list[Any]) -> str:
        answers = iter(pages)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = next(answers, None)
                body = json.dumps(page).encode()
                self.send_response(200 if page else 500)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/usage"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()
