"""Where a secret is found, in which order, and what is said when it is not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from company_activity.errors import SettingsError
from company_activity.io.secrets import azure_credential
from company_activity.io.secrets.azure_credential import (
    AZURE_SQL,
    POSTGRES,
    STORAGE,
    VAULT,
    NotebookCredential,
    credential,
)
from company_activity.io.secrets.notebook import notebook
from company_activity.io.secrets.resolve import resolve
from company_activity.settings.model import Secret, SecretSettings

from support.azure import notebooks
from support.azure.notebooks import HOUR, FabricCredentials, Issuer, SynapseCredentials

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
def synapse(monkeypatch: pytest.MonkeyPatch) -> SynapseCredentials:
    """A pool whose linked service has the secret."""
    credentials = SynapseCredentials(Issuer(time.time), {("kv-link", "api-key"): "from synapse"})
    notebooks.install(monkeypatch, credentials, {})
    return credentials


@pytest.fixture
def fabric(monkeypatch: pytest.MonkeyPatch) -> FabricCredentials:
    """A Fabric runtime whose vault has the secret."""
    secrets = {("https://kv-prod.vault.azure.net/", "api-key"): "from the vault, by fabric"}
    credentials = FabricCredentials(Issuer(time.time), secrets)
    notebooks.install(monkeypatch, credentials, {"productType": "Fabric"})
    return credentials


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
    synapse: SynapseCredentials, databricks: ModuleType, key_vault: list[str], monkeypatch: pytest.MonkeyPatch
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


def test_the_older_utilities_of_synapse_do_too(
    synapse: SynapseCredentials, install: Callable[..., ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    install("notebookutils")
    notebooks.install(monkeypatch, synapse, {}, "notebookutils.mssparkutils")
    assert value() == "from synapse"


def test_fabric_reads_a_vault_by_its_own_call(fabric: FabricCredentials) -> None:
    """It has no linked services: one that is set, for a pool that shares the file, is passed over."""
    assert value() == "from the vault, by fabric"


def test_a_linked_service_on_fabric_is_told_with_its_remedy(fabric: FabricCredentials) -> None:
    with pytest.raises(SettingsError, match=r"Fabric has no linked services; set secrets\.key_vault;"):
        value(SecretSettings(linked_service="kv-link"))


def test_no_value_is_no_secret(synapse: SynapseCredentials, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool's bridge to Java gives None where Java has null."""
    monkeypatch.setattr(synapse, "getSecretWithLS", lambda linked_service, name: None)
    with pytest.raises(SettingsError, match=r"secrets\.linked_service\): empty"):
        value(SecretSettings(linked_service="kv-link"))


def test_a_pool_that_shows_no_context_is_a_pool_of_synapse(
    synapse: SynapseCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Runtime:
        @property
        def context(self) -> dict[str, str]:
            raise RuntimeError("the bridge says what it likes")

    monkeypatch.setattr(sys.modules["notebookutils"], "runtime", Runtime())
    assert value(SecretSettings(linked_service="kv-link")) == "from synapse"


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


def test_an_empty_secret_is_none(synapse: SynapseCredentials) -> None:
    with pytest.raises(SettingsError, match=r"\(API_KEY\): empty"):
        value(SecretSettings(), API_KEY="")


def test_what_was_found_does_not_show() -> None:
    assert f"{resolve(REFERENCE, EVERYWHERE, {'API_KEY': 'hunter2'})!r}" == "***"


AUDIENCES = [STORAGE, VAULT, AZURE_SQL, POSTGRES]


def test_on_a_synapse_pool_tokens_come_from_the_workspace(synapse: SynapseCredentials) -> None:
    tokens = [credential(audience).get_token(audience.scope).token for audience in AUDIENCES]
    assert synapse.asked == ["Storage", "Vault", "DW", "AzureOSSDB"]
    assert tokens == synapse.issuer.issued


def test_on_fabric_the_words_are_others(fabric: FabricCredentials) -> None:
    for audience in AUDIENCES:
        credential(audience).get_token(audience.scope)
    sql = ["https://database.windows.net/", "https://ossrdbms-aad.database.windows.net"]
    assert fabric.asked == ["storage", "keyvault", *sql]


@pytest.mark.parametrize(
    ("context", "file", "is_fabric"),
    [
        ({"productType": "Fabric"}, "", True),
        ({"productType": "Synapse"}, "/home/x/trident_env/lib/notebookutils/__init__.py", False),
        ({}, "/home/trusted-service-user/cluster-env/trident_env/lib/notebookutils/__init__.py", True),
        ({}, "/home/trusted-service-user/cluster-env/env/lib/notebookutils/__init__.py", False),
        (None, "", False),
    ],
)
def test_fabric_is_known_by_its_context_else_by_its_environment(
    install: Callable[..., ModuleType], context: object, file: str, is_fabric: bool
) -> None:
    install("notebookutils", credentials=object(), runtime=SimpleNamespace(context=context), __file__=file)
    found = notebook()
    assert found is not None
    assert found.is_fabric == is_fabric


def test_a_token_is_kept_until_its_last_five_minutes(synapse: SynapseCredentials) -> None:
    now = [1_700_000_000.0]
    synapse.issuer.clock = lambda: now[0]
    pool = NotebookCredential(synapse, "DW", clock=lambda: now[0])
    first = pool.get_token("scope")
    assert first.expires_on == 1_700_003_600
    now[0] += HOUR - 301
    assert pool.get_token("scope") == first
    now[0] += 2
    assert pool.get_token("scope").expires_on > first.expires_on
    assert len(synapse.issuer.issued) == 2


def test_a_token_that_does_not_say_when_it_ends_is_not_kept(install: Callable[..., ModuleType]) -> None:
    now = [1000.0]
    said = iter(["opaque-1", "opaque-2"])
    pool = NotebookCredential(SimpleNamespace(getToken=lambda audience: next(said)), "DW", clock=lambda: now[0])
    assert pool.get_token() == AccessToken("opaque-1", 1000 + azure_credential.UNKNOWN_LIFE_SECONDS)
    now[0] += 1
    assert pool.get_token().token == "opaque-2"


def test_elsewhere_azure_identity_finds_out() -> None:
    assert type(credential(STORAGE)).__name__ == "DefaultAzureCredential"


@pytest.mark.parametrize(("get_token", "why"), [(lambda audience: "", "empty"), (None, "RuntimeError")])
def test_a_workspace_that_gives_no_token_is_told_without_its_words(
    install: Callable[..., ModuleType], get_token: Callable[[str], str] | None, why: str
) -> None:
    def fail(audience: str) -> str:
        raise RuntimeError("hunter2")

    install("notebookutils", credentials=SimpleNamespace(getToken=get_token or fail))
    with pytest.raises(ClientAuthenticationError, match=rf"^no token for Storage: {why}$"):
        credential(STORAGE).get_token("https://storage.azure.com/.default")


def test_the_doubles_refuse_what_the_runtimes_refuse(synapse: SynapseCredentials, fabric: FabricCredentials) -> None:
    """Else the tests above would show nothing."""
    with pytest.raises(TypeError):
        fabric.getToken("storage", "name")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        fabric.getSecret("https://kv/", "name", "kv-link")  # type: ignore[call-arg]
    with pytest.raises(RuntimeError):
        fabric.getToken("DW")
    for word in ("storage", "https://database.windows.net/"):
        with pytest.raises(RuntimeError):
            synapse.getToken(word)
    assert not hasattr(fabric, "getSecretWithLS")
