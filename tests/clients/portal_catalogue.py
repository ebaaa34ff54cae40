"""What administrators do now and then: resources and resource profiles that are changed, looked at and taken away."""

from __future__ import annotations

from typing import Any

from airavata.api import Airavata
from airavata.model.appcatalog.computeresource import ttypes as compute
from airavata.model.appcatalog.gatewayprofile.ttypes import ComputeResourcePreference, StoragePreference
from airavata.model.appcatalog.storageresource.ttypes import StorageResourceDescription
from airavata.model.appcatalog.userresourceprofile.ttypes import (
    UserComputeResourcePreference,
    UserResourceProfile,
    UserStoragePreference,
)
from airavata.model.data.movement.ttypes import (
    DMType,
    GridFTPDataMovement,
    LOCALDataMovement,
    SCPDataMovement,
    SecurityProtocol,
    UnicoreDataMovement,
)
from portal_experiments import exception_of
from portal_sdk import say
from portal_setup import Portal, group_profile, host, ssh_submission

_OLD, _NEW = "https://old.example.org", "https://new.example.org"


def look_after(portal: Portal) -> None:
    """Everything on machines that nothing uses, so that it may be deleted."""
    machine = portal.sdk.api.registerComputeResource(
        portal.admin,
        host(
            "spare.example.org",
            "Spare",
            batchQueues=[compute.BatchQueue(queueName="short"), compute.BatchQueue(queueName="long")],
        ),
    )
    storage = portal.sdk.api.registerStorageResource(
        portal.admin, StorageResourceDescription(hostName="archive.example.org", enabled=True)
    )
    job_submissions(portal, machine)
    job_managers(portal)
    data_movements(portal, machine, storage)
    gateway_preferences(portal, machine, storage)
    group_preferences(portal)
    user_preferences(portal, machine, storage)
    the_resources_themselves(portal, machine, storage)
    space(portal)


def space(portal: Portal) -> None:
    """How full the storage is; asked by the generation of late 2025."""
    api, ada = portal.sdk.api, portal.sdk.tokens["ada"]
    if not hasattr(Airavata.Iface, "getResourceStorageInfo"):
        return
    volume = api.getResourceStorageInfo(ada, portal.storage, "")
    directory = api.getStorageDirectoryInfo(ada, portal.storage, "ada")
    say(
        "space",
        volume=volume.totalSizeBytes >= volume.usedSizeBytes > 0,
        directory=directory.totalSizeBytes > 0,
        outside=exception_of(lambda: api.getStorageDirectoryInfo(ada, portal.storage, "/etc")),
    )


def job_submissions(portal: Portal, machine: str) -> None:
    """An interface of each kind: added, changed, read, put in order, deleted."""
    api, admin = portal.sdk.api, portal.admin
    keys = SecurityProtocol.SSH_KEYS
    fork = compute.ResourceJobManager(resourceJobManagerType=compute.ResourceJobManagerType.FORK)
    made = {
        "local": api.addLocalSubmissionDetails(
            admin, machine, 0, compute.LOCALSubmission(resourceJobManager=fork, securityProtocol=SecurityProtocol.LOCAL)
        ),
        "ssh": api.addSSHJobSubmissionDetails(admin, machine, 1, ssh_submission(fork, 2222)),
        "unicore": api.addUNICOREJobSubmissionDetails(
            admin, machine, 2, compute.UnicoreJobSubmission(securityProtocol=keys, unicoreEndPointURL=_OLD)
        ),
        "cloud": api.addCloudJobSubmissionDetails(
            admin,
            machine,
            3,
            compute.CloudJobSubmission(
                securityProtocol=keys,
                nodeId="old",
                executableType="image",
                providerName=compute.ProviderName.EC2,
                userAccountName="portal",
            ),
        ),
    }
    local = api.getLocalJobSubmission(admin, made["local"])
    local.resourceJobManager.jobManagerBinPath = "/opt/bin"
    api.updateLocalSubmissionDetails(admin, made["local"], local)
    ssh = api.getSSHJobSubmission(admin, made["ssh"])
    ssh.sshPort = 2022
    api.updateSSHJobSubmissionDetails(admin, made["ssh"], ssh)
    unicore = api.getUnicoreJobSubmission(admin, made["unicore"])
    unicore.unicoreEndPointURL = _NEW
    api.updateUnicoreJobSubmissionDetails(admin, made["unicore"], unicore)
    cloud = api.getCloudJobSubmission(admin, made["cloud"])
    cloud.nodeId = "new"
    api.updateCloudJobSubmissionDetails(admin, made["cloud"], cloud)
    api.changeJobSubmissionPriority(admin, made["ssh"], 7)
    api.changeJobSubmissionPriorities(admin, {made["unicore"]: 9, made["cloud"]: 8})
    before = _orders(api.getComputeResource(admin, machine).jobSubmissionInterfaces)
    say(
        "job submissions",
        local=api.getLocalJobSubmission(admin, made["local"]).resourceJobManager.jobManagerBinPath,
        ssh=api.getSSHJobSubmission(admin, made["ssh"]).sshPort,
        unicore=api.getUnicoreJobSubmission(admin, made["unicore"]).unicoreEndPointURL,
        cloud=api.getCloudJobSubmission(admin, made["cloud"]).nodeId,
        orders=before,
        deleted=[api.deleteJobSubmissionInterface(admin, machine, each) for each in made.values()],
        left=len(api.getComputeResource(admin, machine).jobSubmissionInterfaces or []),
    )


def _orders(interfaces: list[Any]) -> list[int]:
    return sorted(each.priorityOrder for each in interfaces)


def job_managers(portal: Portal) -> None:
    """A job manager that stands for itself."""
    api, admin = portal.sdk.api, portal.admin
    made = api.registerResourceJobManager(
        admin, compute.ResourceJobManager(resourceJobManagerType=compute.ResourceJobManagerType.PBS)
    )
    read = api.getResourceJobManager(admin, made)
    read.jobManagerCommands = {compute.JobManagerCommand.SUBMISSION: "/opt/pbs/qsub"}
    api.updateResourceJobManager(admin, made, read)
    commands = api.getResourceJobManager(admin, made).jobManagerCommands
    say("job manager", commands=list(commands.values()), deleted=api.deleteResourceJobManager(admin, made))


def data_movements(portal: Portal, machine: str, storage: str) -> None:
    """An interface of each kind: added, changed, read, put in order, deleted."""
    api, admin = portal.sdk.api, portal.admin
    keys = SecurityProtocol.SSH_KEYS
    to_machine, to_storage = DMType.COMPUTE_RESOURCE, DMType.STORAGE_RESOURCE
    made = {
        "local": api.addLocalDataMovementDetails(admin, machine, to_machine, 0, LOCALDataMovement()),
        "scp": api.addSCPDataMovementDetails(
            admin, machine, to_machine, 1, SCPDataMovement(securityProtocol=keys, sshPort=22)
        ),
        "unicore": api.addUnicoreDataMovementDetails(
            admin, machine, to_machine, 2, UnicoreDataMovement(securityProtocol=keys, unicoreEndPointURL=_OLD)
        ),
        "grid_ftp": api.addGridFTPDataMovementDetails(
            admin, machine, to_machine, 3, GridFTPDataMovement(securityProtocol=keys, gridFTPEndPoints=[_OLD])
        ),
    }
    in_storage = api.addLocalDataMovementDetails(admin, storage, to_storage, 0, LOCALDataMovement())
    local = api.getLocalDataMovement(admin, made["local"])
    scp = api.getSCPDataMovement(admin, made["scp"])
    scp.sshPort = 2022
    unicore = api.getUnicoreDataMovement(admin, made["unicore"])
    unicore.unicoreEndPointURL = _NEW
    grid_ftp = api.getGridFTPDataMovement(admin, made["grid_ftp"])
    grid_ftp.gridFTPEndPoints = [_NEW]
    api.updateLocalDataMovementDetails(admin, made["local"], local)
    api.updateSCPDataMovementDetails(admin, made["scp"], scp)
    api.updateUnicoreDataMovementDetails(admin, made["unicore"], unicore)
    api.updateGridFTPDataMovementDetails(admin, made["grid_ftp"], grid_ftp)
    api.changeDataMovementPriority(admin, made["scp"], 7)
    api.changeDataMovementPriorities(admin, {made["unicore"]: 9, made["grid_ftp"]: 8})
    before = _orders(api.getComputeResource(admin, machine).dataMovementInterfaces)
    deleted = [api.deleteDataMovementInterface(admin, machine, each, to_machine) for each in made.values()]
    deleted.append(api.deleteDataMovementInterface(admin, storage, in_storage, to_storage))
    say(
        "data movements",
        local=local.dataMovementInterfaceId == made["local"],
        scp=scp.sshPort,
        unicore=unicore.unicoreEndPointURL,
        grid_ftp=grid_ftp.gridFTPEndPoints,
        orders=before,
        deleted=deleted,
        left=len(api.getStorageResource(admin, storage).dataMovementInterfaces or []),
    )


def gateway_preferences(portal: Portal, machine: str, storage: str) -> None:
    """The gateway's preferences for the spare resources."""
    api, admin, gateway = portal.sdk.api, portal.admin, portal.gateway
    preference = ComputeResourcePreference(computeResourceId=machine, overridebyAiravata=True, loginUserName="old")
    api.addGatewayComputeResourcePreference(admin, gateway, machine, preference)
    preference.loginUserName = "new"
    api.updateGatewayComputeResourcePreference(admin, gateway, machine, preference)
    place = StoragePreference(storageResourceId=storage, loginUserName="old", fileSystemRootLocation="/old")
    api.addGatewayStoragePreference(admin, gateway, storage, place)
    place.fileSystemRootLocation = "/new"
    api.updateGatewayStoragePreference(admin, gateway, storage, place)
    profile = api.getGatewayResourceProfile(admin, gateway)
    profile.identityServerTenant = "portal"
    api.updateGatewayResourceProfile(admin, gateway, profile)
    say(
        "gateway preferences",
        login=[each.loginUserName for each in api.getAllGatewayComputeResourcePreferences(admin, gateway)][-1],
        root=[each.fileSystemRootLocation for each in api.getAllGatewayStoragePreferences(admin, gateway)][-1],
        tenants=[each.identityServerTenant for each in api.getAllGatewayResourceProfiles(admin)],
        deleted=[
            api.deleteGatewayComputeResourcePreference(admin, gateway, machine),
            api.deleteGatewayStoragePreference(admin, gateway, storage),
        ],
        left=[
            len(api.getAllGatewayComputeResourcePreferences(admin, gateway)),
            len(api.getAllGatewayStoragePreferences(admin, gateway)),
        ],
    )


def group_preferences(portal: Portal) -> None:
    """Another group resource profile, read part by part, and taken apart."""
    api, admin = portal.sdk.api, portal.admin
    made = api.createGroupResourceProfile(admin, group_profile(portal))
    profile = api.getGroupResourceProfile(admin, made)
    profile.groupResourceProfileName = "Nobody"
    api.updateGroupResourceProfile(admin, profile)
    policy, limit = profile.computeResourcePolicies[0], profile.batchQueueResourcePolicies[0]
    read = {
        "preference": api.getGroupComputeResourcePreference(admin, portal.alpha, made).loginUserName,
        "queues": api.getGroupComputeResourcePolicy(admin, policy.resourcePolicyId).allowedBatchQueues,
        "nodes": api.getBatchQueueResourcePolicy(admin, limit.resourcePolicyId).maxAllowedNodes,
        "preferences": len(api.getGroupComputeResourcePrefList(admin, made)),
        "policies": len(api.getGroupComputeResourcePolicyList(admin, made)),
        "limits": len(api.getGroupBatchQueueResourcePolicyList(admin, made)),
    }
    removed = [
        api.removeGroupComputePrefs(admin, portal.delta, made),
        api.removeGroupComputeResourcePolicy(admin, policy.resourcePolicyId),
        api.removeGroupBatchQueueResourcePolicy(admin, limit.resourcePolicyId),
    ]
    left = api.getGroupResourceProfile(admin, made)
    say(
        "group preferences",
        **read,
        name=left.groupResourceProfileName,
        left=[
            len(left.computePreferences),
            len(left.computeResourcePolicies or []),
            len(left.batchQueueResourcePolicies or []),
        ],
        removed=[*removed, api.removeGroupResourceProfile(admin, made)],
    )


def user_preferences(portal: Portal, machine: str, storage: str) -> None:
    """Where ada works as herself."""
    api, ada, gateway = portal.sdk.api, portal.sdk.tokens["ada"], portal.gateway
    key = api.generateAndRegisterSSHKeys(ada, "Ada's own")
    profile = UserResourceProfile(userId="ada", gatewayID=gateway, credentialStoreToken=key)
    before = api.isUserResourceProfileExists(ada, "ada", gateway)
    api.registerUserResourceProfile(ada, profile)
    preference = UserComputeResourcePreference(computeResourceId=machine, loginUserName="old", scratchLocation="/tmp")
    api.addUserComputeResourcePreference(ada, "ada", gateway, machine, preference)
    preference.loginUserName = "new"
    api.updateUserComputeResourcePreference(ada, "ada", gateway, machine, preference)
    place = UserStoragePreference(storageResourceId=storage, loginUserName="old", fileSystemRootLocation="/old")
    api.addUserStoragePreference(ada, "ada", gateway, storage, place)
    place.fileSystemRootLocation = "/new"
    api.updateUserStoragePreference(ada, "ada", gateway, storage, place)
    read = api.getUserResourceProfile(ada, "ada", gateway)
    read.identityServerTenant = "portal"
    api.updateUserResourceProfile(ada, "ada", gateway, read)
    accounts = [
        exception_of(lambda: api.doesUserHaveSSHAccount(ada, portal.alpha, "ada")),
        exception_of(lambda: api.isSSHSetupCompleteForUserComputeResourcePreference(ada, portal.alpha, key)),
        exception_of(lambda: api.setupUserComputeResourcePreferencesForSSH(ada, portal.alpha, "ada", key)),
    ]
    say(
        "user preferences",
        accounts=accounts,
        exists=[before, api.isUserResourceProfileExists(ada, "ada", gateway)],
        token=read.credentialStoreToken == key,
        login=api.getUserComputeResourcePreference(ada, "ada", gateway, machine).loginUserName,
        root=api.getUserStoragePreference(ada, "ada", gateway, storage).fileSystemRootLocation,
        all=[
            len(api.getAllUserComputeResourcePreferences(ada, "ada", gateway)),
            len(api.getAllUserStoragePreferences(ada, "ada", gateway)),
        ],
        tenants=[each.identityServerTenant for each in api.getAllUserResourceProfiles(portal.admin)],
        provisioners=[each.name for each in api.getSSHAccountProvisioners(ada)],
        deleted=[
            api.deleteUserComputeResourcePreference(ada, "ada", gateway, machine),
            api.deleteUserStoragePreference(ada, "ada", gateway, storage),
            api.deleteUserResourceProfile(ada, "ada", gateway),
        ],
        keys=api.deleteSSHPubKey(ada, key),
    )


def the_resources_themselves(portal: Portal, machine: str, storage: str) -> None:
    """Changed, and gone."""
    api, admin = portal.sdk.api, portal.admin
    described = api.getComputeResource(admin, machine)
    described.resourceDescription = "Not used"
    api.updateComputeResource(admin, machine, described)
    api.deleteBatchQueue(admin, machine, "long")
    read = api.getComputeResource(admin, machine)
    archive = api.getStorageResource(admin, storage)
    archive.storageResourceDescription = "Not used"
    api.updateStorageResource(admin, storage, archive)
    say(
        "resources changed",
        descriptions=[read.resourceDescription, api.getStorageResource(admin, storage).storageResourceDescription],
        queues=[each.queueName for each in read.batchQueues],
        deleted=[api.deleteComputeResource(admin, machine), api.deleteStorageResource(admin, storage)],
        left=[machine in api.getAllComputeResourceNames(admin), storage in api.getAllStorageResourceNames(admin)],
        statuses=len(api.getLatestQueueStatuses(admin)),
    )
