"""E-mail over SMTP."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import formatdate

from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.message import Message, fitting
from company_activity.io.notify.smtp import MailServer
from company_activity.settings.model import NotifySettings, SecretSettings

MOST_BYTES = 256 * 1024
SUBJECT_CHARACTERS = 150


class Mail:
    """Sends a plain text to `notify.mail_to`."""

    def __init__(self, settings: NotifySettings, secrets: SecretSettings) -> None:
        self._settings = settings
        self._server = MailServer(settings, secrets)

    def send(self, message: Message) -> str:
        """Send it; who was written to."""
        self._server.check()
        if not self._settings.mail_to:
            raise NotSent("notify.mail_to has no value")
        mail = mail_of(message, self._settings.mail_from, self._settings.mail_to)
        return self._server.send(mail, self._settings.mail_to)


def mail_of(message: Message, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """The mail; its Message-ID is the same for the same message."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = _one_line(message.headline)[:SUBJECT_CHARACTERS]
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{message.key}.{message.environment}@{message.pipeline}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(fitting(message, text_of, MOST_BYTES).decode())
    return mail


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
