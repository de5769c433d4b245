"""Which hosts are this machine itself: what is sent there crosses no network."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def is_loopback(host: str) -> bool:
    """Whether a host is `localhost` or a loopback address. No name is looked up.

    >>> [is_loopback(host) for host in ("LocalHost.", "127.8.0.1", "[::1]", "::ffff:127.0.0.1")]
    [True, True, True, True]
    >>> [is_loopback(host) for host in ("localhost.example.com", "10.0.0.1", "127.0.0.1.example.com", "")]
    [False, False, False, False]
    """
    name = host.strip().lower().removesuffix(".")
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    if name == "localhost":
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
