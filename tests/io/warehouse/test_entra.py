"""`sql.auth: entra`: a token in place of a password, a new one for each connection that needs it, shown nowhere.

That the real driver sends it, from driver and executors: `test_entra_login.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from company_activity.errors import PublishError, SettingsError
from company_activity.io.secrets.azure_credential import AZURE_SQL, POSTGRES, Audience
from company_activity.io.warehouse.engines import DIALECTS
from company_activity.io.warehouse.entra import EntraTokens
from company_activity.io.warehouse.jdbc import SqlError, _said
from company_activity.io.warehouse.target import Target
from company_activity.io.warehouse.target_of import target_of
from company_activity.settings.model import Secret, SqlSettings

from support.azure.notebooks import HOUR, IssuedCredential, Issuer
from support.warehouse.recorder import RecordedWarehouse, Recorder

AZURE = "jdbc:sqlserver://s.database.windows.net:1433;database=d"
POOL = "jdbc:sqlserver://w.sql.azuresynapse.net:1433;database=p"
SERVER = "jdbc:postgresql://s.postgres.database.azure.com/d"
REFUSED = "Login failed for user '<token-identified principal>'."


@pytest.fixture
def now() -> list[float]:
    return [1_700_000_000.0]


@pytest.fixture
def credential(now: list[float]) -> IssuedCredential:
    return Issuer(lambda: now[0]).credential()


@pytest.fixture
def target(credential: IssuedCredential) -> Callable[..., Target]:
    """The target of a URL, with a login by Entra, on the issuer's clock."""

    def target(url: str = AZURE, **given: Any) -> Target:
        found = target_of(SqlSettings(url, auth="entra", **given), lambda audience: credential)
        login = DIALECTS[found.engine].entra
        assert login is not None
        return replace(found, tokens=EntraTokens(login, credential, credential.issuer.clock))

    return target


@pytest.mark.parametrize("url", [AZURE, POOL])
def test_a_token_travels_as_a_property_and_nothing_beside_it(
    target: Callable[..., Target], credential: IssuedCredential, url: str
) -> None:
    found = target(url)
    assert found.revealed() == {
        "encrypt": "true",
        "trustServerCertificate": "false",
        "accessToken": credential.issuer.issued[0],
    }
    assert credential.asked == ["https://database.windows.net/.default"]


def test_a_postgres_of_azure_takes_it_as_the_password_of_a_role(
    target: Callable[..., Target], credential: IssuedCredential
) -> None:
    sent = target(SERVER, user="company-activity").revealed()
    assert (sent["user"], sent["password"]) == ("company-activity", credential.issuer.issued[0])
    assert credential.asked == ["https://ossrdbms-aad.database.windows.net/.default"]


@pytest.mark.parametrize(("url", "audience"), [(AZURE, AZURE_SQL), (POOL, AZURE_SQL), (SERVER, POSTGRES)])
def test_the_engine_says_what_the_token_is_for(url: str, audience: Audience, credential: IssuedCredential) -> None:
    asked: list[Audience] = []

    def credential_for(wanted: Audience) -> IssuedCredential:
        asked.append(wanted)
        return credential

    target_of(SqlSettings(url, user="u" if url == SERVER else "", auth="entra"), credential_for)
    assert asked == [audience]


@pytest.mark.parametrize(
    ("url", "given", "told"),
    [
        (AZURE, {"user": "u"}, "user in the sql settings is another login — leave it out"),
        (AZURE, {"password": Secret("p")}, "password in the sql settings is another login"),
        (AZURE, {"password": Secret("secret://sql-password")}, "password in the sql settings is another login"),
        (f"{AZURE};user=u;password=p", {}, "password, user in the sql settings is another login"),
        (f"{AZURE};authentication=ActiveDirectoryMSI", {}, "authentication in the sql settings is another login"),
        (f"{AZURE};integratedSecurity=true", {}, "integratedSecurity in the sql settings is another login"),
        (f"{AZURE};accessToken=t", {}, "accessToken in the sql settings is another login"),
        (
            f"{SERVER}?authenticationPluginClassName=p",
            {"user": "u"},
            "authenticationPluginClassName in the sql settings",
        ),
        (SERVER, {}, "postgres wants a user's name beside the token — set sql.user"),
        (SERVER, {"user": "u", "password": Secret("p")}, "password in the sql settings is another login"),
        ("jdbc:h2:mem:x", {}, "h2 takes no access token — set sql.auth to password"),
    ],
)
def test_what_does_not_go_with_a_token_is_refused(
    target: Callable[..., Target], url: str, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        target(url, **given)


def test_each_connection_asks_and_a_long_run_gets_a_new_token(
    target: Callable[..., Target], credential: IssuedCredential, now: list[float]
) -> None:
    found = target()
    first = found.revealed()["accessToken"]
    now[0] += HOUR / 2
    assert found.revealed()["accessToken"] == first
    now[0] += HOUR / 2
    assert found.revealed()["accessToken"] != first
    assert len(credential.asked) == 3


def test_no_token_shows_in_a_message_not_even_a_part_of_one(
    target: Callable[..., Target], credential: IssuedCredential, now: list[float]
) -> None:
    found = target()
    found.revealed()
    now[0] += HOUR
    found.revealed()
    first, second = credential.issuer.issued
    assert not any(token in repr(found) for token in (first, second))
    assert found.without_secrets(f"{first}, {second}") == "***, ***"
    said = _said(RuntimeError("x" * 480 + second), found)  # a message is cut after 500 characters
    assert said == "x" * 480 + "***"


def test_without_a_token_publishing_ends_with_its_remedy(target: Callable[..., Target]) -> None:
    class Nobody:
        def get_token(self, *scopes: str, **options: Any) -> Any:
            raise ClientAuthenticationError("no identity was found\nAttempted credentials: …")

    found = target_of(SqlSettings(AZURE, auth="entra"), lambda audience: Nobody())
    with pytest.raises(PublishError) as told:
        found.revealed()
    assert str(told.value) == (
        "PublishError: no access token for https://database.windows.net: no identity was found — give the identity we"
        " run as a login there, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET; see sql.auth"
    )


def refused(words: str = REFUSED) -> SqlError:
    return SqlError(words, "S0001", 18456)


def tokens_sent(target: Target, server: Callable[[str], None]) -> tuple[list[str], str]:
    """The tokens that were sent to a server that may throw, and what was told in the end."""
    warehouse = RecordedWarehouse(DIALECTS[target.engine], Recorder(), target, sleep=lambda seconds: None)
    sent: list[str] = []

    def connect() -> None:
        sent.append(target.revealed().get("accessToken", ""))
        server(sent[-1])

    try:
        warehouse.tried(connect)
    except SqlError as failure:
        return sent, str(failure)
    return sent, ""


def test_a_login_that_is_refused_ends_at_once(target: Callable[..., Target]) -> None:
    def server(token: str) -> None:
        raise refused()

    sent, told = tokens_sent(target(), server)
    assert (len(sent), told) == (1, REFUSED)


def test_after_a_token_expired_a_new_one_is_sent(
    target: Callable[..., Target], credential: IssuedCredential, now: list[float]
) -> None:
    waits = [HOUR, 0.0]

    def server(token: str) -> None:
        now[0] += waits.pop(0)  # as where an executor connects late in a long write
        if not credential.issuer.takes(token):
            raise refused()

    sent, told = tokens_sent(target(), server)
    assert (sent, told) == (credential.issuer.issued, "")
    assert len(sent) == 2


@pytest.mark.parametrize(
    ("url", "given", "tries"),
    [(AZURE, {"auth": "entra"}, 2), (AZURE, {"user": "u", "password": Secret("p")}, 1)],
)
def test_the_server_s_word_for_an_expired_token_counts_once_and_never_for_a_password(
    credential: IssuedCredential, url: str, given: dict[str, Any], tries: int
) -> None:
    words = f"{REFUSED} Token is expired."

    def server(token: str) -> None:
        raise refused(words)

    sent, told = tokens_sent(target_of(SqlSettings(url, **given), lambda audience: credential), server)
    assert (len(sent), told) == (tries, words)
