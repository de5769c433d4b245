"""The API's key: fetched when first needed and again when refused, hidden in every text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import requests

from company_activity.errors import SettingsError
from company_activity.settings.model import Secret


class Bearer:
    """Signs requests with a key. As `auth=` of requests it stands above what a .netrc says.

    `besides` are the secrets that the API's address holds: they are hidden as the key is.
    """

    def __init__(self, find: Callable[[], Secret], besides: Iterable[str] = ()) -> None:
        self._find = find
        self._besides = tuple(besides)
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
        """The text without the key: an API may echo it, as it is or as URLs and JSON write it.

        >>> bearer = Bearer(lambda: Secret("k/1"))
        >>> _ = bearer(requests.Request("GET", "http://api.test").prepare())
        >>> bearer.hide("no page k/1, no page k%2f1, no page k\\\\/1")
        'no page ***, no page ***, no page ***'
        """
        secrets = [*self._besides, *([self._key.reveal()] if self._key else [])]
        for secret in secrets:
            text = re.sub("".join(map(_in_any_writing, secret)), "***", text)
        return text


def _in_any_writing(character: str) -> str:
    """The pattern of a character: bare, behind backslashes (quoted text), or as its number."""
    number = f"{ord(character):02x}"
    return rf"\\*(?:{re.escape(character)}|(?i:%{number}|u00{number}))"


def _usable(key: Secret) -> Secret:
    """The key without blanks around it, if a header can hold it: else an error would quote it."""
    text = key.reveal().strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(
            "setting api.key cannot be sent: it is empty, or has blanks, line breaks or characters beyond ASCII",
            remedy="store the bare key",
        )
    return Secret(text)
