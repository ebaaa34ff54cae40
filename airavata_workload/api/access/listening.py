"""Where services may listen, and who is internal, judged by address."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from airavata_workload.domain.caller import INTERNAL, Caller
from airavata_workload.domain.errors import DeniedError, InputError


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``: every address that the name or number stands for is on loopback.

    '' and wildcards are every address of the machine, and so not. Raises
    ``InputError`` for a name that nobody knows.
    """
    if not host:
        return False
    try:
        # Scopes of IPv6 addresses (fe80::1%eth0) are no part of the number.
        found = {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"'{host}' is no address and no name of a machine.", remedy="Name one, for example 127.0.0.1."
        ) from error
    return all(_is_loopback_address(address) for address in found)


def is_every_address(host: str) -> bool:
    """Whether ``host`` is no address of its own but stands for all that the machine has."""
    try:
        return not host or ip_address(host).is_unspecified
    except ValueError:
        return False


def _is_loopback_address(text: str) -> bool:
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def refuse_insecure_elsewhere(hosts: Iterable[str]) -> None:
    """Let listeners that believe every caller pass only if nobody but this machine reaches them.

    Raises ``DeniedError`` that names the first other host.
    """
    for host in hosts:
        if not is_loopback(host):
            raise DeniedError(
                f"--insecure believes every caller, and '{host}' can be reached from other machines.",
                remedy="Leave out --insecure, or listen on 127.0.0.1 only.",
            )


def internal_caller(peer_host: str, *, has_client_certificate: bool) -> Caller:
    """The caller behind a connection to an internal service (registry, orchestrator, credential store).

    ``peer_host`` is the numeric address of the other end, and
    ``has_client_certificate`` whether it showed one that a mutual TLS listener
    accepted. Raises ``DeniedError`` if it is neither that nor on this machine.
    """
    if has_client_certificate or is_loopback(peer_host):
        return INTERNAL
    raise DeniedError(
        "This service is internal: it answers this machine, and clients with a certificate that it knows.",
        remedy="Connect over TLS with a client certificate.",
    )
