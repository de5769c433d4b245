"""Serve the sample usage over HTTP on this machine, page by page, as the usage API does.

By itself until Ctrl-C, or as long as another command runs:

    python samples/api_server.py
    python samples/api_server.py --while company-activity run --date 2025-11-23
"""

import argparse
import gzip
import hmac
import json
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, Self
from urllib.parse import urlsplit

from usage_pages import RequestError, covered, page

USAGE = Path(__file__).parent / "usage"
KEY = "sample-key"
PORTS = range(65_536)
GZIP_WELCOME = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")


class UsageHandler(BaseHTTPRequestHandler):
    """Answers one connection's requests, as many as it sends."""

    server: "UsageServer"
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True  # else the body, written after the head, waits for an acknowledgement
    error_content_type = "application/json"
    error_message_format = '{"error": "%(explain)s"}'

    def do_GET(self) -> None:
        """Answer with a page, or with the status and the reason why not."""
        if self.server.is_stopped:  # a kept connection outlives the server's own socket
            self.close_connection = True
            return
        try:
            self.answer(HTTPStatus.OK, self.page())
        except RequestError as refused:
            self.answer(refused.status, json.dumps({"error": str(refused), **refused.fields}))

    def page(self) -> str:
        """The page asked for, if it may be asked for."""
        sent = self.headers.get("Authorization", "").encode("latin-1", "replace")
        if not hmac.compare_digest(sent, f"Bearer {self.server.key}".encode()):
            raise RequestError(HTTPStatus.UNAUTHORIZED, "the Authorization header must be: Bearer <key>")
        url = urlsplit(self.path)
        if url.path != "/usage":
            raise RequestError(HTTPStatus.NOT_FOUND, "there is only /usage here")
        return page(self.server.data, url.query)

    def answer(self, status: HTTPStatus, text: str) -> None:
        """Send a JSON text, compressed if the client takes that."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Vary", "Accept-Encoding")
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        if GZIP_WELCOME.search(self.headers.get("Accept-Encoding", "")):
            body = gzip.compress(body, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log a request only when asked to."""
        if self.server.is_verbose:
            super().log_message(format, *args)


class UsageServer(ThreadingHTTPServer):
    """The listening socket with what the handlers need to know."""

    request_queue_size = 64
    is_stopped = False

    def __init__(self, host: str, port: int, data: Path, key: str, is_verbose: bool) -> None:
        self.data, self.key, self.is_verbose = data, key, is_verbose
        super().__init__((host, port), UsageHandler)

    def server_bind(self) -> None:
        """Bind as any TCP server: an HTTP server's look-up of the host's name can take seconds offline."""
        TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class SampleApi:
    """The sample API, listening from its creation and serving within `with`; port 0 takes a free one.

    >>> with SampleApi() as api:
    ...     api.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        data: Path = USAGE,
        key: str = KEY,
        host: str = "127.0.0.1",
        port: int = 0,
        is_verbose: bool = False,
    ) -> None:
        self.server = UsageServer(host, port, data, key, is_verbose)
        self.port: int = self.server.server_address[1]
        self.url = f"http://{host}:{self.port}/usage"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.is_stopped = True
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def run_command(command: list[str], port: int) -> int:
    """Run a command to its end, `{port}` in it replaced; its exit code, 128 + n where signal n ended it."""
    filled = [part.replace("{port}", str(port)) for part in command]
    try:
        child = subprocess.Popen(filled)
    except OSError as error:
        return fail(f"cannot start {filled[0]}: {error.strerror}", code=127)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while True:
        try:
            code = child.wait()
        except KeyboardInterrupt:  # the command got the signal too: how it ends is its own affair
            continue
        return code if code >= 0 else 128 - code


def wait_for_interrupt() -> int:
    """Until Ctrl-C or SIGTERM, in the background too, where shells let programs ignore the former."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
    return 0


def fail(message: str, code: int = 2) -> int:
    """One line on stderr, and the exit code."""
    print(f"api_server: {message}", file=sys.stderr)
    return code


def port_number(text: str) -> int:
    """A port given on the command line."""
    if int(text) not in PORTS:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {PORTS[-1]}")
    return int(text)


def command_line() -> argparse.ArgumentParser:
    """What can be said on the command line."""
    parser = argparse.ArgumentParser(description="Serve the sample usage over HTTP.", allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=port_number, default=8765, help="default 8765; 0 takes a free one")
    parser.add_argument("--data", type=Path, default=USAGE, help="folder of YYYY-MM-DD.json files")
    parser.add_argument("--key", default=KEY, help=f"key that clients must send (default {KEY})")
    parser.add_argument("--verbose", action="store_true", help="log each request")
    parser.add_argument(
        "--while",
        dest="command",
        nargs=argparse.REMAINDER,
        help="the rest is a command: serve while it runs, end with its exit code; {port} in it is the port",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Serve; the exit code is the command's, 0 after Ctrl-C, 2 when there is nothing to serve or no port."""
    parser = command_line()
    given = parser.parse_args(arguments)
    if given.command == []:
        parser.error("--while needs a command")
    first, last = covered(given.data)
    if first is None:
        return fail(f"no usage in {given.data}: write some with python samples/generate.py --out samples")
    try:
        api = SampleApi(given.data, given.key, given.host, given.port, given.verbose)
    except OSError as error:
        place = f"{given.host}:{given.port}"
        return fail(f"cannot listen on {place}: {error.strerror}; free it, or take another with --port 0")
    with api:
        # With a command, stdout is the command's alone.
        out = sys.stderr if given.command else sys.stdout
        print(f"Sample usage API: {api.url} ({first} to {last})", file=out, flush=True)
        return run_command(given.command, api.port) if given.command else wait_for_interrupt()


if __name__ == "__main__":
    sys.exit(main())
