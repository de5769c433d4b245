"""E-mail, as a real mail server gets it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import trustme

from company_activity.io.notify.channel import Channel, NotSent
from company_activity.io.notify.mail import Mail, mail_of
from company_activity.io.notify.message import Message
from company_activity.settings.model import NotifySettings, Secret, SecretSettings

from support.report.receivers import mail_receiver
from support.report.rough_mail import rough_mail


@pytest.fixture
def mail(settings: Callable[..., NotifySettings]) -> Callable[..., Mail]:
    """A channel to a server on a port."""

    def mail(port: int, warn: Callable[[str], None] = print, **more: Any) -> Mail:
        known = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "mail_from": "etl@example.com",
                 "mail_to": ("cs@example.com", "data@example.com")}  # fmt: skip
        return Mail(settings(**known | more), SecretSettings(), warn)

    return mail


def why_not(channel: Channel, message: Message) -> NotSent:
    with pytest.raises(NotSent) as caught:
        channel.send(message)
    assert "hunter2" not in str(caught.value)
    return caught.value


def test_a_mail_says_what_failed_and_what_to_do(mail: Callable[..., Mail], message: Message) -> None:
    with mail_receiver() as server:
        assert mail(server.port).send(message) == "cs@example.com, data@example.com"
    [got] = server.mails
    assert got["Subject"] == "company-activity (synapse) failed at stage usage: 2025-11-23"
    assert (got["From"], got["To"]) == ("etl@example.com", "cs@example.com, data@example.com")
    assert got["Message-ID"] == "<20251124T030000Z-abc123.failed.synapse@company-activity>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got.get_content().splitlines()[:5] == [
        "company-activity (synapse) failed at stage usage: 2025-11-23",
        "",
        "Error: GateRefused: gate volume on 2025-11-23: found 812, wanted 1640",
        "What to do: fetch the date again",
        "Step: stage usage",
    ]
    gates = "Gates:\n  - volume on 2025-11-23 refused: found 812, wanted 1640\n  - 3 passed\n"
    assert gates in got.get_content().replace("\r\n", "\n")


def test_a_mail_is_dated_by_the_end_of_its_run_so_that_a_later_try_sends_the_same_bytes(message: Message) -> None:
    made = mail_of(message, "etl@example.com", ("cs@example.com",))
    assert made["Date"] == "Mon, 24 Nov 2025 03:01:01 +0000"


def test_hostile_text_adds_no_header_and_no_line_and_no_megabytes(mail: Callable[..., Mail], hostile: Message) -> None:
    with mail_receiver() as server:
        mail(server.port).send(hostile)
    [got] = server.mails
    assert "Bcc" not in got
    assert not [line for line in got.get_content().splitlines() if line.startswith("Bcc")]
    assert len(got.as_bytes()) < 400_000
    assert got.get_content_type() == "text/plain"


def test_a_headline_with_a_line_break_stays_a_subject(mail: Callable[..., Mail], message: Message) -> None:
    with mail_receiver() as server:
        mail(server.port).send(replace(message, dates="2025\r\nBcc: evil@example.com"))
    assert "Bcc" not in server.mails[0]


def test_it_goes_over_tls_with_a_login(mail: Callable[..., Mail], message: Message, trusted: trustme.CA) -> None:
    with mail_receiver(tls=trusted, password="hunter2") as server:
        channel = mail(server.port, smtp_tls="starttls", smtp_user="etl", smtp_password=Secret("hunter2"))
        channel.send(message)
    assert server.was_tls == [True]
    assert server.logins == [("etl", "hunter2")]


def test_a_password_that_is_wrong_is_told_without_it(
    mail: Callable[..., Mail], message: Message, trusted: trustme.CA
) -> None:
    with mail_receiver(tls=trusted, password="right") as server:
        channel = mail(server.port, smtp_tls="starttls", smtp_user="etl", smtp_password=Secret("hunter2"))
        assert str(why_not(channel, message)) == "127.0.0.1 refuses the user or the password (535)"


def test_a_certificate_that_is_not_trusted_ends_it_before_the_login(
    mail: Callable[..., Mail], message: Message, ca: trustme.CA
) -> None:
    with mail_receiver(tls=ca, password="hunter2") as server:
        channel = mail(server.port, smtp_tls="starttls", smtp_user="etl", smtp_password=Secret("hunter2"))
        assert "certificate verify failed" in str(why_not(channel, message))
    assert (server.mails, server.logins) == ([], [])


def test_a_server_without_tls_gets_nothing(mail: Callable[..., Mail], message: Message) -> None:
    with mail_receiver() as server:
        assert "STARTTLS" in str(why_not(mail(server.port, smtp_tls="starttls"), message))
    assert server.mails == []


def test_a_password_does_not_cross_the_network_in_clear(mail: Callable[..., Mail], message: Message) -> None:
    why = why_not(mail(9, smtp_user="etl", smtp_password=Secret("hunter2")), message)
    assert str(why) == "notify.smtp_user needs TLS: set notify.smtp_tls to starttls or tls"


@pytest.mark.parametrize("name", ["smtp_host", "mail_from", "mail_to"])
def test_a_setting_that_is_not_there_is_named(mail: Callable[..., Mail], message: Message, name: str) -> None:
    assert str(why_not(mail(9, **{name: () if name == "mail_to" else ""}), message)) == f"notify.{name} has no value"


def test_nobody_there(mail: Callable[..., Mail], message: Message) -> None:
    assert str(why_not(mail(9), message)) == "127.0.0.1: Connection refused"


@pytest.mark.parametrize(("command", "is_about_it"), [("END", True), ("DATA", True), ("RCPT", True), ("MAIL", False)])
@pytest.mark.parametrize("code", [451, 554])
def test_what_is_said_to_a_recipient_or_a_text_is_about_that_mail_alone(
    mail: Callable[..., Mail], message: Message, command: str, is_about_it: bool, code: int
) -> None:
    with rough_mail() as server:
        server.answers[command] = f"{code} no"
        why = why_not(mail(server.port), message)
    assert (why.is_refused, why.is_final) == (is_about_it, is_about_it and code == 554)


@pytest.mark.parametrize("command", ["CONNECT", "MAIL", "RCPT", "END"])
def test_a_server_that_hangs_up_is_down(mail: Callable[..., Mail], message: Message, command: str) -> None:
    with rough_mail() as server:
        server.answers[command] = ""
        assert not why_not(mail(server.port), message).is_refused


def test_an_address_for_which_the_server_has_no_letters_is_about_that_mail_alone(
    mail: Callable[..., Mail], message: Message
) -> None:
    with rough_mail() as server:
        assert why_not(mail(server.port, mail_to=("ann@exämple.com",)), message).is_refused


@pytest.mark.parametrize("said", ["221 bye", "421 closing", "250 bye", "500 what", "", "drip"])
def test_a_mail_that_was_taken_is_sent_whatever_is_said_to_quit(
    mail: Callable[..., Mail], message: Message, said: str
) -> None:
    with rough_mail() as server:
        server.answers["QUIT"] = said
        began = time.monotonic()
        assert mail(server.port).send(message) == "cs@example.com, data@example.com"
    assert len(server.taken) == 1
    assert time.monotonic() - began < 1.5  # the timeout is 2 s


def test_the_recipients_that_are_taken_get_it_and_the_others_are_a_warning(
    mail: Callable[..., Mail], message: Message
) -> None:
    told: list[str] = []
    with mail_receiver() as server:
        server.refuse["cs@example.com"] = "550 unknown"
        assert mail(server.port, warn=told.append).send(message) == "data@example.com"
        server.refuse["RCPT"] = "550 unknown"
        assert str(why_not(mail(server.port), message)) == "127.0.0.1 refuses every recipient"
    assert len(server.mails) == 1
    assert told == ["cs@example.com did not get the message of 20251124T030000Z-abc123: 127.0.0.1 answers 550"]


def test_a_recipient_may_have_a_name(mail: Callable[..., Mail], message: Message) -> None:
    with rough_mail() as server:
        mail(server.port, mail_to=('"CS, all" <cs@example.com>', "a@example.com, b@example.com")).send(message)
    assert server.readers == ["a@example.com", "b@example.com", "cs@example.com"]
