"""Who we are to Azure: the runtime's identity on Synapse and Fabric, azure-identity's chain elsewhere."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from company_activity.io.secrets.notebook import notebook

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

UNKNOWN_LIFE_SECONDS = 300
LEAST_LIFE_SECONDS = 300  # a token with less is asked for anew


@dataclass(frozen=True)
class Audience:
    """What a token is good for: the scope that azure-identity asks for, and the names that `getToken` takes.

    Synapse takes words alone and refuses a URL; Fabric takes four words, and URLs of other resources.
    """

    scope: str
    synapse: str
    fabric: str


STORAGE = Audience("https://storage.azure.com/.default", "Storage", "storage")
VAULT = Audience("https://vault.azure.net/.default", "Vault", "keyvault")
# Of Synapse's words, `DW` (SQL pools) gives the token of all of Azure SQL. Fabric documents none for it: the resource's
# URL is what its users and Microsoft's own dbt-fabric give.
AZURE_SQL = Audience("https://database.windows.net/.default", "DW", "https://database.windows.net/")
POSTGRES = Audience(
    "https://ossrdbms-aad.database.windows.net/.default",
    "AzureOSSDB",
    "https://ossrdbms-aad.database.windows.net",
)


def credential(audience: Audience) -> TokenCredential:
    """The credential for an audience. On Databricks it is azure-identity's, as on any machine: a service principal
    in the environment (`AZURE_CLIENT_ID`, `AZURE_TENANT_ID`, `AZURE_CLIENT_SECRET`) is found first.
    """
    if found := notebook():
        name = audience.fabric if found.is_fabric else audience.synapse
        return NotebookCredential(found.credentials, name)
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


class NotebookCredential:
    """`getToken` of the notebook utilities behind azure-core's TokenCredential: azure-identity knows no way there."""

    def __init__(
        self, credentials: Any, audience: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._credentials = credentials
        self._audience = audience
        self._clock = clock
        self._newest: AccessToken | None = None

    def get_token(self, *_scopes: str, claims: str | None = None, **_options: Any) -> AccessToken:
        """A token of the audience, and when it ends (seconds since 1970).

        A new one in the last five minutes of the one before, and where a server refused that one (`claims`).

        Raises:
            ClientAuthenticationError: if the workspace gives none.
        """
        newest = self._newest
        if newest is None or claims or newest.expires_on - self._clock() < LEAST_LIFE_SECONDS:
            newest = self._newest = self._asked()
        return newest

    def _asked(self) -> AccessToken:
        from azure.core.credentials import AccessToken
        from azure.core.exceptions import ClientAuthenticationError

        try:
            token = self._credentials.getToken(self._audience)
        except (
            Exception
        ) as error:  # whatever the pool's bridge to Java raises; it might quote a token
            raise ClientAuthenticationError(
                f"no token for {self._audience}: {type(error).__name__}"
            ) from None
        if not token:
            raise ClientAuthenticationError(f"no token for {self._audience}: empty")
        return AccessToken(token, _expiry(token, self._clock()))


def _expiry(token: str, now: float) -> int:
    """When a token says it ends; soon, if it does not."""
    try:
        claims = token.split(".")[1]
        return int(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
    except (IndexError, ValueError, KeyError, TypeError):
        return int(now) + UNKNOWN_LIFE_SECONDS
