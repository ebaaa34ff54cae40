"""What becomes of the profiles in the registry that name a resource when the resource goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from profile_site import ProfileSite, computing, gateway_profile, group_profile, storing
from registry_site import OTHER
from thrift_doors import GATEWAY
from whole_structs import changed

from airavata_thrift.group_resource_profiles import ttypes as groups
from airavata_thrift.registry_errors.ttypes import RegistryServiceException
from airavata_thrift.user_resource_profiles.ttypes import (
    UserComputeResourcePreference,
    UserResourceProfile,
    UserStoragePreference,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProfileSite]:
    with ProfileSite(tmp_path_factory.mktemp("uses") / "home") as made:
        made.register()
        yield made


@pytest.fixture
def machine(site: ProfileSite) -> str:
    return site.machine("going.example.org")


@pytest.fixture
def disk(site: ProfileSite) -> str:
    return site.storage("going-disk.example.org")


def test_a_gateways_and_a_users_preferences_go_with_the_resource(site: ProfileSite, machine: str, disk: str) -> None:
    registry, mine = site.registry, gateway_profile(site)
    registry.registerGatewayResourceProfile(mine)
    registry.addGatewayComputeResourcePreference(GATEWAY, machine, computing(site, machine))
    registry.addGatewayStoragePreference(GATEWAY, disk, storing(site, disk))
    registry.registerUserResourceProfile(UserResourceProfile(userId="ada", gatewayID=OTHER))
    works = UserComputeResourcePreference(computeResourceId=machine, loginUserName="ada")
    registry.addUserComputeResourcePreference("ada", OTHER, machine, works)
    registry.addUserStoragePreference("ada", OTHER, disk, UserStoragePreference(storageResourceId=disk))
    assert registry.deleteComputeResource(machine)
    assert len(registry.getAllGatewayStoragePreferences(GATEWAY)) == 2
    assert registry.deleteStorageResource(disk)
    assert registry.getGatewayResourceProfile(GATEWAY) == mine
    assert registry.getAllUserComputeResourcePreferences("ada", OTHER) == []
    assert registry.getAllUserStoragePreferences("ada", OTHER) == []


def test_a_groups_preferences_and_policies_go_with_the_resource(site: ProfileSite, machine: str) -> None:
    registry = site.registry
    group = registry.createGroupResourceProfile(group_profile(site))
    before = registry.getGroupResourceProfile(group)
    parts = {
        "computePreferences": [groups.GroupComputeResourcePreference(computeResourceId=machine)],
        "computeResourcePolicies": [groups.ComputeResourcePolicy(computeResourceId=machine)],
        "batchQueueResourcePolicies": [groups.BatchQueueResourcePolicy(computeResourceId=machine)],
    }
    more = {field: [*getattr(before, field), *added] for field, added in parts.items()}
    registry.updateGroupResourceProfile(changed(before, **more))
    assert len(registry.getGroupComputeResourcePolicyList(group)) == 2
    assert registry.deleteComputeResource(machine)
    left = registry.getGroupResourceProfile(group)
    assert left == changed(before, updatedTime=left.updatedTime)


def test_a_resource_on_which_an_application_is_deployed_stays(site: ProfileSite, machine: str) -> None:
    registry = site.registry
    deployment = site.deployment(site.module("Stays"), machine)
    with pytest.raises(RegistryServiceException, match=deployment):
        registry.deleteComputeResource(machine)
    assert registry.getComputeResource(machine).computeResourceId == machine
    registry.deleteApplicationDeployment(deployment)
    assert registry.deleteComputeResource(machine)
