"""The Thrift services that there are: their generated code, and the names under which clients multiplex them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One Thrift service.

    ``generated`` is its module in ``airavata_thrift``, ``table`` the name of
    its method tables, ``multiplexed_as`` what clients of any generation write
    before the method. The calls of an ``internal`` service carry no token: who
    reaches it is trusted.
    """

    name: str
    generated: str
    table: str
    multiplexed_as: tuple[str, ...]
    internal: bool = False

    def module(self) -> ModuleType:
        """The generated module, imported now."""
        return importlib.import_module(f"airavata_thrift.{self.generated}")


AIRAVATA = Interface(name="Airavata", generated="airavata_api.Airavata", table="AIRAVATA", multiplexed_as=("Airavata",))
ORCHESTRATOR = Interface(
    name="OrchestratorService",
    generated="orchestrator.OrchestratorService",
    table="ORCHESTRATOR",
    multiplexed_as=("OrchestratorService", "Orchestrator"),
    internal=True,
)
CREDENTIAL_STORE = Interface(
    name="CredentialStoreService",
    generated="credential_store.CredentialStoreService",
    table="CREDENTIAL_STORE",
    multiplexed_as=("CredentialStoreService", "CredentialStore"),
    internal=True,
)
REGISTRY = Interface(
    name="RegistryService",
    generated="registry.RegistryService",
    table="REGISTRY",
    multiplexed_as=("RegistryService",),
    internal=True,
)
SHARING = Interface(
    name="SharingRegistryService",
    generated="sharing_registry.SharingRegistryService",
    table="SHARING",
    multiplexed_as=("SharingRegistryService", "SharingRegistry"),
    internal=True,
)
USER_PROFILE = Interface(
    name="UserProfileService",
    generated="user_profile.UserProfileService",
    table="USER_PROFILE",
    multiplexed_as=("UserProfileService",),
)
USER_PROFILE_2017 = Interface(
    name="UserProfileService2017",
    generated="user_profile_2017.UserProfileService",
    table="USER_PROFILE_2017",
    multiplexed_as=(),
    internal=True,
)
"""Of April 2017, when it had a port of its own and its calls no token. Its clients know it as UserProfileService."""
TENANT_PROFILE = Interface(
    name="TenantProfileService",
    generated="tenant_profile.TenantProfileService",
    table="TENANT_PROFILE",
    multiplexed_as=("TenantProfileService",),
)
IAM_ADMIN = Interface(
    name="IamAdminServices",
    generated="iam_admin.IamAdminServices",
    table="IAM_ADMIN",
    multiplexed_as=("IamAdminServices",),
)
GROUP_MANAGER = Interface(
    name="GroupManagerService",
    generated="group_manager.GroupManagerService",
    table="GROUP_MANAGER",
    multiplexed_as=("GroupManagerService",),
)
WORKFLOW = Interface(
    name="Workflow", generated="workflow_api.Workflow", table="WORKFLOW", multiplexed_as=("Workflow",), internal=True
)

PROFILES = (USER_PROFILE, TENANT_PROFILE, IAM_ADMIN, GROUP_MANAGER)
INTERFACES = (AIRAVATA, ORCHESTRATOR, CREDENTIAL_STORE, REGISTRY, SHARING, *PROFILES, USER_PROFILE_2017, WORKFLOW)
