"""The API's key on its way: fetched when first needed, fetched anew when refused, hidden wherever text is shown."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import requests

from company_activity.errors import SettingsError
from company_activity.settings import Secret


class Bearer:
    """Signs requests with a key. As `auth=` of requests it stands above what a .netrc says."""

    def __init__(self, find: Callable[[], Secret]) -> None:
        self._find = find
        self._key: Secret | None = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the key into the request's head.

        Raises:
            SettingsError: if it cannot be found, or cannot stand in a head.
        """
        if self._key is None:
            self._key = _usable(self._find())
        request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        return request

    def renew(self) -> None:
        """Look for the key again at the next request: it may have been rotated."""
        self._key = None

    def hide(self, text: str) -> str:
        """The text without the key: an API may echo it.

        >>> bearer = Bearer(lambda: Secret("k/1"))
        >>> _ = bearer(requests.Request("GET", "http://api.test").prepare())
        >>> bearer.hide("no page k/1, no page k%2F1")
        'no page ***, no page ***'
        """
        if self._key is None:
            return text
        bare = self._key.reveal()
        return text.replace(bare, "***").replace(quote(bare, safe=""), "***")


def _usable(key: Secret) -> Secret:
    """The key without blanks around it. One that a head cannot hold would be quoted by the client's error."""
    text = key.reveal().strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(
            "setting api.key cannot be sent: it is empty, or has blanks, line breaks or characters beyond ASCII",
            remedy="store the bare key",
        )
    return Secret(text)
