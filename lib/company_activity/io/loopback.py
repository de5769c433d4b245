"""Which hosts are this machine: the only ones that plain http may carry a secret to."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host, as a URL names it, can be nothing but this machine: no name is looked up.

    >>> [is_loopback(host) for host in ("localhost", "127.8.0.1", "[::1]", "127.0.0.1.evil.test", "10.0.0.1", "")]
    [True, True, True, False, False, False]
    """
    bare = host.removeprefix("[").removesuffix("]")
    if bare.lower() == "localhost":
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False
