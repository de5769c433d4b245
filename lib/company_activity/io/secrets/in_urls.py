"""What in a URL is a secret, and the URL without it: JDBC, http and storage addresses alike."""

from __future__ import annotations

import re
from urllib.parse import unquote

# A name that holds one of these, or is one of those, has a secret as its value.
WITHIN = ("password", "passwd", "passphrase", "pwd", "secret", "token", "accountkey", "accesskey",
          "sharedkey", "apikey", "privatekey", "subscriptionkey", "providerclientkey")  # fmt: skip
WHOLE = frozenset({"pass", "pw", "sig", "sas", "code", "key", "auth", "authorization"})
USERS = frozenset({"user", "username", "uid", "userid"})
# User and password before the host: they end at the last @ of the authority. What only looks like a port is none.
USER_INFO = re.compile(r"(?P<lead>//)(?P<info>[^/?;#\s@]*:[^/?;#\s]*)@")
# A password with a delimiter in it ends nowhere: all up to the last @ goes, unless a port stands before the delimiter.
TORN_USER_INFO = re.compile(r"(?P<lead>//)(?P<info>[^/?;#\s@:\[]*:(?!\d*[/?;#,]|\d*$)\S*)@")
USER_ALONE = re.compile(
    r"^(?P<lead>(?:https?|jdbc:[a-z0-9:]+)://)(?P<info>[^/?;#\s@]*)@", re.IGNORECASE
)
URL = re.compile(r"\b(?:[a-z][a-z0-9+.-]*://|jdbc:)[^\s'\"<>]+", re.IGNORECASE)
VALUE = r"[^{end}]*"
ESCAPED = r"(?:\\.|[^{end}\\])*"  # H2 writes a ; within a value as \;
OPTION = r"(?P<lead>[;?&#]|^)\s*(?P<name>[^=;?&#\s]+)\s*=(?P<value>\s*\{{(?:[^}}]|\}}\}})*(?:\}}[^{end}]*|$)|"


def is_secret(name: str) -> bool:
    """Whether an option of this name has a secret as its value.

    >>> [is_secret(name) for name in ("trustStorePassword", "SIG", "Account-Key", "encrypt", "signature_version")]
    [True, True, True, False, False]
    """
    plain = re.sub(r"[-_\s]", "", unquote(name)).lower()
    return plain in WHOLE or plain.endswith("signature") or any(word in plain for word in WITHIN)


def without_secrets(url: str) -> str:
    """The URL as it may be shown: without user, password, and every option whose value is a secret.

    >>> without_secrets("jdbc:sqlserver://me:pw@h:1433;database=d;trustStorePassword={a;b};encrypt=true")
    'jdbc:sqlserver://h:1433;database=d;encrypt=true'
    >>> without_secrets("https://acme.blob.core.windows.net/raw?sv=2024&sig=a%2Fb&se=2025")
    'https://acme.blob.core.windows.net/raw?sv=2024&se=2025'
    >>> without_secrets(r"jdbc:h2:mem:x;PASSWORD=a\\;b;MODE=MSSQLServer")
    'jdbc:h2:mem:x;MODE=MSSQLServer'
    >>> without_secrets("abfss://lake@acme.dfs.core.windows.net/activity")
    'abfss://lake@acme.dfs.core.windows.net/activity'
    """
    shown = url
    for pattern in (USER_INFO, TORN_USER_INFO, USER_ALONE):
        shown = pattern.sub(r"\g<lead>", shown)
    end = "&#" if re.match(r"(jdbc:postgresql:|[a-z][a-z0-9+.-]*://)", url, re.IGNORECASE) else ";"
    value = ESCAPED if url.lower().startswith("jdbc:h2:") else VALUE
    shown = _without_options(shown, re.compile((OPTION + value + ")").format(end=end)))
    return re.sub(r"\?[&?]+", "?", shown).rstrip("?")


def without_secrets_in(text: str) -> str:
    """`text` with each URL in it as it may be shown: for what somebody else's code said.

    >>> without_secrets_in("no such host: https://me:pw@h/x?sig=y, nor jdbc:postgresql://h/d?password=p")
    'no such host: https://h/x nor jdbc:postgresql://h/d'
    """
    return URL.sub(lambda url: without_secrets(url[0]), text)


def _without_options(text: str, option: re.Pattern[str]) -> str:
    """`text` without its secret options, also those inside another option's value."""

    def shown(found: re.Match[str]) -> str:
        if unquote(found["name"]).lower() in USERS or is_secret(found["name"]):
            return "?" if found["lead"] == "?" else ""
        before = found[0].removesuffix(found["value"])
        return before + _without_options(found["value"], option)

    return option.sub(shown, text)
