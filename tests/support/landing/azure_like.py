"""A server that answers for blobs and their leases as Azure's storage does, where the emulator answers otherwise.

By Azure's documentation of Put Blob, Lease Blob and Set Blob Metadata; what each says of a leased blob is in `Answers`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from support.landing.azurite import ACCOUNT, ACCOUNT_KEY

Answer = tuple[int, str]
SECOND = 0.3  # of a lease here, in seconds: no test waits long


@dataclass(frozen=True)
class Answers:
    """Status and error code: of Put Blob without its id on a leased blob, of Lease Blob, of any Put Blob (0: as it should be).

    `container` is that of Create Container; where it is refused, there is none.
    """

    put_on_leased: Answer = (412, "LeaseIdMissing")
    lease: Answer = (0, "")
    put: Answer = (0, "")
    container: Answer = (201, "")


AZURE = Answers()
EMULATOR = Answers(put_on_leased=(409, "BlobAlreadyExists"))
OTHER_STATUS = Answers(put_on_leased=(409, "LeaseIdMissing"))
NO_LEASES = Answers(lease=(400, "UnsupportedHeader"))
NO_CONTAINER = Answers(container=(403, "AuthorizationPermissionMismatch"))


@dataclass
class Blob:
    """A blob without content: its metadata and its lease."""

    metadata: dict[str, str] = field(default_factory=dict)
    lease_id: str = ""
    ends_at: float = 0.0

    @property
    def is_leased(self) -> bool:
        return bool(self.lease_id) and time.monotonic() < self.ends_at


class AzureLike(ThreadingHTTPServer):
    """The server, its blobs by path, and what was asked of it."""

    daemon_threads = True

    def __init__(self, answers: Answers) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.blobs: dict[str, Blob] = {}
        self.given: list[Answer] = []
        self.mutex = threading.Lock()

    @property
    def connection(self) -> str:
        """The connection string of its account."""
        endpoint = f"http://127.0.0.1:{self.server_port}/{ACCOUNT}"
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};BlobEndpoint={endpoint};"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: AzureLike

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        asked = parse_qs(url.query)
        with self.server.mutex:
            if "restype" in asked:
                self._answer(self.server.answers.container)
            elif asked.get("comp") == ["lease"]:
                self._answer(self._leased(url.path))
            elif asked.get("comp") == ["metadata"]:
                self._answer(self._described(url.path))
            else:
                self._answer(self._put(url.path))

    def do_HEAD(self) -> None:
        with self.server.mutex:
            blob = self.server.blobs.get(urlsplit(self.path).path)
            if blob is None:
                self._answer((404, "BlobNotFound"))
            else:
                state = "leased" if blob.is_leased else "available"
                told = {f"x-ms-meta-{name}": value for name, value in blob.metadata.items()}
                self._answer((200, ""), **told, **{"x-ms-lease-state": state})

    def _put(self, path: str) -> Answer:
        if self.server.answers.container[1]:
            return 404, "ContainerNotFound"
        if self.server.answers.put[0]:
            return self.server.answers.put
        blob = self.server.blobs.get(path)
        if blob is not None and blob.is_leased and self.headers.get("x-ms-lease-id") != blob.lease_id:
            return self.server.answers.put_on_leased
        if blob is not None and self.headers.get("If-None-Match") == "*":
            return 409, "BlobAlreadyExists"
        self.server.blobs[path] = Blob(self._metadata())
        return 201, ""

    def _described(self, path: str) -> Answer:
        blob = self.server.blobs[path]
        if blob.is_leased and self.headers.get("x-ms-lease-id") != blob.lease_id:
            return 412, "LeaseIdMissing"
        blob.metadata = self._metadata()
        return 200, ""

    def _leased(self, path: str) -> Answer:
        if self.server.answers.lease[0]:
            return self.server.answers.lease
        blob = self.server.blobs.get(path)
        if blob is None:
            return 404, "BlobNotFound"
        action = self.headers["x-ms-lease-action"]
        if action == "acquire":
            asked = self.headers["x-ms-proposed-lease-id"]
            if blob.is_leased and blob.lease_id != asked:
                return 409, "LeaseAlreadyPresent"
            blob.lease_id = asked
            blob.ends_at = self._end(int(self.headers["x-ms-lease-duration"]))
            return 201, ""
        if not blob.lease_id:
            return 409, "LeaseNotPresentWithLeaseOperation"
        if blob.lease_id != self.headers["x-ms-lease-id"]:
            return 409, "LeaseIdMismatchWithLeaseOperation"
        if action == "release":
            blob.lease_id = ""
        else:
            blob.ends_at = self._end(60)
        return 200, ""

    def _end(self, seconds: int) -> float:
        return time.monotonic() + seconds * SECOND

    def _metadata(self) -> dict[str, str]:
        named = {name.lower(): value for name, value in self.headers.items()}
        return {
            name.removeprefix("x-ms-meta-"): value for name, value in named.items() if name.startswith("x-ms-meta-")
        }

    def _answer(self, answer: Answer, **headers: str) -> None:
        status, code = answer
        self.server.given.append(answer)
        body = (
            f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>refused</Message></Error>".encode()
            if code
            else b""
        )
        self.send_response(status)
        times = {"ETag": '"0x1"', "Last-Modified": formatdate(usegmt=True), "x-ms-blob-type": "BlockBlob"}
        lease_id = self.headers.get("x-ms-proposed-lease-id") or self.headers.get("x-ms-lease-id")
        if lease_id and not code:
            times["x-ms-lease-id"] = lease_id
        if code:
            times |= {"x-ms-error-code": code, "Content-Type": "application/xml"}
        for name, value in (times | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def azure_like(answers: Answers = AZURE) -> Iterator[AzureLike]:
    """A running server."""
    server = AzureLike(answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
