"""What a failed request comes down to, in a few words that hold no URL, header or secret."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

SHOWN_CHARACTERS = 160


def cause(error: BaseException) -> str:
    """The innermost reason of a chain of wrapped errors.

    >>> cause(OSError("outer", ConnectionResetError(104, "Connection reset by peer")))
    'Connection reset by peer'
    """
    *_, inner = chain(error)
    said = inner.strerror if isinstance(inner, OSError) and inner.strerror else str(inner)
    return " ".join(said.split())[:SHOWN_CHARACTERS] or type(inner).__name__


def is_untrusted_certificate(error: BaseException) -> bool:
    """Whether the server's certificate was refused: asking again would not help."""
    return any(isinstance(link, ssl.SSLCertVerificationError) for link in chain(error))


def shown(text: str) -> str:
    """The beginning of an answer that was not wanted, on one line.

    >>> shown("<html>\\n <title>Log in</title>")
    '<html> <title>Log in</title>'
    """
    line = " ".join(text.split())
    return "".join(c if c.isprintable() else "?" for c in line)[:SHOWN_CHARACTERS] or "(nothing)"


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what it wraps, what that wraps, …"""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        inner = (getattr(link, "reason", None), *link.args, link.__cause__, link.__context__)
        link = next((e for e in inner if isinstance(e, BaseException) and id(e) not in seen), None)
