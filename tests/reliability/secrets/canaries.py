"""Thirty secrets that nobody else has, each where a setting takes one, and the spellings in which one could leak."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

KINDS = (
    "API key", "database password", "mail password", "webhook path", "webhook signature", "Teams signature",
    "storage key", "erasure key", "digest key", "API query",
)  # fmt: skip
WAYS = ("reference", "literal", "by name")  # the names of the reference's variables; our own; secret://name


def value(kind: str, way: str) -> str:
    """The canary of a kind that is given in a way. It has what a URL, base64 and JSON write otherwise."""
    number = KINDS.index(kind) * len(WAYS) + WAYS.index(way)
    return f'Kan{number:02}+ar/ie={number * 7919:06x}"q'


CANARIES = {f"{kind}, {way}": value(kind, way) for kind in KINDS for way in WAYS}


def environment(way: str, hooks: str, mail_port: int) -> dict[str, str]:
    """The variables that give all canaries of a way; `hooks` is where webhooks lead, `mail_port` where mail is sent."""
    of = {kind: value(kind, way) for kind in KINDS}
    path = quote(of["webhook path"], safe="")
    given: dict[str, str] = {
        "NOTIFY__CHANNELS": "file,mail,teams,webhook",
        "NOTIFY__SMTP_HOST": "127.0.0.1",
        "NOTIFY__SMTP_PORT": str(mail_port),
        "NOTIFY__SMTP_TLS": "starttls",
        "NOTIFY__SMTP_USER": "etl",
        "NOTIFY__MAIL_FROM": "etl@example.com",
        "NOTIFY__MAIL_TO": "ops@example.com",
        "NOTIFY__MAX_ATTEMPTS": "2",
        "NOTIFY__TIME_BUDGET_SECONDS": "3",
        "NOTIFY__TIMEOUT_SECONDS": "0.5",
        "API__MAX_ATTEMPTS": "2",
        "API__TIMEOUT_SECONDS": "0.5",
    }
    secrets = {
        "NOTIFY__SMTP_PASSWORD": of["mail password"],
        "NOTIFY__WEBHOOK_URL": f"{hooks}/hooks/{path}?sig={quote(of['webhook signature'], safe='')}",
        "NOTIFY__TEAMS_URL": f"{hooks}/workflows/x?sig={quote(of['Teams signature'], safe='')}",
        "ERASE__KEY": of["erasure key"],
    }
    given |= named(secrets) if way == "by name" else ours(secrets)
    given |= api_key(way, of["API key"]) | database(way, of["database password"])
    owners = {"Ana": {"webhook_url": f"{hooks}/digest", "webhook_key": digest_key(way)}}
    given["COMPANY_ACTIVITY__NOTIFY__OWNERS"] = json.dumps(owners)
    return {name if is_whole(name) else f"COMPANY_ACTIVITY__{name}": text for name, text in given.items()}


def digest_key(way: str) -> str:
    """A key that signs, as the setting wants it."""
    return "whsec_" + b64encode(value("digest key", way).encode().ljust(32, b".")).decode()


def api_url(way: str, url: str) -> str:
    """The API's address with a canary: as a password before the host, or in the query."""
    secret = quote(value("API query", way), safe="")
    if way == "reference":
        return url.replace("://", f"://etl:{secret}@")
    return f"{url}?{'code' if way == 'literal' else 'subscription-key'}={secret}"


def api_key(way: str, key: str) -> dict[str, str]:
    if way == "reference":
        return {"API_KEY": key}
    return named({"API__KEY": key}) if way == "by name" else ours({"API__KEY": key})


def database(way: str, password: str) -> dict[str, str]:
    """A database that nobody can reach, and how to log in."""
    if way == "reference":
        return {"SQL_CONN_STR": f"jdbc:postgresql://127.0.0.1:9/db?user=etl&password={quote(password, safe='')}"}
    if way == "literal":
        url = f"jdbc:sqlserver://127.0.0.1:9;database=d;user=etl;password={{{password}}};loginTimeout=1"
        return {"COMPANY_ACTIVITY__SQL__URL": url, "SQL_CONN_STR": ""}
    reached = {"COMPANY_ACTIVITY__SQL__URL": "jdbc:postgresql://127.0.0.1:9/db", "SQL__USER": "etl"}
    return reached | named({"SQL__PASSWORD": password})


def storage(way: str, port: int) -> dict[str, str]:
    """A landing in an account that nobody can reach."""
    key = b64encode(value("storage key", way).encode()).decode()
    end = f"BlobEndpoint=http://127.0.0.1:{port}/acme"
    connection = f"DefaultEndpointsProtocol=http;AccountName=acme;AccountKey={key};{end}"
    if way == "literal":
        connection = f"{end};SharedAccessSignature=sv=2024-01-01&sig={quote(value('storage key', way), safe='')}"
    found = {"COMPANY_ACTIVITY__LANDING__ROOT": ""}
    if way == "reference":
        return found | {"BLOB_CONN_STR": connection}
    given = {"LANDING__CONNECTION": connection}
    more = named(given) if way == "by name" else ours(given)
    return found | {name if is_whole(name) else f"COMPANY_ACTIVITY__{name}": text for name, text in more.items()}


def is_whole(name: str) -> bool:
    """Whether a variable is not one of our settings without the prefix."""
    return "__" not in name or name.startswith("COMPANY_ACTIVITY__")


def ours(secrets: Mapping[str, str]) -> dict[str, str]:
    return dict(secrets)


def named(secrets: Mapping[str, str]) -> dict[str, str]:
    """Each as a reference, and the variable that it leads to."""
    found = {}
    for setting, text in secrets.items():
        name = f"canary-{setting.lower().replace('__', '-').replace('_', '-')}"
        found[setting] = f"secret://{name}"
        found[name.upper().replace("-", "_")] = text
    return found


def spellings(secret: str) -> Iterator[str]:
    """How a text may stand in another one."""
    yield secret
    for safe in ("", "/", "/+=", "/+="):
        yield quote(secret, safe=safe)
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(json.dumps(secret)[1:-1])[1:-1]
    yield secret.replace('"', "&#34;")
    yield secret.replace('"', "&quot;")
    yield secret[::-1]
    yield secret.encode().hex()
    yield secret.encode("utf-16-le").hex()
    for encode in (b64encode, urlsafe_b64encode):
        yield from in_base64(secret.encode(), encode)


def in_base64(secret: bytes, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    """The part of its base64 that no neighbour changes, behind 0, 1 and 2 other bytes."""
    for before in range(3):
        written = encode(b"\0" * before + secret).decode().rstrip("=")
        first = (0, 2, 3)[before]
        end = len(written) - (1 if (before + len(secret)) % 3 else 0)
        yield written[first:end]


def hits(text: str, secrets: Mapping[str, str] = CANARIES) -> dict[str, str]:
    """The canaries that stand in a text, each with the spelling that was found."""
    found = {}
    for name, secret in secrets.items():
        for spelling in spellings(secret):
            if spelling in text:
                found[name] = spelling
                break
    return found


def all_hits(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The canaries in any of some texts, and where each was found first."""
    found: dict[str, str] = {}
    for place, text in texts:
        for name, spelling in hits(text).items():
            at = text.index(spelling)
            found.setdefault(name, f"{place}: …{text[max(0, at - 120) : at + 60]!r}")
    return found
