"""E-mail over SMTP."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses

from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.message import Message, fitting
from company_activity.io.notify.smtp import MailServer
from company_activity.settings.model import NotifySettings, SecretSettings

log = logging.getLogger(__name__)
MOST_BYTES = 256 * 1024
SUBJECT_CHARACTERS = 150


class Mail:
    """Sends a plain text to `notify.mail_to`; `warn` is told of those to whom it does not come."""

    def __init__(
        self,
        settings: NotifySettings,
        secrets: SecretSettings,
        warn: Callable[[str], None] = log.warning,
    ) -> None:
        self._settings = settings
        self._server = MailServer(settings, secrets)
        self._warn = warn

    def send(self, message: Message) -> str:
        """Send it; who was written to."""
        self._server.check()
        if not self._settings.mail_to:
            raise NotSent("notify.mail_to has no value")
        mail = mail_of(message, self._settings.mail_from, self._settings.mail_to)
        recipients = [address for _, address in getaddresses(self._settings.mail_to)]
        refused = self._server.send(mail, recipients)
        for to, code in refused.items():
            said = f"{self._settings.smtp_host} answers {code}"
            self._warn(f"{to} did not get the message of {message.run_id}: {said}")
        return ", ".join(to for to in recipients if to not in refused)


def mail_of(message: Message, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """The mail. Message-ID and date are the same whenever it is sent: whoever gets it twice sees that it is one."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = _one_line(message.headline)[:SUBJECT_CHARACTERS]
    mail["Date"] = format_datetime(_ended_at(message))
    mail["Message-ID"] = f"<{message.key}.{message.environment}@{message.pipeline}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(fitting(message, text_of, MOST_BYTES).decode())
    return mail


def _ended_at(message: Message) -> datetime:
    """When its run ended."""
    return datetime.fromisoformat(message.began_at) + timedelta(seconds=message.seconds)


def text_of(message: Message) -> bytes:
    """Facts first, then the lists, a line each; in UTF-8."""
    lines = [message.headline, ""]
    lines += [f"{name}: {_one_line(value)}" for name, value in message.facts]
    for name, entries in message.lists:
        lines += ["", f"{name}:", *(f"  - {_one_line(entry)}" for entry in entries)]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _one_line(text: str) -> str:
    """Text from outside cannot look like a line of ours, nor end a header."""
    return "".join(c if c.isprintable() else " " for c in text)
