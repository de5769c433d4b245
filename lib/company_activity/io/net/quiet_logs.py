"""What urllib3 logs of a request: not where it leads on a server, since webhooks have their secret there."""

from __future__ import annotations

import logging
import re

LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.poolmanager")
# A server's address with what follows it, or a path behind a blank, a quote or a bracket; HTTP/1.1 is none.
TARGET = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://(?P<authority>[^\s/?#'\"]*)(?P<rest>[/?#][^\s'\"]*)?"
    r"|(?<![\w/<])/[^\s'\"]*"
)


class WithoutTargets(logging.Filter):
    """Lets each record pass, with `/***` in the place of every path, and of what precedes the host."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True."""
        record.msg = without_targets(record.getMessage())
        record.args = ()
        return True


def without_targets(text: str) -> str:
    """The text without paths and queries.

    >>> without_targets('https://host:443 "POST /hooks/t0ken?sig=x HTTP/1.1" 202 0')
    'https://host:443 "POST /*** HTTP/1.1" 202 0'
    >>> without_targets("Incremented Retry for (url='/hooks/t0ken'): Retry(total=1, connect=None)")
    "Incremented Retry for (url='/***'): Retry(total=1, connect=None)"
    >>> without_targets("Redirecting https://me:pw@host/a?b -> /c")
    'Redirecting https://host/*** -> /***'
    """
    return TARGET.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    if not found["scheme"]:
        return "/***"
    host = found["authority"].rpartition("@")[2]
    return f"{found['scheme']}://{host}{'/***' if found['rest'] else ''}"


def hide_targets() -> None:
    """See that these loggers name no target, whatever their level; once or many times."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, WithoutTargets) for one in logger.filters):
            logger.addFilter(WithoutTargets())
