"""Doubles of the notebook utilities, by the signatures and words that Microsoft's pages give, and who issues tokens.

A call with other arguments fails as there. `dummy-notebookutils` (PyPI, Microsoft's) has the same signatures for Synapse.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessToken

HOUR = 3600.0
SYNAPSE_WORDS = frozenset(
    {"Storage", "Vault", "AzureManagement", "DW", "Synapse", "DataLakeStore", "ADF", "AzureDataExplorer", "AzureOSSDB"}
)
FABRIC_WORDS = frozenset({"storage", "pbi", "keyvault", "kusto"})


@dataclass
class Issuer:
    """Issues a new token each time, good for `life` seconds of its clock, which a test moves."""

    clock: Callable[[], float]
    life: float = HOUR
    issued: list[str] = field(default_factory=list)

    def token(self, audience: str) -> str:
        claims = {"aud": audience, "exp": int(self.clock() + self.life), "n": len(self.issued)}
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        self.issued.append(f"eyJhbGciOiJub25lIn0.{body}.signature")
        return self.issued[-1]

    def takes(self, token: str) -> bool:
        """Whether it is one of ours, and has not expired."""
        return token in self.issued and _claims(token)["exp"] > self.clock()

    def credential(self) -> IssuedCredential:
        return IssuedCredential(self)


@dataclass
class IssuedCredential:
    """A credential like those of azure-identity: it keeps a token until shortly before its end."""

    issuer: Issuer
    asked: list[str] = field(default_factory=list)
    kept: AccessToken | None = None

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        self.asked += scopes
        if self.kept is None or self.kept.expires_on - self.issuer.clock() < 300:
            token = self.issuer.token(scopes[0])
            self.kept = AccessToken(token, _claims(token)["exp"])
        return self.kept


@dataclass
class SynapseCredentials:
    """`credentials` of a Synapse pool."""

    issuer: Issuer
    secrets: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (linked service, name)
    asked: list[str] = field(default_factory=list)

    def getToken(self, audience: str, name: str = "") -> str:  # noqa: N802
        if audience not in SYNAPSE_WORDS:
            raise RuntimeError("400: Audience has invalid characters")
        self.asked.append(audience)
        return self.issuer.token(audience)

    def getSecret(self, akvName: str, secret: str, linkedService: str = "") -> str:  # noqa: N802, N803
        raise PermissionError("the user's own identity, which no job has")

    def getSecretWithLS(self, linkedService: str, secret: str) -> str:  # noqa: N802, N803
        return self.secrets[linkedService, secret]


@dataclass
class FabricCredentials:
    """`credentials` of Fabric: no second argument, no linked services."""

    issuer: Issuer
    secrets: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (vault URL, name)
    asked: list[str] = field(default_factory=list)

    def getToken(self, audience: str) -> str:  # noqa: N802
        if audience not in FABRIC_WORDS and not audience.startswith("https://"):
            raise RuntimeError(f"audience {audience} is not known")
        self.asked.append(audience)
        return self.issuer.token(audience)

    def getSecret(self, akvName: str, secret: str) -> str:  # noqa: N802, N803
        return self.secrets[akvName, secret]


def install(
    patch: pytest.MonkeyPatch, credentials: object, context: Mapping[str, object], name: str = "notebookutils"
) -> None:
    """Put the utilities in place for a test."""
    module = ModuleType(name)
    vars(module).update(credentials=credentials, runtime=SimpleNamespace(context=context))
    patch.setitem(sys.modules, name, module)


def _claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims
