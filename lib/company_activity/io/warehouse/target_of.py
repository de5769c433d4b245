"""From the settings to a target: the engine, the credentials, and whether the connection is verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from company_activity.errors import SettingsError
from company_activity.io.secrets.azure_credential import Audience, credential
from company_activity.io.secrets.in_urls import is_secret, without_secrets
from company_activity.io.warehouse.engines import dialect_of, parsed
from company_activity.io.warehouse.engines.base import Dialect
from company_activity.io.warehouse.entra import EntraLogin, EntraTokens
from company_activity.io.warehouse.jdbc_url import JdbcUrl
from company_activity.io.warehouse.target import Target
from company_activity.settings.model import Secret, SqlSettings

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

# Options that name who logs in, in the words of every driver.
CREDENTIALS = {
    "user": "user",
    "username": "user",
    "uid": "user",
    "password": "password",
    "pwd": "password",
}
# Who logs in, and how: another login is no other warehouse.
LOGIN_OPTIONS = frozenset(
    {"authentication", "authenticationpluginclassname", "aadsecureprincipalid", "msiclientid"}
    | {"integratedsecurity"}
)
TOKEN_OPTIONS = frozenset({"accesstoken", "accesstokencallbackclass"})


def target_of(
    settings: SqlSettings, credential_for: Callable[[Audience], TokenCredential] = credential
) -> Target:
    """The target that `sql.url`, `sql.auth`, `sql.user` and `sql.password` name.

    Raises:
        SettingsError: for an engine we do not know, a password in the URL that is a reference,
            a login beside that of Entra, or, where the target is neither H2 nor a loopback host,
            a URL that leaves the connection unencrypted or the server's certificate unverified.

    >>> target = target_of(SqlSettings("jdbc:h2:mem:x;USER=sa;PASSWORD=p"))
    >>> target.url, target.properties, target.is_local
    ('jdbc:h2:mem:x', {'user': 'sa', 'password': ***}, True)
    """
    url = parsed(settings.url)
    dialect = dialect_of(url, settings.engine)
    user, password = _login(settings, url)
    entra = _entra_login(dialect, url, user, password) if settings.auth == "entra" else None
    secrets = {
        option.name: Secret(option.value) for option in url.options if _is_only_secret(option.key)
    }
    _check_resolved({"the password": password, **secrets})
    properties: dict[str, str | Secret] = dict(secrets)
    tokens = EntraTokens(entra, credential_for(entra.audience)) if entra else None
    if entra:
        properties |= {"user": user} if entra.wants_user else {}
    elif user or password.reveal() or dialect.always_sends_login:
        properties |= {"user": user, "password": password}
    if not url.is_local:
        properties |= dialect.verified(url)
    return Target(dialect.name, _without_secrets(url), properties, url.is_local, tokens)


def _entra_login(dialect: Dialect, url: JdbcUrl, user: str, password: Secret) -> EntraLogin:
    """How the engine takes a token, if nothing else says how to log in."""
    login = dialect.entra
    if login is None:
        raise SettingsError(
            f"sql.auth is entra, but {dialect.name} takes no access token",
            remedy="set sql.auth to password",
        )
    others = [option.name for option in url.options if option.key in LOGIN_OPTIONS | TOKEN_OPTIONS]
    others += ["password"] if password.reveal() else []
    others += ["user"] if user and not login.wants_user else []
    if others:
        raise SettingsError(
            f"sql.auth is entra, and {', '.join(others)} in the sql settings is another login",
            remedy="leave it out, or set sql.auth to password",
        )
    if login.wants_user and not user:
        raise SettingsError(
            f"sql.auth is entra, and {dialect.name} wants a user's name beside the token",
            remedy="set sql.user to the name of the Entra principal in the database",
        )
    return login


def _login(settings: SqlSettings, url: JdbcUrl) -> tuple[str, Secret]:
    """The user and the password: those of the settings, else those of the URL."""
    found = {"user": url.user, "password": url.password}
    for option in url.options:
        if option.key in CREDENTIALS:
            found[CREDENTIALS[option.key]] = option.value
    user = settings.user or found["user"]
    password = settings.password if settings.password.reveal() else Secret(found["password"])
    return user, password


def _check_resolved(secrets: Mapping[str, Secret]) -> None:
    """Only settings of their own may be references to a secret: nobody looks up what stands within a URL."""
    for name, secret in secrets.items():
        if secret.reveal().startswith("secret://"):
            remedy = "give it as sql.password" if name == "the password" else "give its value"
            raise SettingsError(
                f"{name} in sql.url is a reference that was not resolved", remedy=remedy
            )


def engine_of(url: str) -> str:
    """The engine behind a JDBC URL; a dedicated pool is known by its host.

    >>> engine_of("jdbc:sqlserver://w.sql.azuresynapse.net:1433;database=p")
    'synapse'
    """
    return dialect_of(parsed(url)).name


def without_credentials(url: str) -> str:
    """The URL without what says who logs in: what names the warehouse, whoever does."""
    try:
        taken = parsed(url)
    except SettingsError:  # it names no warehouse that we could reach
        return without_secrets(url)
    kept = [
        option
        for option in taken.options
        if option.key not in LOGIN_OPTIONS and not _is_taken_out(option.key)
    ]
    return without_secrets(taken.text(kept))


def _without_secrets(url: JdbcUrl) -> str:
    """What is handed to the driver as a URL: its secrets travel as properties."""
    return url.text([option for option in url.options if not _is_taken_out(option.key)])


def _is_taken_out(key: str) -> bool:
    return key in CREDENTIALS or is_secret(key)


def _is_only_secret(key: str) -> bool:
    return is_secret(key) and key not in CREDENTIALS
