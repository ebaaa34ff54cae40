"""What is registered, changed and taken away over the wire, through the API and through the registry alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from internal_site import InternalSite
from thrift_doors import GATEWAY, USER, Door

from airavata_thrift.airavata_api import Airavata
from airavata_thrift.application_interfaces.ttypes import ApplicationInterfaceDescription
from airavata_thrift.compute_resources import ttypes as compute
from airavata_thrift.data_movement import ttypes as movement
from airavata_thrift.data_products.ttypes import DataProductModel, DataProductType, DataReplicaLocationModel
from airavata_thrift.experiments.ttypes import (
    ExperimentModel,
    ExperimentSearchFields,
    ProjectSearchFields,
    UserConfigurationDataModel,
)
from airavata_thrift.group_resource_profiles import ttypes as groups
from airavata_thrift.registry import RegistryService
from airavata_thrift.storage_resources.ttypes import StorageResourceDescription
from airavata_thrift.user_resource_profiles.ttypes import (
    UserComputeResourcePreference,
    UserResourceProfile,
    UserStoragePreference,
)
from airavata_thrift.workspaces.ttypes import Project

OLD, NEW = "https://old.example.org", "https://new.example.org"
KEYS = movement.SecurityProtocol.SSH_KEYS


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InternalSite]:
    with InternalSite(tmp_path_factory.mktemp("doors") / "home") as made:
        yield made


@pytest.fixture(scope="module", params=["api", "registry"])
def door(request: pytest.FixtureRequest, site: InternalSite) -> Iterator[Door]:
    if request.param == "api":
        yield Door(Airavata, site, "api")
    else:
        yield Door(RegistryService, site, "registry")


@pytest.fixture(scope="module")
def machine(door: Door) -> str:
    described = compute.ComputeResourceDescription(hostName="spare.example.org", enabled=True)
    return str(door.registerComputeResource(described))


@pytest.fixture(scope="module")
def storage(door: Door) -> str:
    return str(door.registerStorageResource(StorageResourceDescription(hostName="disk.example.org", enabled=True)))


def orders(interfaces: list[Any]) -> list[int]:
    return sorted(each.priorityOrder for each in interfaces)


def test_job_submissions_of_every_kind(door: Door, machine: str) -> None:
    fork = compute.ResourceJobManager(resourceJobManagerType=compute.ResourceJobManagerType.FORK)
    local = compute.LOCALSubmission(resourceJobManager=fork, securityProtocol=movement.SecurityProtocol.LOCAL)
    unicore = compute.UnicoreJobSubmission(securityProtocol=KEYS, unicoreEndPointURL=OLD)
    cloud = compute.CloudJobSubmission(
        securityProtocol=KEYS, nodeId="old", executableType="image", providerName=0, userAccountName="portal"
    )
    made = [
        door.addLocalSubmissionDetails(machine, 0, local),
        door.addUNICOREJobSubmissionDetails(machine, 1, unicore),
        door.addCloudJobSubmissionDetails(machine, 2, cloud),
    ]
    first = door.getLocalJobSubmission(made[0])
    first.resourceJobManager.jobManagerBinPath = "/opt/bin"
    door.updateLocalSubmissionDetails(made[0], first)
    assert door.getLocalJobSubmission(made[0]).resourceJobManager.jobManagerBinPath == "/opt/bin"
    unicore.unicoreEndPointURL = NEW
    door.updateUnicoreJobSubmissionDetails(made[1], unicore)
    assert door.getUnicoreJobSubmission(made[1]).unicoreEndPointURL == NEW
    cloud.nodeId = "new"
    door.updateCloudJobSubmissionDetails(made[2], cloud)
    assert door.getCloudJobSubmission(made[2]).nodeId == "new"
    door.changeJobSubmissionPriorities({made[1]: 9, made[2]: 8})
    assert orders(door.getComputeResource(machine).jobSubmissionInterfaces) == [0, 8, 9]
    assert [door.deleteJobSubmissionInterface(machine, each) for each in made] == [True] * 3
    assert not door.getComputeResource(machine).jobSubmissionInterfaces


def test_data_movements_of_every_kind(door: Door, machine: str) -> None:
    there = movement.DMType.COMPUTE_RESOURCE
    scp = movement.SCPDataMovement(securityProtocol=KEYS, sshPort=22)
    unicore = movement.UnicoreDataMovement(securityProtocol=KEYS, unicoreEndPointURL=OLD)
    grid_ftp = movement.GridFTPDataMovement(securityProtocol=KEYS, gridFTPEndPoints=[OLD])
    made = [
        door.addLocalDataMovementDetails(machine, there, 0, movement.LOCALDataMovement()),
        door.addSCPDataMovementDetails(machine, there, 1, scp),
        door.addUnicoreDataMovementDetails(machine, there, 2, unicore),
        door.addGridFTPDataMovementDetails(machine, there, 3, grid_ftp),
    ]
    assert door.updateLocalDataMovementDetails(made[0], door.getLocalDataMovement(made[0]))
    assert door.getLocalDataMovement(made[0]).dataMovementInterfaceId == made[0]
    scp.sshPort, unicore.unicoreEndPointURL, grid_ftp.gridFTPEndPoints = 2022, NEW, [NEW]
    door.updateSCPDataMovementDetails(made[1], scp)
    door.updateUnicoreDataMovementDetails(made[2], unicore)
    door.updateGridFTPDataMovementDetails(made[3], grid_ftp)
    assert door.getSCPDataMovement(made[1]).sshPort == 2022
    assert door.getUnicoreDataMovement(made[2]).unicoreEndPointURL == NEW
    assert door.getGridFTPDataMovement(made[3]).gridFTPEndPoints == [NEW]
    door.changeDataMovementPriorities({made[2]: 9, made[3]: 8})
    assert orders(door.getComputeResource(machine).dataMovementInterfaces) == [0, 1, 8, 9]
    assert [door.deleteDataMovementInterface(machine, each, there) for each in made] == [True] * 4
    assert not door.getComputeResource(machine).dataMovementInterfaces


def test_data_products_in_a_collection(door: Door, storage: str) -> None:
    def product(name: str, kind: int, parent: str | None = None) -> str:
        described = DataProductModel(
            gatewayId=GATEWAY, ownerName=USER, productName=name, dataProductType=kind, parentProductUri=parent
        )
        return str(door.registerDataProduct(described))

    collection = product("all", DataProductType.COLLECTION)
    part = product("part", DataProductType.FILE, collection)
    replica = DataReplicaLocationModel(productUri=part, storageResourceId=storage, filePath="/data/part")
    made = door.registerReplicaLocation(replica)
    assert [each.replicaId for each in door.getDataProduct(part).replicaLocations] == [made]
    assert door.getParentDataProduct(part).productUri == collection
    assert [each.productUri for each in door.getChildDataProducts(collection)] == [part]


def test_projects_and_the_experiments_in_them(door: Door) -> None:
    project = door.createProject(GATEWAY, Project(owner=USER, gatewayId=GATEWAY, name="Words"))
    empty = door.createProject(GATEWAY, Project(owner=USER, gatewayId=GATEWAY, name="Empty"))
    interface = ApplicationInterfaceDescription(applicationName="Sort", applicationModules=[])
    sort = door.registerApplicationInterface(GATEWAY, interface)
    assert sort in [each.applicationInterfaceId for each in door.getAllApplicationInterfaces(GATEWAY)]
    described = ExperimentModel(
        projectId=project, gatewayId=GATEWAY, userName=USER, experimentName="Sorted", executionId=sort
    )
    experiment = door.createExperiment(GATEWAY, described)
    door.updateExperimentConfiguration(experiment, UserConfigurationDataModel(False, True, experimentDataDir="/data"))
    read = door.getExperiment(experiment).userConfigurationData
    assert (read.overrideManualScheduledParams, read.experimentDataDir) == (True, "/data")
    of_user = [each.experimentId for each in door.getUserExperiments(GATEWAY, USER, 10, 0)]
    assert experiment in of_user
    in_project = door.getExperimentsInProject(project, 10, 0, gatewayId=GATEWAY)
    assert [each.experimentId for each in in_project] == [experiment]
    assert door.getExperimentsInProject(empty, 10, 0, gatewayId=GATEWAY) == []
    for name, count in (("sort", 1), ("other", 0)):
        filters = {ExperimentSearchFields.EXPERIMENT_NAME: name, ExperimentSearchFields.PROJECT_ID: project}
        found = door.searchExperiments(GATEWAY, USER, filters, 10, 0, accessibleExpIds=[experiment])
        assert [each.experimentId for each in found] == [experiment] * count
    door.updateProject(empty, Project(projectID=empty, owner=USER, gatewayId=GATEWAY, name="Renamed"))
    assert door.getProject(empty).name == "Renamed"
    assert empty in [each.projectID for each in door.getUserProjects(GATEWAY, USER, 10, 0)]
    filters = {ProjectSearchFields.PROJECT_NAME: "renam"}
    found = door.searchProjects(GATEWAY, USER, filters, 10, 0, accessibleProjIds=[project, empty])
    assert [each.projectID for each in found] == [empty]
    assert door.deleteProject(empty)
    assert empty not in [each.projectID for each in door.getUserProjects(GATEWAY, USER, 10, 0)]


def test_a_group_resource_profile_is_read_and_taken_apart_piece_by_piece(door: Door, machine: str) -> None:
    preference = groups.GroupComputeResourcePreference(computeResourceId=machine, loginUserName="portal")
    policy = groups.ComputeResourcePolicy(computeResourceId=machine, allowedBatchQueues=["short"])
    limit = groups.BatchQueueResourcePolicy(computeResourceId=machine, queuename="short", maxAllowedNodes=3)
    profile = groups.GroupResourceProfile(
        gatewayId=GATEWAY,
        groupResourceProfileName="Few",
        computePreferences=[preference],
        computeResourcePolicies=[policy],
        batchQueueResourcePolicies=[limit],
    )
    made = door.createGroupResourceProfile(profile)
    listed = door.getGroupResourceList(GATEWAY, accessibleGroupResProfileIds=[made])
    assert made in [each.groupResourceProfileId for each in listed]
    assert door.getGroupComputeResourcePreference(machine, made).loginUserName == "portal"
    assert [each.computeResourceId for each in door.getGroupComputeResourcePrefList(made)] == [machine]
    (policy,) = door.getGroupComputeResourcePolicyList(made)
    assert door.getGroupComputeResourcePolicy(policy.resourcePolicyId).allowedBatchQueues == ["short"]
    (limit,) = door.getGroupBatchQueueResourcePolicyList(made)
    assert door.getBatchQueueResourcePolicy(limit.resourcePolicyId).maxAllowedNodes == 3
    assert door.removeGroupComputePrefs(machine, made)
    assert door.removeGroupComputeResourcePolicy(policy.resourcePolicyId)
    assert door.removeGroupBatchQueueResourcePolicy(limit.resourcePolicyId)
    assert door.getGroupComputeResourcePrefList(made) == []
    assert door.getGroupComputeResourcePolicyList(made) == []
    assert door.getGroupBatchQueueResourcePolicyList(made) == []
    assert door.removeGroupResourceProfile(made)
    left = door.getGroupResourceList(GATEWAY, accessibleGroupResProfileIds=[made])
    assert made not in [each.groupResourceProfileId for each in left]


def test_how_a_user_works_on_resources(door: Door, machine: str, storage: str) -> None:
    profile = UserResourceProfile(userId=USER, gatewayID=GATEWAY)
    assert not door.isUserResourceProfileExists(USER, GATEWAY)
    door.registerUserResourceProfile(profile)
    assert door.isUserResourceProfileExists(USER, GATEWAY)
    works = UserComputeResourcePreference(computeResourceId=machine, loginUserName="old")
    door.addUserComputeResourcePreference(USER, GATEWAY, machine, works)
    works.loginUserName = "new"
    door.updateUserComputeResourcePreference(USER, GATEWAY, machine, works)
    assert door.getUserComputeResourcePreference(USER, GATEWAY, machine).loginUserName == "new"
    assert len(door.getAllUserComputeResourcePreferences(USER, GATEWAY)) == 1
    keeps = UserStoragePreference(storageResourceId=storage, fileSystemRootLocation="/old")
    door.addUserStoragePreference(USER, GATEWAY, storage, keeps)
    keeps.fileSystemRootLocation = "/new"
    door.updateUserStoragePreference(USER, GATEWAY, storage, keeps)
    assert door.getUserStoragePreference(USER, GATEWAY, storage).fileSystemRootLocation == "/new"
    assert len(door.getAllUserStoragePreferences(USER, GATEWAY)) == 1
    read = door.getUserResourceProfile(USER, GATEWAY)
    read.identityServerTenant = "portal"
    door.updateUserResourceProfile(USER, GATEWAY, read)
    assert door.getUserResourceProfile(USER, GATEWAY).identityServerTenant == "portal"
    assert door.deleteUserComputeResourcePreference(USER, GATEWAY, machine)
    assert door.deleteUserStoragePreference(USER, GATEWAY, storage)
    assert door.getAllUserComputeResourcePreferences(USER, GATEWAY) == []
    assert door.getAllUserStoragePreferences(USER, GATEWAY) == []
    assert door.deleteUserResourceProfile(USER, GATEWAY)
    assert not door.isUserResourceProfileExists(USER, GATEWAY)
