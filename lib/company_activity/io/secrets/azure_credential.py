"""Who we are to Azure: the Synapse workspace's identity inside its Spark, azure-identity's chain elsewhere."""

from __future__ import annotations

import base64
import importlib
import json
import time
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import ClientAuthenticationError

UNKNOWN_LIFE_SECONDS = 300


def notebook_credentials() -> Any:
    """`credentials` of Synapse's `notebookutils` (or the older `mssparkutils`); None where there is none."""
    for name in ("notebookutils", "notebookutils.mssparkutils"):
        try:
            found = getattr(importlib.import_module(name), "credentials", None)
        except ImportError:
            continue
        if found is not None:
            return found
    return None


def credential(audience: str) -> TokenCredential:
    """The credential for an audience that Synapse names `Storage` or `Vault`."""
    if (notebook := notebook_credentials()) is not None:
        return NotebookCredential(notebook, audience)
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


class NotebookCredential:
    """Synapse's `getToken` behind azure-core's TokenCredential: its managed identity knows no other way."""

    def __init__(self, notebook: Any, audience: str) -> None:
        self._notebook = notebook
        self._audience = audience

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """A token of the audience, and when it ends.

        Raises:
            ClientAuthenticationError: if the workspace gives none.
        """
        try:
            token = self._notebook.getToken(self._audience)
        except Exception as error:  # whatever the pool's bridge to Java raises
            raise ClientAuthenticationError(
                f"no token for {self._audience}: {type(error).__name__}"
            ) from None
        return AccessToken(token, _expiry(token))


def _expiry(token: str) -> int:
    """When a token says it ends; soon, if it does not."""
    try:
        claims = token.split(".")[1]
        return int(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
    except (IndexError, ValueError, KeyError, TypeError):
        return int(time.time()) + UNKNOWN_LIFE_SECONDS
