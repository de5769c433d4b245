"""Which URL a page is asked for at: never one that would carry the key to another server."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

import requests

from company_activity.errors import ApiError
from company_activity.io.api.api_url import DEFAULT_PORTS, UNSAFE, origin
from company_activity.io.api.page import TELL_ITS_OWNER
from company_activity.settings.model import ApiSettings

A_URL = re.compile(r"(?i:https?://)|\?|/[^?]*\?")
# No token looks like these; a reader that took one for a URL would carry the key to another server.
ANOTHER_SERVER = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*://|\\[\\/]|/\\")
OUR_QUERY = ("date", "page", "per_page")
AS_WRITTEN = "%/:@!$'()*+,;=~"


def page_url(api: ApiSettings, day: date, page: int | str) -> str:
    """The URL of a page: a number or a token goes into the query, a URL is taken as it is.

    A URL begins with `http://` or `https://`, or with `/` or `?` and holds a `?`; any other text is
    a token.

    >>> page_url(ApiSettings("https://api.test/usage", page_size=100), date(2025, 3, 31), 2)
    'https://api.test/usage?date=2025-03-31&page=2&per_page=100'
    >>> page_url(ApiSettings("https://api.test/usage"), date(2025, 3, 31), "/usage?cursor=x")
    'https://api.test/usage?cursor=x'
    >>> page_url(ApiSettings("https://api.test/usage", page_size=100), date(2025, 3, 31), "/wEP=")
    'https://api.test/usage?date=2025-03-31&page=%2FwEP%3D&per_page=100'

    Raises:
        ApiError: if it is a URL of another scheme, host or port, or cannot be sent.
    """
    if isinstance(page, str) and (A_URL.match(page) or ANOTHER_SERVER.match(page)):
        return _same_server(api.url, page)
    asked = {"date": day.isoformat(), "page": str(page), "per_page": str(api.page_size)}
    try:
        return str(requests.Request("GET", api.url, params=asked).prepare().url)
    except UnicodeEncodeError:
        raise ApiError(
            f"the next page holds half a character: {page!r}", remedy=TELL_ITS_OWNER
        ) from None


def _same_server(base: str, page: str) -> str:
    """`page` as an absolute URL, if it belongs to the server of `base`."""
    refused = ApiError(
        f"the next page is on another server: {page!r}", remedy=f"not followed; {TELL_ITS_OWNER}"
    )
    if not A_URL.match(page) or UNSAFE.search(page):
        raise refused
    try:
        url = _as_sent(urljoin(base, page))
        is_same = origin(url) == origin(_as_sent(base))
        is_same = is_same and _is_whole(page) and "@" not in urlsplit(url).netloc
    except (ValueError, requests.RequestException):
        raise refused from None
    if not is_same:
        raise refused
    return url


def _is_whole(written: str) -> bool:
    """Whether a URL that names a scheme names a server too."""
    parts = urlsplit(written)
    return bool(parts.netloc or not parts.scheme)


def _as_sent(url: str) -> str:
    return str(requests.Request("GET", url).prepare().url)


def shown_target(asked: str, location: str) -> str:
    """The target of a redirect, without user, password and values that we did not send.

    >>> shown_target("https://api.test/usage?page=2", "/v2/usage?page=2&code=s3cret")
    'https://api.test/v2/usage with the query page=2&code=***'
    >>> shown_target("https://api.test/usage", "http://me:pw@[bad?code=s3cret")
    "an invalid URL: '[bad'"
    """
    try:
        parts = urlsplit(urljoin(asked, location))
        is_url = parts.scheme in DEFAULT_PORTS and bool(parts.hostname) and _is_whole(location)
        is_url = is_url and parts.port != 0  # a port that is no number raises
    except ValueError:
        is_url = False
    if not is_url or not location.strip():
        return f"an invalid URL: {re.split('[?#]', location)[0].rpartition('@')[2]!r}"
    bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    query = "&".join(
        _shown_field(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return quote(bare, safe=f"{AS_WRITTEN}[]") + (f" with the query {query}" if query else "")


def _shown_field(name: str, value: str) -> str:
    return f"{quote(name)}={quote(value, safe=AS_WRITTEN) if name in OUR_QUERY else '***'}"
