"""The connection to the mail server fails anywhere, in clear and under TLS: the mail comes, and twice only as the same mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme

from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.mail import Mail
from company_activity.settings.model import NotifySettings, Secret, SecretSettings

from reliability.harness.cases import Cases
from reliability.network.broken_wire import broken_wire, faults_of, unheard_port
from reliability.network.messages import MESSAGE, in_a_hurry, judge
from support.report.receivers import MailReceiver, mail_receiver

pytestmark = pytest.mark.fault

PASSWORD = "hunter2-of-the-mail-server"
PLAIN = (900, 300)  # bytes that each side says, about
STARTTLS = (1900, 1900)


def taken_by(receiver: MailReceiver) -> Callable[[], list[bytes]]:
    """The mails that came, as bytes."""
    return lambda: [bytes(mail) for mail in receiver.mails]


def settings_for(port: int, tls: str) -> NotifySettings:
    """A mail server behind the wire; with a login where TLS allows one."""
    plain = NotifySettings(
        smtp_host="127.0.0.1", smtp_port=port, smtp_tls=tls, mail_from="run@x.example", mail_to=("ann@x.example",)
    )
    login = replace(plain, smtp_user="pipeline", smtp_password=Secret(PASSWORD))
    return in_a_hurry(login if tls == "starttls" else plain)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that ssl trusts."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return ca


@pytest.mark.row("N3")
@pytest.mark.parametrize("tls", ["none", "starttls"])
def test_a_mail_comes_whatever_the_wire_does(tls: str, tmp_path: Path, trusted: trustme.CA, cases: Cases) -> None:
    with mail_receiver(*((trusted, PASSWORD) if tls == "starttls" else ())) as server, broken_wire(server.port) as wire:
        channel = Mail(settings_for(wire.port, tls), SecretSettings())
        keys = {f"{tls} {fault}": fault for fault in faults_of(*(PLAIN if tls == "none" else STARTTLS))}
        for key in cases.left(keys, short=4):
            with cases.one(key) as notes, TemporaryDirectory(dir=tmp_path) as folder:
                server.mails.clear()
                notes.append(judge("mail", channel, wire, keys[key], Path(folder), taken_by(server), [PASSWORD]))


@pytest.mark.row("N3")
def test_nobody_listens() -> None:
    with unheard_port() as port, pytest.raises(NotSent, match="Connection refused"):
        Mail(settings_for(port, "starttls"), SecretSettings()).send(MESSAGE)
