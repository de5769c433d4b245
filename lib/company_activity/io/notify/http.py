"""One POST over HTTPS, and what its failure may say: never the address, which is a secret."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from company_activity.io.api.retry import CappedRetry
from company_activity.io.net.causes import cause
from company_activity.io.net.http_session import HttpSession
from company_activity.io.net.loopback import is_loopback
from company_activity.io.notify.channel import NotSent
from company_activity.settings.model import NotifySettings

MOST_ASKED = 6 * 3600.0  # seconds: what is beyond is all the same
BUSY = (429, 502, 503, 504)
ABOUT_THE_CHANNEL = (401, 403, 404, 408, 410, 429)  # another message would fare no better


def post(
    setting: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    settings: NotifySettings,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Send `body` to the URL in a setting; the host that took it. Redirects are not followed.

    A busy server is asked again, no sooner than its `Retry-After` says. An untrusted certificate
    is a failure like any other.

    Raises:
        NotSent: if it was not taken, or the server asks for more time than there is.
    """
    host = _checked(setting, url)
    ends = clock() + settings.time_budget_seconds
    for attempt in range(1, settings.max_attempts + 1):
        status, asked = _answer(host, url, body, headers, settings)
        if 200 <= status < 300:
            return host
        if status not in BUSY or attempt == settings.max_attempts:
            break
        seconds = asked or backoff(attempt)
        if asked > settings.retry_after_cap_seconds or clock() + seconds >= ends:
            raise NotSent(f"{host} answers {status}{_asking(asked)}")
        sleep(seconds)
    is_refused = 400 <= status < 500 and status not in ABOUT_THE_CHANNEL
    raise NotSent(f"{host} answers {status}", is_refused=is_refused)


def _answer(
    host: str, url: str, body: bytes, headers: Mapping[str, str], settings: NotifySettings
) -> tuple[int, float]:
    """The status of one answer, and how many seconds it asks us to wait.

    Raises:
        NotSent: if there is none.
    """
    try:
        with HttpSession() as session:
            for scheme in ("https://", "http://"):
                session.mount(scheme, HTTPAdapter(max_retries=_connecting(settings)))
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
    return answer.status_code, retry_after(answer.headers)


def retry_after(headers: Mapping[str, str]) -> float:
    """How many seconds a server asks us to wait, in whichever of its two forms; 0 if it does not say.

    >>> retry_after({"Retry-After": "7"}), retry_after({"Retry-After": "soon"}), retry_after({})
    (7.0, 0.0, 0.0)
    >>> retry_after({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}) == MOST_ASKED
    True
    """
    return CappedRetry(cap_seconds=MOST_ASKED).parse_retry_after(headers.get("Retry-After", ""))


def backoff(attempt: int) -> float:
    """How long to wait where the server does not say: once it was perhaps by chance.

    >>> [backoff(attempt) for attempt in (1, 2, 3, 4)]
    [0.0, 1.0, 2.0, 4.0]
    """
    return 0.0 if attempt == 1 else 2.0 ** (attempt - 2)


def _asking(seconds: float) -> str:
    return f", and asks us to wait {seconds:,.0f} s" if seconds else ""


def _connecting(settings: NotifySettings) -> Retry:
    """Connect again where that failed: nothing was taken. Answers are looked at by `post`."""
    more = settings.max_attempts - 1
    return Retry(
        total=more,
        connect=more,
        status=0,
        read=0,
        redirect=0,
        other=0,
        status_forcelist=(),
        allowed_methods=None,
        backoff_factor=0.5,
        respect_retry_after_header=False,
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
