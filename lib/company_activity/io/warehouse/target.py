"""Where to publish: an address without secrets, and the secrets apart from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from company_activity.io.secrets.in_urls import without_secrets
from company_activity.io.warehouse.entra import EntraTokens
from company_activity.settings.model import Secret


@dataclass(frozen=True)
class Target:
    """Where to publish: the URL holds no secrets, the properties hold them and never show them.

    `is_local` says that nothing leaves this machine: what only a laptop may do hangs on it.
    `tokens` are there where Entra logs in.
    """

    engine: str
    url: str
    properties: Mapping[str, str | Secret] = field(default_factory=dict)
    is_local: bool = False
    tokens: EntraTokens | None = None

    @property
    def shown(self) -> str:
        """The URL as it may stand in a message."""
        return without_secrets(self.url)

    def revealed(self) -> dict[str, str]:
        """The properties as the driver wants them, for a connection that is made now.

        Raises:
            PublishError: if Entra gives no token.
        """
        revealed = {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in self.properties.items()
        }
        return revealed | (self.tokens.properties() if self.tokens else {})

    def without_secrets(self, text: str) -> str:
        """What a driver said, with every secret masked, as it is or as a URL writes it."""
        written: set[str] = set(self.tokens.given if self.tokens else ())
        for value in self.properties.values():
            if isinstance(value, Secret) and value.reveal():
                written.update(spellings(value.reveal()))
        for secret in sorted(written, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def spellings(secret: str) -> set[str]:
    """A secret as it is, and as URLs write it.

    >>> sorted(spellings("a b/"))
    ['a b/', 'a%20b%2F', 'a%20b/', 'a+b%2F']
    """
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        secret.replace("}", "}}"),
    }
