"""Which URL a page is asked for at: never one that would carry the key to another server."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import SplitResult, urljoin, urlsplit

import requests

from company_activity.errors import ApiError, SettingsError
from company_activity.io.api.page import TELL_ITS_OWNER
from company_activity.settings import ApiSettings

LOOKS_LIKE_A_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*://|[/\\?]|\.\.?/|[^?]*\?")
UNSAFE = re.compile(r"[\\\s\x00-\x1f\x7f]")  # parsers disagree on these, and one of them decides where the key goes
DEFAULT_PORTS = {"http": 80, "https": 443}


def page_url(api: ApiSettings, day: date, page: int | str) -> str:
    """The URL of a page: a number or a token goes into the query, a URL is taken as it is.

    >>> page_url(ApiSettings("https://api.test/usage", page_size=100), date(2025, 3, 31), 2)
    'https://api.test/usage?date=2025-03-31&page=2&per_page=100'
    >>> page_url(ApiSettings("https://api.test/usage"), date(2025, 3, 31), "/usage?cursor=x")
    'https://api.test/usage?cursor=x'

    Raises:
        ApiError: if it is a URL of another scheme, host or port.
    """
    if isinstance(page, str) and LOOKS_LIKE_A_URL.match(page):
        return _same_server(api.url, page)
    asked = {"date": day.isoformat(), "page": str(page), "per_page": str(api.page_size)}
    return str(requests.Request("GET", api.url, params=asked).prepare().url)


def _same_server(base: str, page: str) -> str:
    """`page` as an absolute URL, if it belongs to the server of `base`."""
    refused = ApiError(f"the next page is on another server: {page!r}", remedy=f"not followed; {TELL_ITS_OWNER}")
    if UNSAFE.search(page):
        raise refused
    try:
        url, ours = _as_sent(urljoin(base, page)), _as_sent(base)
        is_same = origin(url) == origin(ours) and "@" not in urlsplit(url).netloc
    except (ValueError, requests.RequestException):
        raise refused from None
    if not is_same:
        raise refused
    return url


def _as_sent(url: str) -> str:
    return str(requests.Request("GET", url).prepare().url)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, the default port filled in."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or ""), parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def checked_url(url: str) -> str:
    """The setting `api.url`, if pages can be asked for there.

    Raises:
        SettingsError: if it is not an http or https URL.
    """
    try:
        parts: SplitResult | None = urlsplit(url)
        scheme, host, port = origin(url)
    except ValueError:
        parts, scheme, host, port = None, "", "", 0
    if parts is None or scheme not in DEFAULT_PORTS or not host or not port or UNSAFE.search(url):
        raise SettingsError("setting api.url is no http(s) URL", remedy="give it as https://host/path")
    return url


def without_secrets(url: str) -> str:
    """Scheme, host, port and path: what may be shown. User, password and query stay behind.

    >>> without_secrets("https://me:pw@api.test:8443/usage?code=s3cret")
    'https://api.test:8443/usage'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
