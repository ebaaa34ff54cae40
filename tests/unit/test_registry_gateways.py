"""Gateways, their users, their announcements and what their jobs report, as the registry keeps them for its peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from internal_site import InternalSite
from thrift_doors import GATEWAY, TOKEN
from whole_structs import changed, is_now, later, whole

from airavata_thrift.api_errors.ttypes import DuplicateEntryException
from airavata_thrift.application_deployments.ttypes import ApplicationModule
from airavata_thrift.application_interfaces.ttypes import ApplicationInterfaceDescription
from airavata_thrift.data_products.ttypes import DataProductModel
from airavata_thrift.gateway_resource_profiles.ttypes import GatewayResourceProfile
from airavata_thrift.group_resource_profiles.ttypes import GroupResourceProfile
from airavata_thrift.parsers.ttypes import Parser, ParsingTemplate
from airavata_thrift.registry_errors.ttypes import RegistryServiceException
from airavata_thrift.user_profile import UserProfileService
from airavata_thrift.user_profiles import ttypes as people
from airavata_thrift.user_resource_profiles.ttypes import UserResourceProfile
from airavata_thrift.workflow_graphs.ttypes import WorkflowModel
from airavata_thrift.workspaces.ttypes import (
    Gateway,
    GatewayApprovalStatus,
    GatewayUsageReportingCommand,
    Notification,
    NotificationPriority,
    Project,
)

OTHER = "biology"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InternalSite]:
    with InternalSite(tmp_path_factory.mktemp("gateways") / "home") as made:
        made.registry.addGateway(Gateway(gatewayId=OTHER, gatewayApprovalStatus=GatewayApprovalStatus.ACTIVE))
        yield made


@pytest.fixture(scope="module")
def registry(site: InternalSite) -> Any:
    return site.registry


def user(user_id: str, gateway_id: str = GATEWAY) -> people.UserProfile:
    asked = whole(
        people.NSFDemographics,
        usCitizenship=people.USCitizenship.US_CITIZEN,
        ethnicities=[people.ethnicity.NOT_HISPANIC_LATINO],
        races=[people.race.ASIAN, people.race.WHITE],
        disabilities=[people.disability.VISUAL_IMPAIRED],
    )
    return whole(
        people.UserProfile,
        userId=user_id,
        gatewayId=gateway_id,
        State=people.Status.CONFIRMED,
        nsfDemographics=asked,
        customDashboard=whole(people.CustomDashboard),
    )


def notification(title: str, gateway_id: str = GATEWAY) -> Notification:
    return whole(
        Notification, notificationId=None, gatewayId=gateway_id, title=title, priority=NotificationPriority.HIGH
    )


# -- gateways --------------------------------------------------------------------------
def test_a_gateway_is_kept_whole_until_it_is_deleted(registry: Any) -> None:
    sent = whole(Gateway, gatewayId="physics", gatewayApprovalStatus=GatewayApprovalStatus.ACTIVE)
    assert not registry.isGatewayExist("physics")
    assert registry.addGateway(sent) == "physics"
    assert registry.isGatewayExist("physics")
    kept = changed(sent, airavataInternalGatewayId="physics")
    assert registry.getGateway("physics") == kept
    every = {each.gatewayId: each for each in registry.getAllGateways()}
    assert every.keys() == {GATEWAY, OTHER, "physics"}
    assert every["physics"] == kept
    with pytest.raises(DuplicateEntryException) as caught:
        registry.addGateway(sent)
    assert "physics" in caught.value.message
    assert registry.deleteGateway("physics")
    assert not registry.isGatewayExist("physics")
    with pytest.raises(RegistryServiceException, match="no gateway 'physics'"):
        registry.getGateway("physics")
    assert {each.gatewayId for each in registry.getAllGateways()} == {GATEWAY, OTHER}


def test_a_gateway_changes_in_what_is_said_and_in_nothing_else(registry: Any) -> None:
    before = registry.getGateway(OTHER)
    assert is_now(before.requestCreationTime)
    denied = GatewayApprovalStatus.DENIED
    new = Gateway(gatewayId="another", gatewayApprovalStatus=denied, declinedReason="no users", requestCreationTime=1)
    assert registry.updateGateway(OTHER, new)
    after = registry.getGateway(OTHER)
    assert after == changed(before, gatewayApprovalStatus=denied, declinedReason="no users")
    assert not registry.isGatewayExist("another")
    with pytest.raises(RegistryServiceException, match="no gateway 'another'"):
        registry.updateGateway("another", new)


def test_a_gateway_goes_when_nobody_works_with_it_and_takes_the_rest_along(registry: Any) -> None:
    project = registry.createProject(OTHER, Project(owner="ada", gatewayId=OTHER, name="Words"))
    registry.createNotification(notification("it goes along", OTHER))
    with pytest.raises(RegistryServiceException, match="1 projects"):
        registry.deleteGateway(OTHER)
    assert registry.isGatewayExist(OTHER)
    registry.deleteProject(project)
    assert registry.deleteGateway(OTHER)
    with pytest.raises(RegistryServiceException, match="no gateway 'biology'"):
        registry.deleteGateway(OTHER)
    registry.addGateway(Gateway(gatewayId=OTHER, gatewayApprovalStatus=GatewayApprovalStatus.ACTIVE))
    assert registry.getAllNotifications(OTHER) == []
    assert registry.getAllUsersInGateway(OTHER) == ["admin"]


NOWHERE = "nowhere"
KEPT: dict[str, Callable[[Any], object]] = {
    "project": lambda registry: registry.createProject(NOWHERE, Project(owner="ada", gatewayId=NOWHERE, name="Words")),
    "module": lambda registry: registry.registerApplicationModule(NOWHERE, ApplicationModule(appModuleName="Sort")),
    "interface": lambda registry: registry.registerApplicationInterface(
        NOWHERE, ApplicationInterfaceDescription(applicationName="Sort")
    ),
    "gateway profile": lambda registry: registry.registerGatewayResourceProfile(
        GatewayResourceProfile(gatewayID=NOWHERE)
    ),
    "group profile": lambda registry: registry.createGroupResourceProfile(
        GroupResourceProfile(gatewayId=NOWHERE, groupResourceProfileName="Chemists")
    ),
    "user profile": lambda registry: registry.registerUserResourceProfile(
        UserResourceProfile(userId="ada", gatewayID=NOWHERE)
    ),
    "notification": lambda registry: registry.createNotification(notification("Downtime", NOWHERE)),
    "user": lambda registry: registry.addUser(user("ada", NOWHERE)),
    "product": lambda registry: registry.registerDataProduct(
        DataProductModel(gatewayId=NOWHERE, ownerName="ada", productName="words")
    ),
    "workflow": lambda registry: registry.registerWorkflow(
        NOWHERE, WorkflowModel(name="Sort", graph="", gatewayId=NOWHERE, createdUser="ada")
    ),
    "parser": lambda registry: registry.saveParser(
        Parser("p", "image", "/out", "/in", "parse", inputFiles=[], outputFiles=[], gatewayId=NOWHERE)
    ),
    "parsing template": lambda registry: registry.saveParsingTemplate(
        ParsingTemplate("t", "Sort", initialInputs=[], parserConnections=[], gatewayId=NOWHERE)
    ),
}


@pytest.mark.parametrize("what", KEPT)
def test_nothing_is_kept_for_a_gateway_that_there_is_not(registry: Any, what: str) -> None:
    with pytest.raises(RegistryServiceException, match="no gateway 'nowhere'"):
        KEPT[what](registry)


# -- users -----------------------------------------------------------------------------
def test_a_user_is_kept_whole_and_known_to_one_gateway(site: InternalSite, registry: Any) -> None:
    sent = user("grace")
    assert not registry.isUserExists(GATEWAY, "grace")
    assert "grace" not in registry.getAllUsersInGateway(GATEWAY)
    assert registry.addUser(sent) == "grace"
    assert registry.isUserExists(GATEWAY, "grace")
    assert "grace" in registry.getAllUsersInGateway(GATEWAY)
    assert not registry.isUserExists(OTHER, "grace")
    assert "grace" not in registry.getAllUsersInGateway(OTHER)
    profiles = site.client(UserProfileService, "profile")
    read = profiles.getUserProfileById(TOKEN, "grace", GATEWAY)
    assert read == changed(sent, airavataInternalUserId=f"grace@{GATEWAY}")


def test_a_user_is_added_once(site: InternalSite, registry: Any) -> None:
    registry.addUser(user("edsger"))
    with pytest.raises(DuplicateEntryException) as caught:
        registry.addUser(changed(user("edsger"), firstName="Impostor"))
    assert "edsger" in caught.value.message
    profiles = site.client(UserProfileService, "profile")
    assert profiles.getUserProfileById(TOKEN, "edsger", GATEWAY).firstName == "firstName-text"
    assert registry.addUser(user("edsger", OTHER)) == "edsger"
    assert registry.getAllUsersInGateway(OTHER).count("edsger") == 1


# -- notifications -----------------------------------------------------------------------
def test_a_notification_is_kept_whole_until_it_is_deleted(registry: Any) -> None:
    sent = notification("Downtime")
    made = registry.createNotification(sent)
    read = registry.getNotification(GATEWAY, made)
    assert read == changed(sent, notificationId=made, creationTime=read.creationTime)
    assert is_now(read.creationTime)
    assert registry.updateNotification(changed(read, title="Over", priority=NotificationPriority.LOW, creationTime=1))
    assert registry.getNotification(GATEWAY, made) == changed(read, title="Over", priority=NotificationPriority.LOW)
    with pytest.raises(RegistryServiceException):
        registry.getNotification(OTHER, made)
    with pytest.raises(RegistryServiceException):
        registry.deleteNotification(OTHER, made)
    assert registry.deleteNotification(GATEWAY, made)
    for call in (
        lambda: registry.getNotification(GATEWAY, made),
        lambda: registry.deleteNotification(GATEWAY, made),
        lambda: registry.updateNotification(read),
    ):
        with pytest.raises(RegistryServiceException) as caught:
            call()
        assert made in caught.value.message


def test_notifications_are_listed_by_gateway_and_the_newest_first(registry: Any) -> None:
    made = []
    for title in ("one", "two", "three"):
        later()
        made.append(registry.createNotification(notification(title)))
    elsewhere = registry.createNotification(notification("there", OTHER))
    listed = registry.getAllNotifications(GATEWAY)
    assert [each.notificationId for each in listed] == made[::-1]
    assert listed[0] == registry.getNotification(GATEWAY, made[2])
    assert [each.notificationId for each in registry.getAllNotifications(OTHER)] == [elsewhere]


# -- what jobs report ----------------------------------------------------------------------
def test_a_reporting_command_is_of_one_gateway_and_one_resource(registry: Any) -> None:
    sent = GatewayUsageReportingCommand(gatewayId=GATEWAY, computeResourceId="alpha", command="report --user $USER")
    assert not registry.isGatewayUsageReportingAvailable(GATEWAY, "alpha")
    registry.addGatewayUsageReportingCommand(sent)
    assert registry.isGatewayUsageReportingAvailable(GATEWAY, "alpha")
    assert registry.getGatewayReportingCommand(GATEWAY, "alpha") == sent
    registry.addGatewayUsageReportingCommand(changed(sent, command="report"))
    assert registry.getGatewayReportingCommand(GATEWAY, "alpha").command == "report"
    for gateway_id, resource_id in ((GATEWAY, "beta"), (OTHER, "alpha")):
        assert not registry.isGatewayUsageReportingAvailable(gateway_id, resource_id)
        with pytest.raises(RegistryServiceException, match=resource_id):
            registry.getGatewayReportingCommand(gateway_id, resource_id)
        registry.removeGatewayUsageReportingCommand(gateway_id, resource_id)
    assert registry.isGatewayUsageReportingAvailable(GATEWAY, "alpha")
    registry.removeGatewayUsageReportingCommand(GATEWAY, "alpha")
    assert not registry.isGatewayUsageReportingAvailable(GATEWAY, "alpha")
