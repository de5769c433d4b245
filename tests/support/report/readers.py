"""Readers of digests on loopback, whose servers fail as told; what they were sent, parsed back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from aiosmtpd.smtp import Envelope

from company_activity.io.notify.digest.digest import KINDS

from support.processes.http_server import http_server
from support.report.receivers import MailReceiver, mail_receiver

HEADINGS = {text: kind for kind, text in KINDS.items()}
HEADING = re.compile(rf"(?P<kind>{'|'.join(map(re.escape, HEADINGS))}) \([\d,]+\):?")
COMPANY = re.compile(r"(?:  - )?Company (?P<id>\w+) \(")
PAGE = re.compile(r" \((?P<part>\d+) of (?P<parts>\d+)\)$")

TAKES, REFUSES, DROPS, TAKES_AND_DROPS = "takes", "refuses", "drops", "takes and drops"
Told = tuple[str, str]  # company, kind


@dataclass(frozen=True)
class Part:
    """A part of a digest as a reader got it; `identity` is the same whenever it comes again."""

    identity: str
    part: int
    parts: int
    told: tuple[Told, ...]
    is_quiet: bool
    raw: bytes


@dataclass
class Servers:
    """Where digests arrive: `parts` by the last part of the URL, or by mail address; `mood` decides of each request."""

    mood: Callable[[], str] = lambda: TAKES
    parts: dict[str, list[Part]] = field(default_factory=dict)
    base: str = ""
    smtp_port: int = 0

    def take(self, reader: str, part: Part) -> None:
        self.parts.setdefault(reader, []).append(part)

    def posted(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        mood = self.mood()
        if mood in (TAKES, TAKES_AND_DROPS):
            reader = handler.path.rpartition("/")[2]
            webhook_id = handler.headers.get("webhook-id")
            self.take(reader, part_of_body(webhook_id, body) if webhook_id else part_of_card(body))
        if mood in (DROPS, TAKES_AND_DROPS):
            handler.connection.close()
            handler.wfile = open("/dev/null", "wb")  # noqa: SIM115
            return
        handler.send_response(202 if mood == TAKES else 500)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


class MoodyMail(MailReceiver):
    """A mail server in the mood of the others."""

    servers: Servers

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        mood = self.servers.mood()
        if mood in (TAKES, TAKES_AND_DROPS):
            await super().handle_DATA(server, session, envelope)
            self.servers.take(envelope.rcpt_tos[0], part_of_mail(self.mails[-1], envelope.original_content or b""))
        return "250 OK" if mood == TAKES else "451 try again"


@contextmanager
def servers() -> Iterator[Servers]:
    """An HTTP server and a mail server."""
    found = Servers()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.posted(self)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    receiver = MoodyMail()
    receiver.servers = found
    with http_server(Handler, None) as found.base, mail_receiver(receiver=receiver) as mail:
        found.smtp_port = mail.port
        yield found


def part_of_body(webhook_id: str, body: bytes) -> Part:
    plain = json.loads(body)
    assert plain["id"] == webhook_id
    told = tuple((one["company_id"], kind) for kind, items in plain["sections"].items() for one in items)
    return Part(webhook_id, plain["part"], plain["parts"], told, not any(plain["counts"].values()), body)


def part_of_card(body: bytes) -> Part:
    (attachment,) = json.loads(body)["attachments"]
    lines = ["".join(run["text"] for run in block["inlines"]) for block in attachment["content"]["body"]]
    page = PAGE.search(lines[0])
    part, parts = (int(page["part"]), int(page["parts"])) if page else (1, 1)
    return Part(body.decode(), part, parts, told_in(lines), lines[0].startswith("Nothing new"), body)


def part_of_mail(mail: Any, raw: bytes) -> Part:
    lines = mail.get_body(("plain",)).get_content().splitlines()
    return Part(mail["Message-ID"], 1, 1, told_in(lines), lines[0].startswith("Nothing new"), raw)


def told_in(lines: list[str]) -> tuple[Told, ...]:
    """Each company under its heading."""
    found = []
    kind = ""
    for line in lines:
        if heading := HEADING.fullmatch(line):
            kind = HEADINGS[heading["kind"]]
        elif company := COMPANY.match(line):
            found.append((company["id"], kind))
    return tuple(found)
