"""A JDBC URL taken apart: engine, credentials, and whether the connection is encrypted and verified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from company_activity.errors import SettingsError
from company_activity.settings import Secret, SqlSettings

ENGINES = {"h2": "h2", "postgresql": "postgres", "sqlserver": "azuresql"}
CREDENTIALS = {"user": "user", "username": "user", "password": "password"}
T_SQL = ("azuresql", "synapse")
# Per engine: the options that decide about TLS, and the values that leave it on and verified, the default first.
SQL_SERVER: Mapping[str, tuple[str, ...]] = {
    "encrypt": ("true", "strict", "mandatory"),
    "trustServerCertificate": ("false",),
    "trustManagerClass": (),
    "socketFactoryClass": (),
}
VERIFIED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "h2": {},
    "postgres": {
        "sslmode": ("verify-full", "verify-ca"),
        "sslfactory": (),
        "sslhostnameverifier": (),
        "socketFactory": (),
    },
    "azuresql": SQL_SERVER,
    "synapse": SQL_SERVER,
}


@dataclass(frozen=True)
class Target:
    """Where to publish: the URL holds no credentials, the properties hold them and never show them."""

    engine: str
    url: str
    properties: Mapping[str, str | Secret] = field(default_factory=dict)

    def revealed(self) -> dict[str, str]:
        """The properties as the driver wants them."""
        return {k: v.reveal() if isinstance(v, Secret) else v for k, v in self.properties.items()}

    def without_secrets(self, text: str) -> str:
        """`text` with every secret of ours masked, for messages that a driver wrote."""
        secrets = [v.reveal() for v in self.properties.values() if isinstance(v, Secret) and v.reveal()]
        for secret in secrets:
            text = text.replace(secret, "***")
        return text


def target_of(settings: SqlSettings, environment: str) -> Target:
    """The target that `sql.url`, `sql.user` and `sql.password` name.

    Raises:
        SettingsError: for an engine we do not know, a password in the URL that is a reference, or, outside the local
            environment, a URL that leaves the connection unencrypted or the server's certificate unverified.

    >>> target = target_of(SqlSettings("jdbc:h2:mem:x;USER=sa;PASSWORD=p"), "local")
    >>> target.url, target.properties
    ('jdbc:h2:mem:x', {'user': 'sa', 'password': ***})
    """
    url, found = _split_credentials(settings.url)
    engine = engine_of(url)
    if settings.engine and engine in T_SQL:  # a dedicated pool may stand behind a host that does not say so
        engine = settings.engine
    password = settings.password if settings.password.reveal() else Secret(found.get("password", ""))
    if password.reveal().startswith("secret://"):
        raise SettingsError(
            "the password in sql.url is a reference that was not resolved", remedy="give it as sql.password"
        )
    user, properties = settings.user or found.get("user", ""), dict[str, str | Secret]()
    if user or password.reveal() or engine == "h2":  # none at all where a token or the platform logs in
        properties = {"user": user, "password": password}
    if environment != "local":
        properties |= _verified(engine, url)
    return Target(engine, url, properties)


def engine_of(url: str) -> str:
    """The engine behind a JDBC URL; a dedicated pool is known by its host.

    >>> engine_of("jdbc:sqlserver://w.sql.azuresynapse.net:1433;database=p")
    'synapse'
    """
    scheme = re.match(r"jdbc:(\w+):", url)
    if scheme is None or scheme[1] not in ENGINES:
        raise SettingsError("sql.url names no engine that we publish to",
                            remedy=f"begin it with one of: {', '.join(f'jdbc:{e}:' for e in ENGINES)}")  # fmt: skip
    if re.match(r"jdbc:sqlserver://[^;:\\]*-ondemand\.sql\.azuresynapse\.", url, re.IGNORECASE):
        raise SettingsError(
            "sql.url names a serverless pool, which cannot be written to", remedy="name a dedicated pool"
        )
    if re.match(r"jdbc:sqlserver://[^;:\\]*\.sql\.azuresynapse\.", url, re.IGNORECASE):
        return "synapse"
    return ENGINES[scheme[1]]


def without_credentials(url: str) -> str:
    """The URL as it may be shown."""
    return _split_credentials(url)[0]


def _split_credentials(url: str) -> tuple[str, dict[str, str]]:
    """The URL without its user and password (`;key=value` or `?key=value&…`), and those."""
    found: dict[str, str] = {}

    def keep(match: re.Match[str]) -> str:
        value = (
            match["value"].removeprefix("{").removesuffix("}") if match["lead"] == ";" else unquote_plus(match["value"])
        )
        found[CREDENTIALS[match["key"].lower()]] = value
        return "?" if match["lead"] == "?" else ""

    pattern = rf"(?P<lead>[;?&])\s*(?P<key>{'|'.join(CREDENTIALS)})\s*=(?P<value>\{{.*?\}}(?=;|$)|[^;&]*)"
    stripped = re.sub(pattern, keep, url, flags=re.IGNORECASE)
    return stripped.replace("?&", "?").rstrip("?"), found


def _verified(engine: str, url: str) -> dict[str, str | Secret]:
    """The properties that switch TLS and verification on; a URL that switches them off anywhere is refused."""
    said = [(k.strip().lower(), v.strip().lower()) for k, v in re.findall(r"[;?&]([^;?&=]*)=([^;&]*)", url)]
    properties: dict[str, str | Secret] = {}
    for option, allowed in VERIFIED[engine].items():
        values = [value for key, value in said if key == option.lower()]
        if any(value not in allowed for value in values):
            raise SettingsError(
                f"sql.url weakens TLS by {option}, which only the local environment may",
                remedy=f"say {option}={allowed[0]}" if allowed else f"leave {option} out of sql.url",
            )
        properties |= {option: [*values, allowed[0]][0]} if allowed else {}
    return properties
