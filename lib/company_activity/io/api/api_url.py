"""The setting `api.url`: whether pages may be asked for there, and how it is shown."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from company_activity.errors import SettingsError
from company_activity.io.net.loopback import is_loopback
from company_activity.io.secrets.in_urls import is_secret

# Parsers disagree on these, and one of them decides where the key goes.
UNSAFE = re.compile(r"[\\\s\x00-\x1f\x7f]")
DEFAULT_PORTS = {"http": 80, "https": 443}
NO_ORIGIN = ("", "", 0)
SHORTEST_SECRET = (
    4  # characters: to hide all that looks like a shorter one would hide half of a sentence
)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, the default port filled in."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or ""), parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def checked_url(url: str) -> str:
    """The setting `api.url`, if pages can be asked for there.

    Raises:
        SettingsError: if it is not an http or https URL, or would carry the key in clear to another machine.
    """
    try:
        scheme, host, port = origin(url)
    except ValueError:
        scheme, host, port = NO_ORIGIN
    if scheme not in DEFAULT_PORTS or not host or not port or UNSAFE.search(url):
        raise SettingsError(
            "setting api.url is no http(s) URL", remedy="give it as https://host/path"
        )
    if scheme == "http" and not is_loopback(host):
        raise SettingsError(
            f"setting api.url would send the key in clear, over http:// to {host}",
            remedy="give it as https://…; http:// is for 127.0.0.1, ::1 and localhost",
        )
    return url


def without_secrets(url: str) -> str:
    """Scheme, host, port and path: what may be shown. User, password and query stay behind.

    >>> without_secrets("https://me:pw@api.test:8443/usage?code=s3cret")
    'https://api.test:8443/usage'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def secrets_in(url: str) -> list[str]:
    """The password before the host, and the values of the query that are secrets: an API may echo them.

    >>> secrets_in("https://me:p%2Fword@api.test/usage?code=s3cret&page=1")
    ['p/word', 's3cret']
    """
    parts = urlsplit(url)
    values = [value for name, value in parse_qsl(parts.query) if is_secret(name)]
    found = [unquote(parts.password or ""), *values]
    return [secret for secret in found if len(secret) >= SHORTEST_SECRET]
