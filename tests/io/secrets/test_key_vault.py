"""The real SecretClient reads a secret from a vault over TLS, by the token of a pool; what it is refused is told."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from azure.keyvault import secrets as key_vault_sdk

from company_activity.errors import SettingsError
from company_activity.io.secrets import resolve as resolving
from company_activity.io.secrets.azure_credential import VAULT, credential
from company_activity.io.secrets.resolve import resolve
from company_activity.settings.model import Secret, SecretSettings

from support.azure.key_vault import KeyVault, key_vault
from support.azure.notebooks import Issuer, SynapseCredentials, install

FIRST = [(False, 401), (True, 200)]  # the challenge comes first: the client tells no one its token unasked


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(time.time)


@pytest.fixture
def vault(issuer: Issuer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[KeyVault]:
    """A vault with one secret, and a pool whose workspace may read it."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    client = functools.partial(
        key_vault_sdk.SecretClient,
        verify_challenge_resource=False,  # the resource's domain is not that of a server on loopback
        connection_verify=str(tmp_path / "ca.pem"),
        retry_total=0,
    )
    monkeypatch.setattr(key_vault_sdk, "SecretClient", client)
    install(monkeypatch, SynapseCredentials(issuer), {"productType": "Synapse"})
    with key_vault(ca, {"api-key": "hunter2"}, issuer.takes) as vault:
        yield vault


def value(vault: KeyVault, name: str = "api-key") -> str:
    return resolve(Secret(f"secret://{name}"), SecretSettings(key_vault=vault.url), {}).reveal()


def test_a_secret_is_read_after_the_challenge(vault: KeyVault, issuer: Issuer) -> None:
    assert value(vault) == "hunter2"
    assert vault.answers == FIRST
    assert len(issuer.issued) == 1


def test_a_vault_that_was_met_before_is_sent_a_new_token_at_once(vault: KeyVault, issuer: Issuer) -> None:
    """The client remembers a vault's challenge for the whole process; the token of the first reading has expired."""
    issuer.life = 400
    assert value(vault) == "hunter2"
    issuer.clock = lambda: time.time() + 500
    assert value(vault) == "hunter2"
    assert vault.answers == [*FIRST, (True, 200)]
    assert len(issuer.issued) == 2


def test_a_token_that_was_revoked_is_asked_for_anew(vault: KeyVault, issuer: Issuer) -> None:
    """The pool's credential still holds a token with an hour to live; the vault says that it takes that one no more."""
    client = key_vault_sdk.SecretClient(vault.url, credential(VAULT))
    assert client.get_secret("api-key").value == "hunter2"
    vault.revoked.update(issuer.issued)
    assert client.get_secret("api-key").value == "hunter2"
    assert vault.answers == [*FIRST, (True, 401), (True, 200)]


@pytest.mark.parametrize(
    ("name", "is_forbidden", "told"),
    [("api-key", True, r"HttpResponseError \(403\)"), ("no-such", False, r"ResourceNotFoundError \(404\)")],
)
def test_what_the_vault_refuses_is_told_by_its_status(
    vault: KeyVault, name: str, is_forbidden: bool, told: str
) -> None:
    vault.is_forbidden = is_forbidden
    with pytest.raises(SettingsError, match=rf"no secret '{name}'.*Key Vault \(secrets.key_vault\): {told}") as refused:
        value(vault, name)
    assert "hunter2" not in str(refused.value)


def test_a_token_that_is_never_taken_ends_with_the_second_refusal(vault: KeyVault) -> None:
    vault.takes = lambda token: False
    with pytest.raises(SettingsError, match=r"ClientAuthenticationError \(401\)"):
        value(vault)
    assert [status for _, status in vault.answers] == [401, 401]


def test_a_vault_that_drips_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch, vault: KeyVault) -> None:
    monkeypatch.setattr(resolving, "KEY_VAULT_SECONDS", 0.3)
    vault.drips = threading.Event()
    began = time.monotonic()
    try:
        with pytest.raises(SettingsError, match=r"Key Vault \(secrets.key_vault\): no answer within 0.3 s"):
            value(vault)
    finally:
        vault.drips.set()
    assert time.monotonic() - began < 10
