"""How gateways, groups and users work on resources, as the registry keeps it for the other servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from profile_site import ProfileSite, computing, gateway_profile, group_profile, storing
from registry_site import OTHER
from thrift_doors import GATEWAY
from whole_structs import UUID, changed, is_now, whole

from airavata_thrift.gateway_resource_profiles.ttypes import (
    ComputeResourcePreference,
    GatewayResourceProfile,
    StoragePreference,
)
from airavata_thrift.group_resource_profiles import ttypes as groups
from airavata_thrift.registry_errors.ttypes import RegistryServiceException
from airavata_thrift.user_resource_profiles.ttypes import (
    UserComputeResourcePreference,
    UserResourceProfile,
    UserStoragePreference,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProfileSite]:
    with ProfileSite(tmp_path_factory.mktemp("profiles") / "home") as made:
        made.register()
        yield made


@pytest.fixture(scope="module")
def registry(site: ProfileSite) -> Any:
    return site.registry


@pytest.fixture
def profile(site: ProfileSite, registry: Any) -> Iterator[GatewayResourceProfile]:
    """The gateway's, with one preference of each kind."""
    sent = gateway_profile(site)
    registry.registerGatewayResourceProfile(sent)
    yield sent
    registry.deleteGatewayResourceProfile(GATEWAY)


# -- gateways ------------------------------------------------------------------------------------
def test_a_gateways_profile_is_kept_whole_until_it_is_deleted(site: ProfileSite, registry: Any) -> None:
    sent = gateway_profile(site)
    assert registry.registerGatewayResourceProfile(sent) == GATEWAY
    assert registry.getGatewayResourceProfile(GATEWAY) == sent
    theirs = GatewayResourceProfile(gatewayID=OTHER)
    registry.registerGatewayResourceProfile(theirs)
    listed = sorted(registry.getAllGatewayResourceProfiles(), key=lambda each: str(each.gatewayID))
    assert [each.gatewayID for each in listed] == [OTHER, GATEWAY]
    assert listed[1] == sent
    with pytest.raises(RegistryServiceException, match="already"):
        registry.registerGatewayResourceProfile(sent)
    new = GatewayResourceProfile(gatewayID="x", identityServerTenant="portal")
    assert registry.updateGatewayResourceProfile(GATEWAY, new)
    kept = changed(
        new,
        gatewayID=GATEWAY,
        computeResourcePreferences=sent.computeResourcePreferences,
        storagePreferences=sent.storagePreferences,
    )
    assert registry.getGatewayResourceProfile(GATEWAY) == kept
    bare = changed(kept, computeResourcePreferences=[], storagePreferences=[])
    assert registry.updateGatewayResourceProfile(GATEWAY, bare)
    assert registry.getGatewayResourceProfile(GATEWAY) == bare
    assert registry.deleteGatewayResourceProfile(GATEWAY)
    assert [each.gatewayID for each in registry.getAllGatewayResourceProfiles()] == [OTHER]
    assert registry.deleteGatewayResourceProfile(OTHER)


@pytest.mark.parametrize(
    "call",
    [
        lambda registry: registry.getGatewayResourceProfile(GATEWAY),
        lambda registry: registry.updateGatewayResourceProfile(GATEWAY, GatewayResourceProfile(gatewayID=GATEWAY)),
        lambda registry: registry.deleteGatewayResourceProfile(GATEWAY),
        lambda registry: registry.getAllGatewayComputeResourcePreferences(GATEWAY),
        lambda registry: registry.getAllGatewayStoragePreferences(GATEWAY),
        lambda registry: registry.getGatewayComputeResourcePreference(GATEWAY, "x"),
        lambda registry: registry.getGatewayStoragePreference(GATEWAY, "x"),
    ],
)
def test_a_profile_that_there_is_not_is_named(registry: Any, call: Callable[[Any], object]) -> None:
    with pytest.raises(RegistryServiceException, match="no resource profile of gateway 'default'"):
        call(registry)


def test_how_a_gateway_computes_is_said_machine_by_machine(
    site: ProfileSite, registry: Any, profile: GatewayResourceProfile
) -> None:
    (first,) = profile.computeResourcePreferences
    second = computing(site, site.beta, overridebyAiravata=False)
    assert registry.addGatewayComputeResourcePreference(GATEWAY, site.beta, changed(second, computeResourceId="x"))
    assert registry.getGatewayComputeResourcePreference(GATEWAY, site.beta) == second
    assert registry.getAllGatewayComputeResourcePreferences(GATEWAY) == [first, second]
    with pytest.raises(RegistryServiceException, match="already"):
        registry.addGatewayComputeResourcePreference(GATEWAY, site.beta, second)
    new = ComputeResourcePreference(computeResourceId=site.alpha, loginUserName="other")
    assert registry.updateGatewayComputeResourcePreference(GATEWAY, site.alpha, new)
    assert registry.getGatewayComputeResourcePreference(GATEWAY, site.alpha) == new
    assert registry.deleteGatewayComputeResourcePreference(GATEWAY, site.alpha)
    assert registry.getAllGatewayComputeResourcePreferences(GATEWAY) == [second]
    assert registry.getGatewayResourceProfile(GATEWAY) == changed(profile, computeResourcePreferences=[second])
    for call in (
        lambda: registry.getGatewayComputeResourcePreference(GATEWAY, site.alpha),
        lambda: registry.updateGatewayComputeResourcePreference(GATEWAY, site.alpha, new),
        lambda: registry.deleteGatewayComputeResourcePreference(GATEWAY, site.alpha),
    ):
        with pytest.raises(RegistryServiceException, match=site.alpha):
            call()


def test_how_a_gateway_stores_is_said_disk_by_disk(
    site: ProfileSite, registry: Any, profile: GatewayResourceProfile
) -> None:
    (first,) = profile.storagePreferences
    second = storing(site, site.tape)
    assert registry.addGatewayStoragePreference(GATEWAY, site.tape, changed(second, storageResourceId="x"))
    assert registry.getGatewayStoragePreference(GATEWAY, site.tape) == second
    assert registry.getAllGatewayStoragePreferences(GATEWAY) == [first, second]
    with pytest.raises(RegistryServiceException, match="already"):
        registry.addGatewayStoragePreference(GATEWAY, site.tape, second)
    new = StoragePreference(storageResourceId=site.disk, fileSystemRootLocation="/other")
    assert registry.updateGatewayStoragePreference(GATEWAY, site.disk, new)
    assert registry.getGatewayStoragePreference(GATEWAY, site.disk) == new
    assert registry.deleteGatewayStoragePreference(GATEWAY, site.disk)
    assert registry.getAllGatewayStoragePreferences(GATEWAY) == [second]
    assert registry.getGatewayResourceProfile(GATEWAY) == changed(profile, storagePreferences=[second])
    for call in (
        lambda: registry.getGatewayStoragePreference(GATEWAY, site.disk),
        lambda: registry.updateGatewayStoragePreference(GATEWAY, site.disk, new),
        lambda: registry.deleteGatewayStoragePreference(GATEWAY, site.disk),
    ):
        with pytest.raises(RegistryServiceException, match=site.disk):
            call()


def test_a_preference_names_a_resource_of_its_kind(
    site: ProfileSite, registry: Any, profile: GatewayResourceProfile
) -> None:
    for call, what in (
        (lambda: registry.addGatewayComputeResourcePreference(GATEWAY, "gamma", computing(site, "gamma")), "gamma"),
        (lambda: registry.addGatewayStoragePreference(GATEWAY, site.alpha, storing(site, site.alpha)), site.alpha),
    ):
        with pytest.raises(RegistryServiceException, match=what):
            call()
    assert registry.getGatewayResourceProfile(GATEWAY) == profile


# -- groups ------------------------------------------------------------------------------------------
def with_ids(sent: groups.GroupResourceProfile, read: groups.GroupResourceProfile) -> groups.GroupResourceProfile:
    """What was sent, with the ids and instants that were given to it and its parts."""
    made = read.groupResourceProfileId
    (preference,) = sent.computePreferences
    (config,), (reservation,) = preference.groupSSHAccountProvisionerConfigs, preference.reservations
    given = read.computePreferences[0].reservations[0].reservationId
    policy, limit = (
        read.computeResourcePolicies[0].resourcePolicyId,
        read.batchQueueResourcePolicies[0].resourcePolicyId,
    )
    mine = {"groupResourceProfileId": made}
    parts = {
        "computePreferences": [
            changed(
                preference,
                **mine,
                groupSSHAccountProvisionerConfigs=[changed(config, **mine)],
                reservations=[changed(reservation, reservationId=given)],
            )
        ],
        "computeResourcePolicies": [changed(sent.computeResourcePolicies[0], **mine, resourcePolicyId=policy)],
        "batchQueueResourcePolicies": [changed(sent.batchQueueResourcePolicies[0], **mine, resourcePolicyId=limit)],
    }
    return changed(sent, **mine, **parts, creationTime=read.creationTime, updatedTime=read.updatedTime)


def test_a_groups_profile_is_kept_whole_with_ids_of_its_parts(site: ProfileSite, registry: Any) -> None:
    sent = group_profile(site)
    made = registry.createGroupResourceProfile(sent)
    assert re.fullmatch(UUID, made)
    read = registry.getGroupResourceProfile(made)
    assert is_now(read.creationTime)
    assert read.updatedTime == read.creationTime
    kept = with_ids(sent, read)
    assert read == kept
    assert read.groupResourceProfileId == made
    assert re.fullmatch(f"course_{UUID}", read.computePreferences[0].reservations[0].reservationId)
    assert re.fullmatch(UUID, read.computeResourcePolicies[0].resourcePolicyId)
    assert registry.getGroupResourceList(GATEWAY, [made]) == [kept]
    assert registry.getGroupResourceList(OTHER, [made]) == []
    assert registry.removeGroupResourceProfile(made)
    with pytest.raises(RegistryServiceException, match=made):
        registry.getGroupResourceProfile(made)
    with pytest.raises(RegistryServiceException, match=made):
        registry.updateGroupResourceProfile(read)


def test_a_groups_profile_changes_in_what_is_said(site: ProfileSite, registry: Any) -> None:
    made = registry.createGroupResourceProfile(group_profile(site))
    before = registry.getGroupResourceProfile(made)
    renamed = groups.GroupResourceProfile(
        gatewayId=OTHER, groupResourceProfileId=made, groupResourceProfileName="Biologists", creationTime=1
    )
    registry.updateGroupResourceProfile(renamed)
    after = registry.getGroupResourceProfile(made)
    assert after == changed(
        before,
        groupResourceProfileName="Biologists",
        defaultCredentialStoreToken=None,
        updatedTime=after.updatedTime,
    )
    assert before.updatedTime <= after.updatedTime
    assert is_now(after.updatedTime)
    limit = groups.BatchQueueResourcePolicy(computeResourceId=site.beta, queuename="long", maxAllowedNodes=7)
    kept_limit = after.batchQueueResourcePolicies[0]
    registry.updateGroupResourceProfile(
        changed(after, computePreferences=[], batchQueueResourcePolicies=[kept_limit, limit])
    )
    again = registry.getGroupResourceProfile(made)
    assert again.computePreferences == []
    assert again.batchQueueResourcePolicies[0] == kept_limit
    new = again.batchQueueResourcePolicies[1]
    assert new == changed(limit, groupResourceProfileId=made, resourcePolicyId=new.resourcePolicyId)
    assert registry.getBatchQueueResourcePolicy(new.resourcePolicyId) == new
    assert again.computeResourcePolicies == before.computeResourcePolicies
    registry.removeGroupResourceProfile(made)


def test_a_copy_of_a_groups_profile_has_policies_of_its_own(site: ProfileSite, registry: Any) -> None:
    made = registry.createGroupResourceProfile(group_profile(site))
    first = registry.getGroupResourceProfile(made)
    (policy,), (limit,) = first.computeResourcePolicies, first.batchQueueResourcePolicies
    copies = [registry.createGroupResourceProfile(first) for _ in range(4)]
    for each in map(registry.getGroupResourceProfile, copies):
        (own,), (own_limit,) = each.computeResourcePolicies, each.batchQueueResourcePolicies
        assert len({own.resourcePolicyId, policy.resourcePolicyId, own_limit.resourcePolicyId}) == 3
        assert registry.getGroupComputeResourcePolicy(own.resourcePolicyId) == own
        assert registry.removeGroupBatchQueueResourcePolicy(own_limit.resourcePolicyId)
    assert registry.getGroupResourceProfile(made) == first
    assert registry.getBatchQueueResourcePolicy(limit.resourcePolicyId) == limit
    for each in (made, *copies):
        registry.removeGroupResourceProfile(each)


def test_a_groups_profile_that_cannot_be_is_refused(site: ProfileSite, registry: Any) -> None:
    sent = group_profile(site)
    (preference,), (limit,) = sent.computePreferences, sent.batchQueueResourcePolicies
    for fields, what in (
        ({"computePreferences": [changed(preference, computeResourceId="gamma")]}, "gamma"),
        ({"computePreferences": [preference, preference]}, "twice"),
        ({"batchQueueResourcePolicies": [changed(limit, maxAllowedNodes=-1)]}, "max_allowed_nodes"),
        ({"groupResourceProfileName": " "}, "group_resource_profile_name"),
    ):
        with pytest.raises(RegistryServiceException, match=what):
            registry.createGroupResourceProfile(changed(sent, **fields))


# -- users -----------------------------------------------------------------------------------------
def test_users_profiles_of_all_gateways_are_told_whole(site: ProfileSite, registry: Any) -> None:
    computes = whole(
        UserComputeResourcePreference,
        computeResourceId=site.alpha,
        loginUserName="ada",
        scratchLocation="/scratch/ada",
        resourceSpecificCredentialStoreToken=None,
        validated=True,
    )
    stores = whole(
        UserStoragePreference,
        storageResourceId=site.disk,
        loginUserName="ada",
        fileSystemRootLocation="/home/ada",
        resourceSpecificCredentialStoreToken=None,
    )
    sent = whole(
        UserResourceProfile,
        userId="ada",
        gatewayID=GATEWAY,
        credentialStoreToken=None,
        userComputeResourcePreferences=[computes],
        userStoragePreferences=[stores],
    )
    there = UserResourceProfile(userId="ada", gatewayID=OTHER)
    for each in (sent, there):
        assert registry.registerUserResourceProfile(each) == "ada"
    assert registry.getUserResourceProfile("ada", GATEWAY) == sent
    told = {each.gatewayID: each for each in registry.getAllUserResourceProfiles()}
    assert len(told) == 2
    assert told[GATEWAY] == sent
    assert told[OTHER].userId == "ada"
    for gateway_id in (GATEWAY, OTHER):
        assert registry.deleteUserResourceProfile("ada", gateway_id)
    assert registry.getAllUserResourceProfiles() == []
