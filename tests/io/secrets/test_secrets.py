"""Where a secret is found, in which order, and what is said when it is not."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import pytest
from azure.core.exceptions import ClientAuthenticationError

from company_activity.errors import SettingsError
from company_activity.io.secrets import azure_credential
from company_activity.io.secrets.azure_credential import credential
from company_activity.io.secrets.resolve import resolve
from company_activity.settings.model import Secret, SecretSettings

REFERENCE = Secret("secret://api-key")
EVERYWHERE = SecretSettings(key_vault="kv-prod", linked_service="kv-link", databricks_scope="scope")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """Puts a module in place for the test."""

    def install(name: str, **content: object) -> ModuleType:
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    return install


@pytest.fixture
def synapse(install: Callable[..., ModuleType]) -> ModuleType:
    """A pool whose linked service has the secret."""

    def get_secret(linked_service: str, name: str) -> str:
        return {("kv-link", "api-key"): "from synapse"}[linked_service, name]

    return install(
        "notebookutils", credentials=SimpleNamespace(getSecretWithLS=get_secret, getToken=lambda audience: audience)
    )


@pytest.fixture
def databricks(install: Callable[..., ModuleType]) -> ModuleType:
    """A cluster whose scope has the secret."""
    secrets = SimpleNamespace(get=lambda scope, key: {("scope", "api-key"): "from databricks"}[scope, key])
    for name in ("databricks", "databricks.sdk"):
        install(name)
    return install("databricks.sdk.runtime", dbutils=SimpleNamespace(secrets=secrets))


@pytest.fixture
def key_vault(install: Callable[..., ModuleType], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A vault that has the secret; remembers how it was asked."""
    asked = []

    class SecretClient:
        def __init__(self, vault_url: str, credential: object) -> None:
            asked.append(vault_url)

        def get_secret(self, name: str) -> SimpleNamespace:
            return SimpleNamespace(value={"api-key": "from the vault"}[name])

    install("azure.keyvault.secrets", SecretClient=SecretClient)
    monkeypatch.setattr("company_activity.io.secrets.resolve.credential", lambda audience: audience)
    return asked


def value(places: SecretSettings = EVERYWHERE, **environ: str) -> str:
    return resolve(REFERENCE, places, environ).reveal()


def test_a_literal_stands_for_itself() -> None:
    assert resolve(Secret("k"), EVERYWHERE, {}).reveal() == "k"


def test_the_places_are_asked_in_their_order(
    synapse: ModuleType, databricks: ModuleType, key_vault: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert value(API_KEY="from the environment") == "from the environment"
    assert value() == "from synapse"
    monkeypatch.delitem(sys.modules, "notebookutils")
    assert value() == "from databricks"
    monkeypatch.delitem(sys.modules, "databricks.sdk.runtime")
    assert value() == "from the vault"
    assert key_vault == ["https://kv-prod.vault.azure.net"]


def test_a_vault_may_be_given_by_its_url(key_vault: list[str]) -> None:
    assert value(SecretSettings(key_vault="https://kv.vault.azure.cn")) == "from the vault"
    assert key_vault == ["https://kv.vault.azure.cn"]


def test_the_older_utilities_of_synapse_do_too(install: Callable[..., ModuleType]) -> None:
    install("notebookutils")
    install("notebookutils.mssparkutils", credentials=SimpleNamespace(getSecretWithLS=lambda service, name: "old"))
    assert value() == "old"


def test_a_secret_found_nowhere_names_each_place_and_the_remedy() -> None:
    with pytest.raises(SettingsError) as told:
        resolve(REFERENCE, SecretSettings(key_vault="", linked_service="kv-link"), {})
    assert str(told.value) == (
        "SettingsError: no secret 'api-key'; tried the environment (API_KEY): not set;"
        " Synapse (secrets.linked_service): not on a Synapse pool;"
        " Databricks (secrets.databricks_scope): not set; Key Vault (secrets.key_vault): not set"
        " — set API_KEY, or store 'api-key' in one of these places"
    )


def test_a_place_that_fails_is_named_by_its_error_alone(install: Callable[..., ModuleType]) -> None:
    """Its text might quote what it read."""

    def fail(linked_service: str, name: str) -> None:
        raise PermissionError("hunter2")

    install("notebookutils", credentials=SimpleNamespace(getSecretWithLS=fail))
    with pytest.raises(SettingsError, match=r"Synapse \(secrets.linked_service\): PermissionError") as told:
        value(SecretSettings(linked_service="kv-link"))
    assert "hunter2" not in f"{told.value!s}{told.value!r}"


def test_an_empty_secret_is_none(synapse: ModuleType) -> None:
    with pytest.raises(SettingsError, match=r"\(API_KEY\): empty"):
        value(SecretSettings(), API_KEY="")


def test_what_was_found_does_not_show() -> None:
    assert f"{resolve(REFERENCE, EVERYWHERE, {'API_KEY': 'hunter2'})!r}" == "***"


def test_on_a_synapse_pool_tokens_come_from_the_workspace(synapse: ModuleType) -> None:
    token = credential("Storage").get_token("https://storage.azure.com/.default")
    assert token.token == "Storage"
    assert token.expires_on <= time.time() + azure_credential.UNKNOWN_LIFE_SECONDS


def test_a_token_says_when_it_ends(install: Callable[..., ModuleType]) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 4102444800}).encode()).decode().rstrip("=")
    install("notebookutils", credentials=SimpleNamespace(getToken=lambda audience: f"x.{claims}.y"))
    assert credential("Storage").get_token().expires_on == 4102444800


def test_elsewhere_azure_identity_finds_out() -> None:
    assert type(credential("Storage")).__name__ == "DefaultAzureCredential"


def test_a_workspace_that_gives_no_token_is_told_without_its_words(install: Callable[..., ModuleType]) -> None:
    def fail(audience: str) -> None:
        raise RuntimeError("hunter2")

    install("notebookutils", credentials=SimpleNamespace(getToken=fail))
    with pytest.raises(ClientAuthenticationError, match=r"^no token for Storage: RuntimeError$"):
        credential("Storage").get_token("https://storage.azure.com/.default")
