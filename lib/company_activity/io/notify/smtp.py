"""The mail server of the settings, and why a mail did not go out."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from company_activity.io.net.causes import cause
from company_activity.io.notify.channel import NotSent, within
from company_activity.io.secrets.resolve import resolve
from company_activity.settings.model import NotifySettings, SecretSettings


class MailServer:
    """Takes mails over TLS, unless the settings turn that off."""

    def __init__(self, settings: NotifySettings, secrets: SecretSettings) -> None:
        self._settings = settings
        self._secrets = secrets

    def check(self) -> None:
        """
        Raises:
            NotSent: if a setting is not there, or a password would cross a network in clear.
        """
        wanted = ("smtp_host", "mail_from")
        if missing := [name for name in wanted if not getattr(self._settings, name)]:
            raise NotSent(f"notify.{missing[0]} has no value")
        if self._settings.smtp_user and self._settings.smtp_tls == "none":
            raise NotSent("notify.smtp_user needs TLS: set notify.smtp_tls to starttls or tls")

    def send(self, mail: EmailMessage, recipients: Sequence[str]) -> dict[str, int]:
        """Send it; the recipients whom the server does not take, each with its answer.

        Raises:
            NotSent: if it takes none, or not the mail. What it answers to RCPT or DATA is about this mail alone.
        """
        self.check()
        password = resolve(self._settings.smtp_password, self._secrets).reveal()
        return within(
            self._settings.time_budget_seconds,
            lambda: self._refused_by(mail, recipients, password),
        )

    def _refused_by(
        self, mail: EmailMessage, recipients: Sequence[str], password: str
    ) -> dict[str, int]:
        settings = self._settings
        try:
            with self._connected() as server:
                if settings.smtp_user:
                    server.login(settings.smtp_user, password)
                return codes_of(self._handed_to(server, mail, recipients))
        except smtplib.SMTPRecipientsRefused as error:
            raise self._nobody(recipients, codes_of(error.recipients)) from None
        except smtplib.SMTPAuthenticationError as error:
            raise NotSent(
                f"{settings.smtp_host} refuses the user or the password ({error.smtp_code})"
            ) from None
        except smtplib.SMTPResponseException as error:
            is_refused = isinstance(error, smtplib.SMTPDataError)
            raise NotSent(
                f"{settings.smtp_host} answers {error.smtp_code}",
                is_refused=is_refused,
                is_final=is_refused and error.smtp_code >= 500,
            ) from None
        except smtplib.SMTPNotSupportedError as error:  # its text is smtplib's own
            raise NotSent(f"{settings.smtp_host}: {error}") from None
        except smtplib.SMTPException as error:
            raise NotSent(f"{settings.smtp_host}: {type(error).__name__}") from None
        except (OSError, UnicodeError) as error:
            raise NotSent(f"{settings.smtp_host}: {cause(error)}") from None

    def _handed_to(
        self, server: smtplib.SMTP, mail: EmailMessage, recipients: Sequence[str]
    ) -> dict[str, tuple[int, bytes]]:
        """Hand the mail over; the recipients that are refused."""
        try:
            return server.send_message(mail, to_addrs=list(recipients))
        except smtplib.SMTPNotSupportedError as error:  # an address that is not ASCII
            said = f"{self._settings.smtp_host}: {error}"
            raise NotSent(said, is_refused=True, is_final=True) from None

    def _nobody(self, recipients: Sequence[str], refused: Mapping[str, int]) -> NotSent:
        """Why nobody was written to."""
        host = self._settings.smtp_host
        is_final = min(refused.values(), default=0) >= 500
        if len(recipients) == 1:
            (code,) = refused.values()
            said = f"{host} refuses {recipients[0]} ({code})"
        else:
            said = f"{host} refuses every recipient"
        return NotSent(said, is_refused=True, is_final=is_final)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A connection. What the server says to QUIT is not waited for: a mail that it has taken is taken."""
        server = self._opened()
        try:
            yield server
            with suppress(smtplib.SMTPException, OSError):
                server.putcmd("QUIT")
        finally:
            server.close()

    def _opened(self) -> smtplib.SMTP:
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


def codes_of(refused: Mapping[str, tuple[int, bytes]]) -> dict[str, int]:
    """What the server answers, by recipient, without its words."""
    return {to: code for to, (code, _) in refused.items()}
