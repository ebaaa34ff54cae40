"""The registry with machines, disks and a key, and profiles of which everything is said."""

from __future__ import annotations

from typing import Any

from registry_site import RegistrySite
from thrift_doors import GATEWAY
from whole_structs import whole

from airavata_thrift.compute_resources.ttypes import JobSubmissionProtocol
from airavata_thrift.credentials.ttypes import CredentialOwnerType, SSHCredential
from airavata_thrift.data_movement.ttypes import DataMovementProtocol
from airavata_thrift.gateway_resource_profiles.ttypes import (
    ComputeResourcePreference,
    GatewayResourceProfile,
    StoragePreference,
)
from airavata_thrift.group_resource_profiles import ttypes as groups


class ProfileSite(RegistrySite):
    """With machines, disks and a key of the gateway."""

    def register(self) -> None:
        self.alpha, self.beta = (self.machine(f"{name}.example.org") for name in ("alpha", "beta"))
        self.disk, self.tape = (self.storage(f"{name}.example.org") for name in ("disk", "tape"))
        owner = CredentialOwnerType.GATEWAY
        key = SSHCredential(gatewayId=GATEWAY, username="root", credentialOwnerType=owner)
        self.key = str(self.credential_store.addSSHCredential(key))


def computing(site: ProfileSite, machine: str, **fields: Any) -> ComputeResourcePreference:
    """How a gateway works on a machine, and everything of that is said."""
    return whole(
        ComputeResourcePreference,
        computeResourceId=machine,
        loginUserName="portal",
        preferredJobSubmissionProtocol=JobSubmissionProtocol.SSH,
        preferredDataMovementProtocol=DataMovementProtocol.SCP,
        scratchLocation="/scratch/portal",
        resourceSpecificCredentialStoreToken=site.key,
        **fields,
    )


def storing(site: ProfileSite, disk: str) -> StoragePreference:
    return whole(
        StoragePreference,
        storageResourceId=disk,
        loginUserName="portal",
        fileSystemRootLocation="/data",
        resourceSpecificCredentialStoreToken=site.key,
    )


def gateway_profile(site: ProfileSite) -> GatewayResourceProfile:
    return whole(
        GatewayResourceProfile,
        gatewayID=GATEWAY,
        credentialStoreToken=site.key,
        computeResourcePreferences=[computing(site, site.alpha)],
        storagePreferences=[storing(site, site.disk)],
    )


def group_profile(site: ProfileSite) -> groups.GroupResourceProfile:
    """A group's profile of which everything is said."""
    config = groups.GroupAccountSSHProvisionerConfig(resourceId=site.alpha, configName="url", configValue="x")
    reservation = groups.ComputeResourceReservation(
        reservationName="course", queueNames=["short"], startTime=1_000, endTime=2_000
    )
    preference = whole(
        groups.GroupComputeResourcePreference,
        computeResourceId=site.alpha,
        loginUserName="chem",
        preferredJobSubmissionProtocol=JobSubmissionProtocol.SSH,
        preferredDataMovementProtocol=DataMovementProtocol.SCP,
        scratchLocation="/scratch/chem",
        resourceSpecificCredentialStoreToken=site.key,
        groupSSHAccountProvisionerConfigs=[config],
        reservations=[reservation],
        resourceType=None,  # not on the wire of these clients
    )
    return whole(
        groups.GroupResourceProfile,
        gatewayId=GATEWAY,
        groupResourceProfileName="Chemists",
        computePreferences=[preference],
        computeResourcePolicies=[whole(groups.ComputeResourcePolicy, computeResourceId=site.alpha)],
        batchQueueResourcePolicies=[whole(groups.BatchQueueResourcePolicy, computeResourceId=site.alpha)],
        defaultCredentialStoreToken=site.key,
    )
