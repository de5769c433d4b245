"""Whoever gets our messages: an HTTP server and a mail server on loopback that keep what they are sent."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from support.processes.http_server import http_server

PATH = "/workflows/s3cret-of-the-path?sig=s3cret-of-the-query"


@dataclass(frozen=True)
class Posted:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class HttpReceiver:
    """Takes POSTs; `answers` are the statuses to give, the last one for good; only taken bodies are kept."""

    answers: list[int] = field(default_factory=lambda: [202])
    taken: list[Posted] = field(default_factory=list)
    asked: int = 0
    base: str = ""
    location: str = "https://elsewhere.example/"
    retry_after: str = ""
    hang: threading.Event | None = None

    @property
    def url(self) -> str:
        return f"{self.base}{PATH}"

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        announced = int(handler.headers["Content-Length"])
        body = handler.rfile.read(announced)
        self.asked += 1
        if len(body) < announced:  # the connection broke: nothing was taken
            return
        if self.hang:
            handler.wfile.write(b"HTTP/1.1 202 Accepted\r\n")
            while not self.hang.wait(0.05):
                handler.wfile.write(b"X: y\r\n")  # a header, and another, and another
            return
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if status < 300:
            self.taken.append(Posted(handler.path, dict(handler.headers), body))
        handler.send_response(status)
        handler.send_header("Location", self.location)
        if self.retry_after:
            handler.send_header("Retry-After", self.retry_after)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def http_receiver(answers: list[int] | None = None, tls: trustme.CA | None = None) -> Iterator[HttpReceiver]:
    """A running HttpReceiver, over HTTPS where a CA is given."""
    receiver = HttpReceiver(answers or [202])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with http_server(Handler, tls) as receiver.base:
        try:
            yield receiver
        finally:
            if receiver.hang:
                receiver.hang.set()


@dataclass
class MailReceiver:
    """Takes mails; `refuse` answers RCPT or DATA in place of taking one."""

    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    was_tls: list[bool] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    port: int = 0

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if answer := self.refuse.get(address) or self.refuse.get("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if answer := self.refuse.get("DATA"):
            return answer
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(mail)
        self.was_tls.append(session.ssl is not None)
        return "250 OK"


@contextmanager
def mail_receiver(
    tls: trustme.CA | None = None, password: str | None = None, receiver: MailReceiver | None = None
) -> Iterator[MailReceiver]:
    """A running mail server, with STARTTLS where a CA is given, with a login where a password is."""
    taker = receiver or MailReceiver()
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.issue_cert("127.0.0.1").configure_cert(context)

    def login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        taker.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == password, handled=False)

    class OnLoopback(Controller):
        def factory(self) -> SMTP:
            required: dict[str, Any] = {"auth_required": True, "authenticator": login} if password else {}
            return SMTP(taker, tls_context=context, hostname="127.0.0.1", require_starttls=bool(context), **required)

        def _trigger_server(self) -> None:
            assert isinstance(self.server, asyncio.Server)
            taker.port = self.server.sockets[0].getsockname()[1]
            self.port = taker.port
            super()._trigger_server()  # type: ignore[no-untyped-call]

    controller = OnLoopback(taker, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield taker
    finally:
        controller.stop()
