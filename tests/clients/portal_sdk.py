"""The published Python SDK, as a portal calls it: the SDK's own wrappers, or what they are wrapped around.

Runs in the environment of one version of ``airavata-python-sdk``, with nothing
of this project in it. Source for how each version is configured: its module
``airavata_sdk.transport``: a file until 2.0, environment variables since 2.1.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_BROKEN = {
    "1.1.7": frozenset(
        {
            "addGatewayStoragePreference",
            "deleteSSHPubKey",
            "deleteStorageResource",
            "getAccessibleApplicationDeployments",
            "getAllUserStoragePreferences",
            "getExperimentByAdmin",
            "getExperimentStatistics",
            "updateGatewayComputeResourcePreference",
            "updateLocalSubmissionDetails",
            "updateUserStoragePreference",
        }
    )
}
"""Wrappers that cannot work against any server: they call other methods than their names say, or pass too little."""

_SECTIONS = {
    "api": ("APIServer", "API_HOST", "API_PORT", "API_SECURE"),
    "profile": ("ProfileServer", "PROFILE_SERVICE_HOST", "PROFILE_SERVICE_PORT", "PROFILE_SERVICE_SECURE"),
    "sharing": ("SharingServer", "SHARING_API_HOST", "SHARING_API_PORT", "SHARING_API_SECURE"),
    "credential_store": (
        "CredentialStoreServer",
        "CREDENTIAL_STORE_API_HOST",
        "CREDENTIAL_STORE_API_PORT",
        "CREDENTIAL_STORE_API_SECURE",
    ),
}
_VARIABLES = {
    **{service: names[1:] for service, names in _SECTIONS.items()},
    "api": ("API_SERVER_HOSTNAME", "API_SERVER_PORT", "API_SERVER_SECURE"),
}


_SPELT = {"updateResourceScheduleing": "updateResourceScheduling"}
"""What the wrappers do not write as the methods are written."""


def say(event: str, **facts: Any) -> None:
    """Tell the test what was seen, as a line of JSON."""
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


def heard() -> Any:
    """What the test says: a line of JSON."""
    return json.loads(sys.stdin.readline())


@dataclass
class Service:
    """One service of the server, by the names of its Thrift methods."""

    wrapper: Any
    interface: type
    broken: frozenset[str]
    wrapped: set[str] = field(default_factory=set)
    generated: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        members = vars(self.wrapper)
        self._client = next(value for name, value in members.items() if name == "client" or name.endswith("_pool"))
        self._wrappers = {name.replace("_", "").lower(): name for name in dir(self.wrapper)}

    def __getattr__(self, method: str) -> Callable[..., Any]:
        name = self._wrappers.get(_SPELT.get(method, method).lower())
        if name is None or method in self.broken:
            self.generated.add(method)
            return getattr(self._client, method)  # type: ignore[no-any-return]
        self.wrapped.add(method)
        return getattr(self.wrapper, name)  # type: ignore[no-any-return]

    def calls(self) -> dict[str, list[str]]:
        """The methods that were called, by which way, and those that were not."""
        methods = {name for name in dir(self.interface) if not name.startswith("_")}
        called = self.wrapped | self.generated
        return {
            "wrapped": sorted(self.wrapped),
            "generated": sorted(self.generated),
            "left": sorted(methods - called),
        }


@dataclass
class Sdk:
    """The services of one server, and a token for each of a portal's people."""

    api: Service
    groups: Service
    users: Service
    tenants: Service
    iam: Service
    sharing: Service
    credentials: Service
    tokens: Mapping[str, Any]

    def calls(self) -> dict[str, dict[str, list[str]]]:
        """What was called of each service."""
        return {
            "Airavata": self.api.calls(),
            "GroupManagerService": self.groups.calls(),
            "UserProfileService": self.users.calls(),
            "TenantProfileService": self.tenants.calls(),
            "IamAdminServices": self.iam.calls(),
            "SharingRegistryService": self.sharing.calls(),
            "CredentialStoreService": self.credentials.calls(),
        }


def connect(version: str, told: Mapping[str, Any]) -> Sdk:
    """Connect to the listeners of ``told``, over TLS if it names certificates."""
    arguments = _configured(version, told)
    # The SDK binds its settings when it is imported.
    from airavata.api import Airavata
    from airavata.api.credential.store import CredentialStoreService
    from airavata.api.sharing import SharingRegistryService
    from airavata.model.security.ttypes import AuthzToken
    from airavata.service.profile.groupmanager.cpi import GroupManagerService
    from airavata.service.profile.iam.admin.services.cpi import IamAdminServices
    from airavata.service.profile.tenant.cpi import TenantProfileService
    from airavata.service.profile.user.cpi import UserProfileService
    from airavata_sdk.clients.api_server_client import APIServerClient
    from airavata_sdk.clients.credential_store_client import CredentialStoreClient
    from airavata_sdk.clients.group_manager_client import GroupManagerClient
    from airavata_sdk.clients.iam_admin_client import IAMAdminClient
    from airavata_sdk.clients.sharing_registry_client import SharingRegistryClient
    from airavata_sdk.clients.tenant_profile_client import TenantProfileClient
    from airavata_sdk.clients.user_profile_client import UserProfileClient

    broken = _BROKEN.get(version, frozenset())
    wrappers = {
        APIServerClient: Airavata,
        GroupManagerClient: GroupManagerService,
        UserProfileClient: UserProfileService,
        TenantProfileClient: TenantProfileService,
        IAMAdminClient: IamAdminServices,
        SharingRegistryClient: SharingRegistryService,
        CredentialStoreClient: CredentialStoreService,
    }
    services = (Service(each(*arguments), generated.Iface, broken) for each, generated in wrappers.items())

    def token(user: str, gateway: str, text: str) -> Any:
        return AuthzToken(accessToken=text, claimsMap={"userName": user, "gatewayID": gateway})

    tokens = {user: token(user, told["gateway"], text) for user, text in told["tokens"].items()}
    if "second" in told:
        tokens["second"] = token("root", told["second"]["gateway"], told["second"]["token"])
    return Sdk(*services, tokens=tokens)


def _configured(version: str, told: Mapping[str, Any]) -> list[str]:
    """Tell the SDK where the server is; returns what its clients are made with."""
    secure = told["secure"]
    if version >= "2.1":
        for service, (host, port, tls) in _VARIABLES.items():
            os.environ[host], os.environ[port] = _address(told, service)
            if service in secure:
                os.environ[tls] = "True"
        return []
    with tempfile.NamedTemporaryFile("w", suffix=".ini", delete=False) as file:
        for service, (section, host, port, tls) in _SECTIONS.items():
            address, number = _address(told, service)
            file.write(f"[{section}]\n{host} = {address}\n{port} = {number}\n{tls} = {service in secure}\n")
    return [file.name]


def _address(told: Mapping[str, Any], service: str) -> tuple[str, str]:
    host, _, port = told["listeners"][service].rpartition(":")
    return host, port
