"""A digest by e-mail, as plain text and as HTML."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formatdate
from functools import partial

from company_activity.io.notify.channel import NotSent
from company_activity.io.notify.digest import words
from company_activity.io.notify.digest.digest import Digest
from company_activity.io.notify.digest.fitting import most_that_fits
from company_activity.io.notify.digest.html import html_of
from company_activity.io.notify.digest.part import Part
from company_activity.io.notify.digest.recipients import setting_of
from company_activity.io.notify.digest.text import text_of
from company_activity.io.notify.message import PIPELINE
from company_activity.io.notify.smtp import MailServer
from company_activity.settings.model import NotifySettings, RecipientSettings, SecretSettings

MOST_BYTES = 100_000  # of HTML: Gmail cuts off what is beyond 102 KB


class DigestMail:
    """Writes to `mail_to` of a recipient, from the mail server that messages about runs go out by."""

    def __init__(
        self, to: RecipientSettings, settings: NotifySettings, secrets: SecretSettings
    ) -> None:
        self._to = to.mail_to
        self._sender = settings.mail_from
        self._server = MailServer(settings, secrets)

    def messages(self, digest: Digest) -> list[Part]:
        """One mail, to each address by itself: one that is refused is tried again without the others."""
        self._server.check()
        if not self._to:
            raise NotSent(f"{setting_of(digest.recipient, 'mail_to')} has no value")
        mail = mail_of(digest, self._sender, self._to)
        return [
            Part.for_address(to, partial(self._send, mail, to)) for to in dict.fromkeys(self._to)
        ]

    def _send(self, mail: EmailMessage, to: str) -> str:
        """Send it; who was written to."""
        self._server.send(mail, (to,))
        return to


def mail_of(digest: Digest, sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """The mail, the same to the byte whenever it is made; both of its forms name the same companies."""
    most = most_that_fits(digest.longest, lambda number: _size(digest, number) <= MOST_BYTES)
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = words.headline(digest)
    mail["Date"] = _date(digest)
    mail["Message-ID"] = f"<{digest.key}@{PIPELINE}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text_of(digest, most))
    mail.add_alternative(html_of(digest, most), subtype="html")
    mail.set_boundary(f"={digest.key}=")  # of a random one each try would be another mail
    return mail


def _date(digest: Digest) -> str:
    """When it was made: a later try has the same date."""
    if not digest.written_at:
        return formatdate()
    return format_datetime(datetime.fromisoformat(digest.written_at))


def _size(digest: Digest, most: int) -> int:
    return len(html_of(digest, most).encode())
