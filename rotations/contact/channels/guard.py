"""Keeps addresses that users enter from reaching into our own network.

A name is resolved once, every address it has must be a public one, and the connection goes to an address that was
checked. `INTERNAL_HOSTS_ALLOWED` names the hosts and networks inside the house that may be reached all the same.
"""

import socket
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

NAT64 = ip_network("64:ff9b::/96")
PUBLIC_IPV6 = IPv6Network("2000::/3")  # all that was ever given out; Python calls some of the rest global, too


class ForbiddenTargetError(OSError):
    """The name or address lies inside our own network."""


def addresses(host: str, port: int) -> list[str]:
    """Resolve a host name once; raise `ForbiddenTargetError` unless each of its addresses may be reached."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    check(host, found)
    return found


def check(host: str, found: Sequence[str]) -> None:
    """Raise `ForbiddenTargetError` if any of a host's addresses may not be reached."""
    if host.lower().rstrip(".") in settings.INTERNAL_HOSTS_ALLOWED:
        return
    for address in found:
        if not may_be_reached(address):
            raise ForbiddenTargetError(f"{host} is {address}, inside this network: it was not contacted")


def may_be_reached(address: str) -> bool:
    """Whether an address is a public one, or in a network that is allowed."""
    real = _real(ip_address(address.partition("%")[0]))
    return _is_public(real) or any(real in network for network in _allowed_networks())


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in PUBLIC_IPV6:
        return False
    return address.is_global and not address.is_multicast


def _real(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one carries, where it carries one."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _allowed_networks() -> Iterator[IPv4Network | IPv6Network]:
    for entry in settings.INTERNAL_HOSTS_ALLOWED:
        try:
            yield ip_network(entry, strict=False)
        except ValueError:
            continue  # a host name
