"""A JDBC URL taken apart: engine, credentials, and whether the connection is encrypted and verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

from company_activity.errors import SettingsError
from company_activity.io.secrets.in_urls import is_secret, without_secrets
from company_activity.io.warehouse.jdbc_url import JdbcUrl, parsed
from company_activity.settings.model import Secret, SqlSettings

ENGINES = {"h2": "h2", "postgresql": "postgres", "sqlserver": "azuresql"}
CREDENTIALS = {"user": "user", "username": "user", "uid": "user", "password": "password", "pwd": "password"}
# Who logs in, and how: another login is no other warehouse.
LOGIN_OPTIONS = frozenset({"authentication", "aadsecureprincipalid", "msiclientid", "integratedsecurity"})
T_SQL = ("azuresql", "synapse")
# The JVM's own trust store. Only with the host's name checked: any public certificate would do without.
TRUST_OF_JVM = "org.postgresql.ssl.DefaultJavaSSLFactory"
OWN_FILES = frozenset({"sslrootcert", "sslcert", "sslkey"})
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
        "sslfactory": (TRUST_OF_JVM,),
        "sslhostnameverifier": (),
        "socketFactory": (),
    },
    "azuresql": SQL_SERVER,
    "synapse": SQL_SERVER,
}


@dataclass(frozen=True)
class Target:
    """Where to publish: the URL holds no secrets, the properties hold them and never show them.

    `is_local` says that nothing leaves this machine: what only a laptop may do hangs on it.
    """

    engine: str
    url: str
    properties: Mapping[str, str | Secret] = field(default_factory=dict)
    is_local: bool = False

    @property
    def shown(self) -> str:
        """The URL as it may stand in a message."""
        return without_secrets(self.url)

    def revealed(self) -> dict[str, str]:
        """The properties as the driver wants them."""
        return {k: v.reveal() if isinstance(v, Secret) else v for k, v in self.properties.items()}

    def without_secrets(self, text: str) -> str:
        """`text` with every secret of ours masked, as it is or as a URL writes it: for what a driver said."""
        secrets = {v.reveal() for v in self.properties.values() if isinstance(v, Secret) and v.reveal()}
        written = {w for s in secrets for w in (s, quote(s), quote(s, safe=""), quote_plus(s), s.replace("}", "}}"))}
        for secret in sorted(written, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def target_of(settings: SqlSettings) -> Target:
    """The target that `sql.url`, `sql.user` and `sql.password` name.

    Raises:
        SettingsError: for an engine we do not know, a password in the URL that is a reference, or, where the target
            is neither H2 nor a loopback host, a URL that leaves the connection unencrypted or the server's
            certificate unverified.

    >>> target = target_of(SqlSettings("jdbc:h2:mem:x;USER=sa;PASSWORD=p"))
    >>> target.url, target.properties, target.is_local
    ('jdbc:h2:mem:x', {'user': 'sa', 'password': ***}, True)
    """
    url = parsed(settings.url)
    engine = _engine(url)
    if settings.engine and engine in T_SQL:  # a dedicated pool may stand behind a host that does not say so
        engine = settings.engine
    found = {"user": url.user, "password": url.password}
    found |= {CREDENTIALS[option.key]: option.value for option in url.options if option.key in CREDENTIALS}
    password = settings.password if settings.password.reveal() else Secret(found["password"])
    secrets = {option.name: Secret(option.value) for option in url.options if _is_only_secret(option.key)}
    _check_resolved({"the password": password, **secrets})
    user = settings.user or found["user"]
    properties: dict[str, str | Secret] = dict(secrets)
    if user or password.reveal() or engine == "h2":  # none at all where a token or the platform logs in
        properties |= {"user": user, "password": password}
    if not url.is_local:
        properties |= _verified(engine, url)
    return Target(engine, _without_secrets(url), properties, url.is_local)


def _check_resolved(secrets: Mapping[str, Secret]) -> None:
    """Only settings of their own may be references to a secret: nobody looks up what stands within a URL."""
    for name, secret in secrets.items():
        if secret.reveal().startswith("secret://"):
            remedy = "give it as sql.password" if name == "the password" else "give its value"
            raise SettingsError(f"{name} in sql.url is a reference that was not resolved", remedy=remedy)


def engine_of(url: str) -> str:
    """The engine behind a JDBC URL; a dedicated pool is known by its host.

    >>> engine_of("jdbc:sqlserver://w.sql.azuresynapse.net:1433;database=p")
    'synapse'
    """
    return _engine(parsed(url))


def _engine(url: JdbcUrl) -> str:
    pools = [host.lower() for host in url.hosts if ".sql.azuresynapse." in host.lower()]
    if url.driver != "sqlserver" or not pools:
        return ENGINES[url.driver]
    if any("-ondemand.sql." in host for host in pools):
        raise SettingsError(
            "sql.url names a serverless pool, which cannot be written to", remedy="name a dedicated pool"
        )
    return "synapse"


def without_credentials(url: str) -> str:
    """The URL without what says who logs in: what names the warehouse, whoever does."""
    try:
        taken = parsed(url)
    except SettingsError:  # it names no warehouse that we could reach
        return without_secrets(url)
    kept = [option for option in taken.options if option.key not in LOGIN_OPTIONS and not _is_taken_out(option.key)]
    return without_secrets(taken.text(tuple(kept)))


def _without_secrets(url: JdbcUrl) -> str:
    """What is handed to the driver as a URL: its secrets travel as properties."""
    return url.text(tuple(option for option in url.options if not _is_taken_out(option.key)))


def _is_taken_out(key: str) -> bool:
    return key in CREDENTIALS or is_secret(key)


def _is_only_secret(key: str) -> bool:
    return is_secret(key) and key not in CREDENTIALS


def _verified(engine: str, url: JdbcUrl) -> dict[str, str | Secret]:
    """The properties that switch TLS and verification on; a URL that switches them off anywhere is refused."""
    if engine == "h2":
        raise SettingsError(
            "sql.url names an H2 server on another host, whose certificate H2 does not verify",
            remedy="give the database as a file, or a server on a loopback host",
        )
    said = [(option.key, option.value.strip()) for option in url.options]
    properties: dict[str, str | Secret] = {}
    for option, allowed in VERIFIED[engine].items():
        values = [value for key, value in said if key == option.lower()]
        if any(value.lower() not in [known.lower() for known in allowed] for value in values):
            raise SettingsError(
                f"sql.url weakens TLS by {option}, which only H2 or a loopback host may",
                remedy=f"set {option}={allowed[0]}" if allowed else f"leave {option} out of sql.url",
            )
        properties |= {option: [*values, allowed[0]][0]} if allowed else {}
    names = {key for key, _ in said}
    if engine == "postgres" and str(properties["sslmode"]).lower() != "verify-full" and "sslfactory" in names:
        raise SettingsError(
            "sql.url weakens TLS by sslfactory, which only H2 or a loopback host may: without the host's name checked,"
            " any public certificate would do",
            remedy="set sslmode=verify-full",
        )
    has_own_trust = bool(OWN_FILES & names) or str(properties.get("sslmode")).lower() != "verify-full"
    if engine == "postgres" and has_own_trust and "sslfactory" not in names:
        del properties["sslfactory"]
    return properties
