"""Where a secret is found: the environment, Synapse, Databricks, Key Vault (Fabric's way on Fabric) — in this order."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping

from company_activity.errors import SettingsError
from company_activity.io.net.within import TooLate, within
from company_activity.io.secrets.azure_credential import VAULT, credential
from company_activity.io.secrets.notebook import notebook
from company_activity.settings.model import Secret, SecretSettings

REFERENCE = "secret://"
# Its client waits 300 s for each byte, and tries again where none comes.
KEY_VAULT_SECONDS = 120.0


class _NotFound(Exception):
    """A place has no such secret; says why."""


def resolve(
    secret: Secret, places: SecretSettings, environ: Mapping[str, str] = os.environ
) -> Secret:
    """The value that `secret` stands for; a literal stands for itself.

    >>> resolve(Secret("secret://api-key"), SecretSettings(), {"API_KEY": "k"}).reveal()
    'k'

    Raises:
        SettingsError: if no place has it, naming each and why not.
    """
    if not secret.reveal().startswith(REFERENCE):
        return secret
    name = secret.reveal().removeprefix(REFERENCE)
    tried = []
    for place, look in _chain(name, places, environ).items():
        try:
            if value := look():
                return Secret(value)
            tried.append(f"{place}: empty")
        except _NotFound as why:
            tried.append(f"{place}: {why}")
        except (
            Exception
        ) as error:  # whatever a vendor's client raises; its text might quote what it read
            tried.append(f"{place}: {_kind(error)}")
    raise SettingsError(
        f"no secret {name!r}; tried {'; '.join(tried)}",
        remedy=f"set {_variable(name)}, or store {name!r} in one of these places",
    )


def _chain(
    name: str, places: SecretSettings, environ: Mapping[str, str]
) -> dict[str, Callable[[], str]]:
    return {
        f"the environment ({_variable(name)})": lambda: _from_environment(name, environ),
        "Synapse (secrets.linked_service)": lambda: _from_synapse(name, places.linked_service),
        "Databricks (secrets.databricks_scope)": lambda: _from_databricks(
            name, places.databricks_scope
        ),
        "Key Vault (secrets.key_vault)": lambda: _from_key_vault(name, places.key_vault),
    }


def _kind(error: Exception) -> str:
    """What a client's error is, without its words: its code, or its class and the server's status."""
    if code := getattr(error, "error_code", None):
        return str(code)
    status = getattr(error, "status_code", None)
    return f"{type(error).__name__} ({status})" if status else type(error).__name__


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    if _variable(name) not in environ:
        raise _NotFound("not set")
    return environ[_variable(name)]


def _from_synapse(name: str, linked_service: str) -> str:
    if not linked_service:
        raise _NotFound("not set")
    if (found := notebook()) is None:
        raise _NotFound("not on a Synapse pool")
    if found.is_fabric:
        raise _NotFound("Fabric has no linked services; set secrets.key_vault")
    return _text(found.credentials.getSecretWithLS(linked_service, name))


def _from_databricks(name: str, scope: str) -> str:
    if not scope:
        raise _NotFound("not set")
    try:
        runtime = importlib.import_module("databricks.sdk.runtime")
    except ImportError:
        raise _NotFound("not on Databricks") from None
    return _text(runtime.dbutils.secrets.get(scope=scope, key=name))


def _from_key_vault(name: str, vault: str) -> str:
    if not vault:
        raise _NotFound("not set")
    url = vault if "://" in vault else f"https://{vault}.vault.azure.net"
    found = notebook()
    if found and found.is_fabric:
        return _text(found.credentials.getSecret(f"{url.rstrip('/')}/", name))
    try:
        client = importlib.import_module("azure.keyvault.secrets").SecretClient
    except ImportError:
        raise _NotFound("the package azure-keyvault-secrets is not installed") from None
    vault_client = client(vault_url=url, credential=credential(VAULT))
    try:
        return within(KEY_VAULT_SECONDS, lambda: _text(vault_client.get_secret(name).value))
    except TooLate as late:
        raise _NotFound(str(late)) from None


def _text(answer: object) -> str:
    """What a place gave; no value is the empty text, and not the word None."""
    return "" if answer is None else str(answer)
