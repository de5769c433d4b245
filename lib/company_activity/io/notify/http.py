"""One POST over HTTPS, and what its failure may say: never the address, which is a secret."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from company_activity.io.net.causes import cause
from company_activity.io.net.http_session import HttpSession
from company_activity.io.net.loopback import is_loopback
from company_activity.io.notify.channel import NotSent
from company_activity.settings.model import NotifySettings

BUSY = (429, 502, 503, 504)
ABOUT_THE_CHANNEL = (401, 403, 404, 408, 410, 429)  # another message would fare no better


def post(
    setting: str, url: str, body: bytes, headers: Mapping[str, str], settings: NotifySettings
) -> str:
    """Send `body` to the URL in a setting; the host that took it. Redirects are not followed.

    An untrusted certificate is a failure like any other.

    Raises:
        NotSent: if it was not taken.
    """
    host = _checked(setting, url)
    try:
        with HttpSession() as session:
            for scheme in ("https://", "http://"):
                session.mount(scheme, HTTPAdapter(max_retries=_attempts(settings)))
            answer = session.post(
                url,
                data=body,
                headers=dict(headers),
                timeout=settings.timeout_seconds,
                allow_redirects=False,
                stream=True,
            )
            answer.close()
    except requests.RequestException as error:
        raise NotSent(f"{host}: {_cause(error, url)}") from None
    status = answer.status_code
    if not answer.ok or answer.is_redirect:
        is_refused = 400 <= status < 500 and status not in ABOUT_THE_CHANNEL
        raise NotSent(f"{host} answers {status}", is_refused=is_refused)
    return host


def _attempts(settings: NotifySettings) -> Retry:
    """Retry only if nothing was taken: no connection, or an answer that says so."""
    more = settings.max_attempts - 1
    return Retry(
        total=more,
        connect=more,
        status=more,
        read=0,
        redirect=0,
        other=0,
        status_forcelist=BUSY,
        allowed_methods=None,
        backoff_factor=0.5,
        respect_retry_after_header=False,  # it may ask for hours
        raise_on_status=False,
    )


def _checked(setting: str, url: str) -> str:
    """The host of an address that may carry a message.

    Raises:
        NotSent: if it is none, or would carry it in clear across a network.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # a port that is no number raises
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("https", "http"):
        raise NotSent(f"{setting} is no https:// URL")
    if parts.scheme == "http" and not is_loopback(host):
        raise NotSent(f"{setting} would send in clear over http://; only https:// will do")
    return host


def _cause(error: requests.RequestException, url: str) -> str:
    """The innermost reason, unless it quotes the address."""
    said = cause(error)
    secrets = [part for part in (urlsplit(url).path, urlsplit(url).query) if len(part) > 1]
    return type(error).__name__ if "://" in said or any(part in said for part in secrets) else said
