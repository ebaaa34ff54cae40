"""Every entry of every method table fits the Thrift method and the application layer."""

from __future__ import annotations

import typing
from functools import cached_property
from typing import Any

import pytest

from airavata_adapters.thrift_api import methods
from airavata_adapters.thrift_api.binding import BoundMethod, Signature, bound, methods_of
from airavata_adapters.thrift_api.interfaces import INTERFACES, Interface
from airavata_workload.api.api import Api

ENTRIES = [(interface, name) for interface in INTERFACES for name in methods.table(interface.table)]


class Unmade:
    """An application layer whose topics are there, but were never made: their methods can be looked at only."""

    def __getattr__(self, name: str) -> Any:
        topic = vars(Api).get(name)
        if not isinstance(topic, cached_property):
            raise AttributeError(name)  # noqa: TRY004 - what attributes raise
        return object.__new__(typing.get_type_hints(topic.func)["return"])


@pytest.mark.parametrize(("interface", "name"), ENTRIES, ids=lambda value: getattr(value, "name", value))
def test_an_entry_fits(interface: Interface, name: str) -> None:
    assert name in methods_of(interface), f"{interface.name} has no method {name}"
    target = bound(interface, name, methods.table(interface.table)[name], Unmade())
    if isinstance(target, BoundMethod):
        target.check()


@pytest.mark.parametrize("interface", INTERFACES, ids=lambda interface: interface.name)
def test_every_method_is_answered(interface: Interface) -> None:
    assert set(methods.table(interface.table)) == set(methods_of(interface))


def test_the_methods_are_those_of_the_interfaces() -> None:
    assert {each.name: len(methods_of(each)) for each in INTERFACES} == {
        "Airavata": 213,
        "OrchestratorService": 7,
        "CredentialStoreService": 17,
        "RegistryService": 218,
        "SharingRegistryService": 58,
        "UserProfileService": 8,
        "UserProfileService2017": 8,
        "TenantProfileService": 8,
        "IamAdminServices": 16,
        "GroupManagerService": 14,
        "Workflow": 8,
    }


@pytest.mark.parametrize("interface", INTERFACES, ids=lambda interface: interface.name)
def test_public_methods_carry_a_token_and_internal_ones_do_not(interface: Interface) -> None:
    with_token = {name for name in methods_of(interface) if Signature(interface, name).token_field}
    without = set(methods_of(interface)) - with_token
    assert without <= {"getAPIVersion"} or interface.internal
    assert not (interface.internal and with_token)
