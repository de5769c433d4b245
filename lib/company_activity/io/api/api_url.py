"""The setting `api.url`: whether pages may be asked for there, and how it is shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from company_activity.errors import SettingsError
from company_activity.io.net.loopback import is_loopback

# Parsers disagree on these, and one of them decides where the key goes.
UNSAFE = re.compile(r"[\\\s\x00-\x1f\x7f]")
DEFAULT_PORTS = {"http": 80, "https": 443}
NO_ORIGIN = ("", "", 0)


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
