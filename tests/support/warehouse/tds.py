"""A server that speaks as much TDS 8 as a login takes: the real mssql-jdbc connects to it and hands it a token.

It stores nothing. A table is there with the columns it is told; any other SELECT or prepared statement is refused
(error 50001). A token logs in if `takes` says so. [MS-TDS] names the numbers.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme

BATCH, RPC, ATTENTION, LOGIN7, PRELOGIN, REPLY = 0x01, 0x03, 0x06, 0x10, 0x12, 0x04
LAST = 0x01
FEDAUTH = 0x02
LATIN = b"\x09\x04\xd0\x00\x34"  # SQL_Latin1_General_CP1_CI_AS
REFUSED = (18456, 14, "Login failed for user '<token-identified principal>'.")
STORES_NOTHING = (50001, 16, "this server stores nothing")


@dataclass
class Login:
    """What a client logged in with."""

    user: str
    password: str
    token: str


@dataclass
class TdsServer:
    """Its address as a JDBC URL, who logged in, and what was said."""

    columns: Sequence[str]
    takes: Callable[[str], bool]
    refusal: str = REFUSED[2]
    logins: list[Login] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    url: str = ""

    def talk(self, connection: ssl.SSLSocket) -> None:
        """One connection, until the client leaves."""
        while packet := _message(connection):
            kind, body = packet
            connection.sendall(_reply(self._answer(kind, body)))

    def _answer(self, kind: int, body: bytes) -> bytes:
        if kind == PRELOGIN:
            return _prelogin()
        if kind == LOGIN7:
            return self._logged_in(body)
        text = body.decode("utf-16-le", "ignore")
        self.said.append(text)
        if kind == BATCH and "SELECT" not in text:
            return _done()
        if "WHERE 1=0" in text:
            return _no_rows(self.columns) + _done()
        return _error(*STORES_NOTHING) + _done(status=2)

    def _logged_in(self, body: bytes) -> bytes:
        login = _login(body)
        self.logins.append(login)
        if not self.takes(login.token):
            number, severity, _ = REFUSED
            return _error(number, severity, self.refusal) + _done(status=2)
        acknowledged = bytes([0xAE, FEDAUTH]) + struct.pack("<I", 0) + b"\xff"
        return _collation() + _login_ack() + acknowledged + _done()


@contextmanager
def tds_server(folder: Path, columns: Sequence[str], takes: Callable[[str], bool]) -> Iterator[TdsServer]:
    """A running TdsServer on loopback, over TLS from the first byte (`encrypt=strict`)."""
    certificate = trustme.CA().issue_cert("127.0.0.1")
    pem = folder / "server.pem"
    certificate.cert_chain_pems[0].write_to_path(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["tds/8.0"])
    certificate.configure_cert(context)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    url = f"jdbc:sqlserver://127.0.0.1:{port};database=d;encrypt=strict;serverCertificate={pem};loginTimeout=10"
    server = TdsServer(columns, takes, url=url)

    def serve(plain: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            server.talk(connection)

    def accept() -> None:
        with suppress(OSError):  # until it is closed
            while True:
                plain, _ = listening.accept()
                threading.Thread(target=serve, args=(plain,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _message(connection: ssl.SSLSocket) -> tuple[int, bytes] | None:
    """The next message, put together of its packets; None at the end."""
    body = b""
    while header := _exactly(connection, 8):
        kind, status, length = struct.unpack(">BBH", header[:4])
        body += _exactly(connection, length - 8)
        if status & LAST:
            return kind, body
    return None


def _exactly(connection: ssl.SSLSocket, size: int) -> bytes:
    taken = b""
    while len(taken) < size and (more := connection.recv(size - len(taken))):
        taken += more
    return taken


def _reply(body: bytes) -> bytes:
    parts = [body[at : at + 4000] for at in range(0, len(body), 4000)]
    packets = [
        struct.pack(">BBHHBB", REPLY, LAST if part is parts[-1] else 0, len(part) + 8, 0, 1, 0) + part for part in parts
    ]
    return b"".join(packets)


def _prelogin() -> bytes:
    """A version, encryption on, and that a token must log in."""
    options = {0: b"\x10\x00\x00\x00\x00\x00", 1: b"\x01", 6: b"\x01"}
    at = 5 * len(options) + 1
    table = data = b""
    for option, value in options.items():
        table += struct.pack(">BHH", option, at + len(data), len(value))
        data += value
    return table + b"\xff" + data


def _login(body: bytes) -> Login:
    def text(entry: int) -> str:
        at, length = struct.unpack_from("<HH", body, entry)
        return body[at : at + 2 * length].decode("utf-16-le")

    (extension,) = struct.unpack_from("<H", body, 56)
    (at,) = struct.unpack_from("<I", body, extension)
    token = ""
    while body[at] != 0xFF:
        feature, size = struct.unpack_from("<BI", body, at)
        data = body[at + 5 : at + 5 + size]
        if feature == FEDAUTH:
            (length,) = struct.unpack_from("<I", data, 1)
            token = data[5 : 5 + length].decode("utf-16-le")
        at += 5 + size
    return Login(user=text(40), password=text(44), token=token)


def _collation() -> bytes:
    body = b"\x07" + bytes([len(LATIN)]) + LATIN + b"\x00"
    return b"\xe3" + struct.pack("<H", len(body)) + body


def _login_ack() -> bytes:
    name = "stub".encode("utf-16-le")
    body = b"\x01" + struct.pack(">I", 0x08000000) + bytes([4]) + name + b"\x10\x00\x00\x00"
    return b"\xad" + struct.pack("<H", len(body)) + body


def _error(number: int, severity: int, message: str) -> bytes:
    said = struct.pack("<H", len(message)) + message.encode("utf-16-le")
    body = struct.pack("<IBB", number, 1, severity) + said + b"\x00\x00" + struct.pack("<I", 1)
    return b"\xaa" + struct.pack("<H", len(body)) + body


def _no_rows(columns: Sequence[str]) -> bytes:
    """A result of NVARCHAR columns without a row."""
    described = b"".join(
        struct.pack("<IHBH", 0, 0x0001, 0xE7, 8000) + LATIN + bytes([len(name)]) + name.encode("utf-16-le")
        for name in columns
    )
    return b"\x81" + struct.pack("<H", len(columns)) + described


def _done(status: int = 0) -> bytes:
    return b"\xfd" + struct.pack("<HHQ", status, 0, 0)
