"""Logging in with an access token of Entra: asked for whenever a connection is made, and never shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from company_activity.errors import PublishError
from company_activity.io.net.causes import shown
from company_activity.io.secrets.azure_credential import Audience

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

REMEMBERED = 4  # tokens that a message may still quote: they last an hour and more


@dataclass(frozen=True)
class EntraLogin:
    """How an engine's driver takes a token: as which property, and whether beside a user's name."""

    audience: Audience
    token_property: str
    wants_user: bool


class EntraTokens:
    """The tokens of one warehouse. The credential is asked each time, and keeps a token while it has five minutes.

    Executors get the token of the moment at which Spark's write begins, and connect when their first row is ready.
    Where that is after the token's end, the write is done again with a new one: see `Warehouse.tried`.
    """

    def __init__(
        self, login: EntraLogin, credential: TokenCredential, clock: Callable[[], float] = time.time
    ) -> None:
        self._login = login
        self._credential = credential
        self._clock = clock
        self._given: list[AccessToken] = []

    def __repr__(self) -> str:
        return "***"

    def properties(self) -> dict[str, str]:
        """The driver's property with a token in it, for a connection that is made now.

        Raises:
            PublishError: if there is no token to be had.
        """
        token = self._asked()
        if not self._given or self._given[-1].token != token.token:
            self._given = [*self._given[1 - REMEMBERED :], token]
        return {self._login.token_property: token.token}

    @property
    def given(self) -> list[str]:
        """The tokens that a driver may have seen, to be masked in what it says."""
        return [token.token for token in self._given]

    def expired(self, refusal: str) -> bool:
        """Whether a login was refused for its token's age: by the server's words or by our clock."""
        if "expired" in refusal.lower():
            return True
        return bool(self._given) and self._given[-1].expires_on <= self._clock()

    def _asked(self) -> AccessToken:
        from azure.core.exceptions import AzureError

        scope = self._login.audience.scope
        try:
            return self._credential.get_token(scope)
        except AzureError as error:
            resource = scope.removesuffix("/.default")
            why = shown(str(error).strip().split("\n", 1)[0])
            raise PublishError(
                f"no access token for {resource}: {why}",
                remedy="give the identity we run as a login there, "
                "or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET; see sql.auth",
            ) from None
