"""E-mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate

from company_activity.io.net.causes import cause
from company_activity.io.notify.channel import NotSent, within
from company_activity.io.notify.message import Message, fitting
from company_activity.io.secrets.resolve import resolve
from company_activity.settings.model import NotifySettings, SecretSettings

MOST_BYTES = 256 * 1024
SUBJECT_CHARACTERS = 150


class Mail:
    """Sends a plain text to `notify.mail_to`."""

    def __init__(self, settings: NotifySettings, secrets: SecretSettings) -> None:
        self._settings = settings
        self._secrets = secrets

    def send(self, message: Message) -> str:
        """Send it; who was written to."""
        self._check()
        mail = mail_of(message, self._settings.mail_from, self._settings.mail_to)
        password = resolve(self._settings.smtp_password, self._secrets).reveal()
        return within(self._settings.time_budget_seconds, lambda: self._deliver(mail, password))

    def _check(self) -> None:
        """
        Raises:
            NotSent: if a setting is not there, or a password would cross a network in clear.
        """
        wanted = ("smtp_host", "mail_from", "mail_to")
        if missing := [name for name in wanted if not getattr(self._settings, name)]:
            raise NotSent(f"notify.{missing[0]} has no value")
        if self._settings.smtp_user and self._settings.smtp_tls == "none":
            raise NotSent("notify.smtp_user needs TLS: set notify.smtp_tls to starttls or tls")

    def _deliver(self, mail: EmailMessage, password: str) -> str:
        settings = self._settings
        try:
            with self._connected() as server:
                if settings.smtp_user:
                    server.login(settings.smtp_user, password)
                refused = server.send_message(mail)
        except smtplib.SMTPRecipientsRefused:
            raise NotSent(f"{settings.smtp_host} refuses every recipient") from None
        except smtplib.SMTPAuthenticationError as error:
            raise NotSent(
                f"{settings.smtp_host} refuses the user or the password ({error.smtp_code})"
            ) from None
        except smtplib.SMTPResponseException as error:
            is_refused = isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
            raise NotSent(
                f"{settings.smtp_host} answers {error.smtp_code}", is_refused=is_refused
            ) from None
        except smtplib.SMTPNotSupportedError as error:  # its text is smtplib's own
            raise NotSent(f"{settings.smtp_host}: {error}") from None
        except smtplib.SMTPException as error:
            raise NotSent(f"{settings.smtp_host}: {type(error).__name__}") from None
        except (OSError, UnicodeError) as error:
            raise NotSent(f"{settings.smtp_host}: {cause(error)}") from None
        return ", ".join(to for to in settings.mail_to if to not in refused)

    def _connected(self) -> smtplib.SMTP:
        """A connection whose server has shown a certificate that we trust, unless TLS is off."""
        host = self._settings.smtp_host
        port = self._settings.smtp_port
        timeout = self._settings.timeout_seconds
        trusted = ssl.create_default_context()
        if self._settings.smtp_tls == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=timeout, context=trusted)
        server = smtplib.SMTP(host, port, timeout=timeout)
        if self._settings.smtp_tls == "starttls":
            try:
                server.starttls(context=trusted)
            except BaseException:
                server.close()
                raise
        return server


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
