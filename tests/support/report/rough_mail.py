"""A mail server on loopback that gives any answer to any command, or none."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ADDRESS = re.compile(r"<(?P<address>[^>]*)>")
DRIP = "drip"
USUAL = {"deferred": "451 later", "DATA": "354 go on", "QUIT": "221 bye"}


@dataclass
class RoughMail:
    """What it answers to `CONNECT`, to a command, to an address or to the mail (`END`, `END ann@example.com`); "" hangs up, DRIP never ends.

    `taken` has the recipients and the bytes of each mail that it has answered 250, `tried` how often each address was
    asked for, `slow` how many seconds the answer to a mail takes, `defer` how many mails it defers first.
    """

    answers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    slow: float = 0.0
    defer: int = 0
    port: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def readers(self) -> list[str]:
        """Who got a mail, as often as it was got."""
        return sorted(to for recipients, _ in self.taken for to in recipients)


class Talk(socketserver.StreamRequestHandler):
    """One connection."""

    mail: RoughMail
    recipients: tuple[str, ...] = ()

    def handle(self) -> None:
        self.mail.connections += 1
        if not self.answered("CONNECT"):
            return
        while line := self.rfile.readline().decode():
            command = line[:4].strip().upper()
            to = ADDRESS.findall(line)[0] if command == "RCPT" else ""
            going_on = self.recipient(to) if to else self.answered(command)
            if command == "DATA" and going_on.startswith("354"):
                going_on = self.content()
            if command == "QUIT" or not going_on:
                return
            if command == "MAIL":
                self.recipients = ()

    def answered(self, *names: str) -> str:
        """Answer as told for the first of the names that has an answer; what was said."""
        usual = USUAL.get(names[-1], "250 fine")
        said = next((self.mail.answers[name] for name in names if name in self.mail.answers), usual)
        if names == ("CONNECT",) and said == usual:
            said = "220 here"
        if said == DRIP:
            self.drip()
        elif said:
            self.wfile.write(f"{said}\r\n".encode())
        return said

    def drip(self) -> None:
        """An answer that does not end."""
        with suppress(OSError):
            while not self.mail.is_over.wait(0.05):
                self.wfile.write(b"2")

    def recipient(self, to: str) -> str:
        self.mail.tried[to] += 1
        said = self.answered(to, "RCPT")
        if said.startswith("250"):
            self.recipients += (to,)
        return said

    def content(self) -> str:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        time.sleep(self.mail.slow)
        self.mail.defer -= 1
        names = ["deferred"] if self.mail.defer >= 0 else [f"END {self.recipients[0]}", "END"]
        said = self.answered(*names)
        if said.startswith("250"):
            self.mail.taken.append((self.recipients, b"".join(lines)))
        return said


@contextmanager
def rough_mail() -> Iterator[RoughMail]:
    """A running one."""
    found = RoughMail()

    class Handler(Talk):
        mail = found

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield found
        finally:
            found.is_over.set()
            server.shutdown()
