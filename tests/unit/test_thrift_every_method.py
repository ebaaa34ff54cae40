"""Every method of every service answers every request in words: nothing is a fault of ours, and no connection ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from internal_site import InternalSite
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.Thrift import TApplicationException, TType

from airavata_adapters.thrift_api.binding import Signature, methods_of
from airavata_adapters.thrift_api.interfaces import INTERFACES, Interface
from airavata_thrift.authorization.ttypes import AuthzToken

TOKEN = AuthzToken("anything", {"userName": "ada", "gatewayID": "default"})
PORTS = {
    "Airavata": "api",
    "OrchestratorService": "orchestrator",
    "CredentialStoreService": "credential_store",
    "RegistryService": "registry",
    "SharingRegistryService": "sharing",
    "UserProfileService2017": "user_profile_2017",
    "Workflow": "registry",
}
"""The others share the port of the profiles."""

DEPTH = 6
DENIALS = {"AuthorizationException"}
"""A method that declares no more than this has no words for what is not there."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InternalSite]:
    with InternalSite(tmp_path_factory.mktemp("every") / "home") as made:
        yield made


def client(site: InternalSite, interface: Interface) -> Any:
    """One that names the service where its port has several."""
    made = site.client(interface.module(), PORTS.get(interface.name, "profile"))
    if PORTS.get(interface.name, "profile") not in ("profile", "registry"):
        return made
    return interface.module().Client(TMultiplexedProtocol(made._oprot, interface.name))


def filled(kind: int, details: Any, depth: int = 0) -> Any:
    """A value of a wire type with something in every field, down to where structs hold themselves."""
    plain = {TType.BOOL: True, TType.DOUBLE: 1.0, TType.STRING: b"nobody" if details == "BINARY" else "nobody"}
    if kind == TType.STRUCT:
        return _filled_struct(details[0], depth)
    if kind in (TType.LIST, TType.SET):
        element = filled(details[0], details[1], depth + 1)
        found = [] if element is None else [element]
        return found if kind == TType.LIST else set(found)
    if kind == TType.MAP:
        return {filled(details[0], details[1], depth + 1): filled(details[2], details[3], depth + 1)}
    return plain.get(kind, 1)


def _filled_struct(struct: Any, depth: int) -> Any:
    if struct is AuthzToken:
        return TOKEN
    if depth >= DEPTH:
        return None
    rows = [row for row in struct.thrift_spec if row is not None]
    return struct(**{row[2]: filled(row[1], row[3], depth + 1) for row in rows})


def heard(peer: Any, signature: Signature, values: list[Any]) -> tuple[str, str]:
    """How a call ends, and in which words."""
    try:
        getattr(peer, signature.method)(*values)
    except TApplicationException as error:
        return f"undeclared, of type {error.type}", error.message
    except Exception as error:  # noqa: BLE001 - generated exceptions have no class of their own in common
        kind = "declared" if type(error) in signature.throws.values() else type(error).__name__
        return kind, " ".join(str(getattr(error, name)) for name in ("message", "errorMessage") if hasattr(error, name))
    return "answered", "with a result"


@pytest.mark.parametrize("full", [False, True], ids=["without arguments", "with all arguments"])
@pytest.mark.parametrize("interface", INTERFACES, ids=lambda interface: interface.name)
def test_every_method_answers_in_words(site: InternalSite, interface: Interface, full: bool) -> None:
    peer, wrong = client(site, interface), []
    for name in methods_of(interface):
        signature = Signature(interface, name)
        rows = [row for row in signature.args_class.thrift_spec if row is not None]
        values = [filled(row[1], row[3]) if full or row[2] == signature.token_field else None for row in rows]
        right = {"answered", "declared", f"undeclared, of type {TApplicationException.MISSING_RESULT}"}
        if {each.__name__ for each in signature.throws.values()} <= DENIALS:
            right.add(f"undeclared, of type {TApplicationException.INTERNAL_ERROR}")
        kind, words = heard(peer, signature, values)
        if kind not in right or not words or "fault of the server" in words:
            wrong.append((name, kind, words))
    assert wrong == []
