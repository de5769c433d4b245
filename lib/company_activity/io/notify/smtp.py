"""The mail server of the settings, and why a mail did not go out."""

from __future__ import annotations

import smtplib
import ssl
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

    def send(self, mail: EmailMessage, recipients: tuple[str, ...]) -> str:
        """Send it; which of the recipients were written to.

        Raises:
            NotSent: if none was.
        """
        self.check()
        password = resolve(self._settings.smtp_password, self._secrets).reveal()
        refused = within(
            self._settings.time_budget_seconds, lambda: self._refused_by(mail, password)
        )
        return ", ".join(to for to in recipients if to not in refused)

    def _refused_by(self, mail: EmailMessage, password: str) -> dict[str, tuple[int, bytes]]:
        """Send it; the recipients whom the server does not take."""
        settings = self._settings
        try:
            with self._connected() as server:
                if settings.smtp_user:
                    server.login(settings.smtp_user, password)
                return server.send_message(mail)
        except smtplib.SMTPRecipientsRefused:
            raise NotSent(
                f"{settings.smtp_host} refuses every recipient", is_refused=True
            ) from None
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
