"""A Key Vault on loopback, over TLS: it challenges whoever comes without a token it takes, as the real one does."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import trustme

from support.processes.http_server import http_server

TENANT = "00000000-0000-0000-0000-000000000001"
# Where a token was revoked, or an event made it too old: continuous access evaluation names what a new one must claim.
CLAIMS = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1764200000"}}}').decode()
REVOKED = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    f'error="insufficient_claims", claims="{CLAIMS}"'
)
CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="https://vault.azure.net"'


@dataclass
class KeyVault:
    """Its secrets, who may read them, and each answer that it gave: (had a token, status)."""

    secrets: Mapping[str, str]
    takes: Callable[[str], bool]
    is_forbidden: bool = False
    revoked: set[str] = field(default_factory=set)
    answers: list[tuple[bool, int]] = field(default_factory=list)
    url: str = ""
    drips: threading.Event | None = None  # a body that goes on until it is set

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer `GET /secrets/<name>/<version>`."""
        if self.drips:
            with suppress(OSError):
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not self.drips.wait(0.05):
                    handler.wfile.write(b" ")
            return
        token = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        name = handler.path.split("/")[2]
        if token in self.revoked or not self.takes(token):
            self._send(
                handler, 401, {"error": {"code": "Unauthorized"}}, REVOKED if token in self.revoked else CHALLENGE
            )
        elif self.is_forbidden:
            said = "Caller is not authorized to perform action on resource."
            self._send(handler, 403, {"error": {"code": "Forbidden", "message": said}})
        elif name not in self.secrets:
            said = f"A secret with (name/id) {name} was not found in this key vault."
            self._send(handler, 404, {"error": {"code": "SecretNotFound", "message": said}})
        else:
            found = {"id": f"{self.url}/secrets/{name}/1", "value": self.secrets[name], "attributes": {"enabled": True}}
            self._send(handler, 200, found)

    def _send(
        self, handler: BaseHTTPRequestHandler, status: int, content: Mapping[str, Any], challenge: str = ""
    ) -> None:
        self.answers.append(("Authorization" in handler.headers, status))
        body = json.dumps(content).encode()
        handler.send_response(status)
        if challenge:
            handler.send_header("WWW-Authenticate", challenge)
        handler.send_header("Content-Type", "application/json; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@contextmanager
def key_vault(ca: trustme.CA, secrets: Mapping[str, str], takes: Callable[[str], bool]) -> Iterator[KeyVault]:
    """A running KeyVault whose certificate `ca` issued."""
    vault = KeyVault(secrets, takes)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            vault.answer(self)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with http_server(Handler, ca) as vault.url:
        yield vault
