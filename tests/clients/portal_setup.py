"""What an administrator of a new portal registers: gateway, people, credential, resources, applications, profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airavata.model.appcatalog.appdeployment.ttypes import ApplicationDeploymentDescription, ApplicationModule
from airavata.model.appcatalog.appinterface.ttypes import ApplicationInterfaceDescription
from airavata.model.appcatalog.computeresource.ttypes import (
    BatchQueue,
    ComputeResourceDescription,
    ResourceJobManager,
    ResourceJobManagerType,
    SSHJobSubmission,
)
from airavata.model.appcatalog.gatewayprofile.ttypes import (
    ComputeResourcePreference,
    GatewayResourceProfile,
    StoragePreference,
)
from airavata.model.appcatalog.groupresourceprofile import ttypes as group_profiles
from airavata.model.appcatalog.parallelism.ttypes import ApplicationParallelismType
from airavata.model.appcatalog.storageresource.ttypes import StorageResourceDescription
from airavata.model.application.io.ttypes import DataType, InputDataObjectType, OutputDataObjectType
from airavata.model.data.movement.ttypes import DMType, SCPDataMovement, SecurityProtocol
from airavata.model.group.ttypes import ResourcePermissionType
from airavata.model.workspace.ttypes import Gateway, GatewayApprovalStatus
from portal_sdk import Sdk, heard, say

_QUEUES = ("normal", "debug")


@dataclass
class Portal:
    """A portal with everything that experiments need, and how to reach its server."""

    sdk: Sdk
    told: Mapping[str, Any]
    gateway: str
    credential: str = ""
    alpha: str = ""
    delta: str = ""
    storage: str = ""
    sort: str = ""
    sort_module: str = ""
    sleep: str = ""
    group_profile: str = ""
    users_group: str = ""

    @property
    def admin(self) -> Any:
        """The administrator's token."""
        return self.sdk.tokens["root"]


def set_up(portal: Portal) -> None:
    """Register everything else; the test lets the portal's key into the clusters when it hears of it."""
    register_credential(portal)
    register_resources(portal)
    register_applications(portal)
    register_profiles(portal)


def register_gateway(portal: Portal) -> None:
    """A gateway, looked at before and after."""
    api, admin = portal.sdk.api, portal.admin
    before = api.isGatewayExist(admin, portal.gateway)
    asked = Gateway(
        gatewayId=portal.gateway,
        gatewayName=f"Portal {portal.gateway}",
        domain="chemistry",
        emailAddress="portal@example.org",
        gatewayApprovalStatus=GatewayApprovalStatus.APPROVED,
    )
    made = api.addGateway(admin, asked)
    found = api.getGateway(admin, portal.gateway)
    found.gatewayAcronym = "PTL"
    api.updateGateway(admin, portal.gateway, found)
    groups = api.getGatewayGroups(admin)
    sdk = portal.sdk
    services = (api, sdk.groups, sdk.users, sdk.tenants, sdk.iam, sdk.sharing, sdk.credentials)
    portal.users_group = groups.defaultGatewayUsersGroupId
    changed = api.getGateway(admin, portal.gateway)
    say(
        "gateway",
        before=before,
        after=api.isGatewayExist(admin, portal.gateway),
        id=made,
        name=changed.gatewayName,
        acronym=changed.gatewayAcronym,
        approved=changed.gatewayApprovalStatus == GatewayApprovalStatus.APPROVED,
        listed=[each.gatewayId for each in api.getAllGateways(admin)],
        versions=[each.getAPIVersion() for each in services],
    )


def greet_people(portal: Portal) -> None:
    """The first visit of each user makes their profile."""
    users = portal.sdk.users
    for user in ("root", "ada", "bob"):
        users.initializeUserProfile(portal.sdk.tokens[user])
    profile = users.getUserProfileById(portal.sdk.tokens["ada"], "ada", portal.gateway)
    say(
        "people",
        profile=[profile.userId, profile.gatewayId],
        known=[users.doesUserExist(portal.admin, name, portal.gateway) for name in ("ada", "nobody")],
        listed=sorted(each.userId for each in users.getAllUserProfilesInGateway(portal.admin, portal.gateway, 0, -1)),
        names=sorted(portal.sdk.api.getAllUsersInGateway(portal.admin, portal.gateway)),
        exists=portal.sdk.api.isUserExists(portal.admin, portal.gateway, "bob"),
    )


def register_credential(portal: Portal) -> None:
    """A pair of keys, of which the public one is asked for and told."""
    api, admin = portal.sdk.api, portal.admin
    portal.credential = api.generateAndRegisterSSHKeys(admin, "Clusters of the portal")
    summary = api.getCredentialSummary(admin, portal.credential)
    say(
        "credential",
        public_key=summary.publicKey,
        description=summary.description,
        owner=[summary.gatewayId, summary.username],
    )
    assert heard() == "go"


def register_resources(portal: Portal) -> None:
    """Slurm over SSH, a machine where jobs are forked over SSH, and a storage resource."""
    api, admin, ssh = portal.sdk.api, portal.admin, portal.told["ssh"]
    queues = [
        BatchQueue(queueName=name, maxRunTime=60, maxNodes=2, maxProcessors=8, maxMemory=4000, isDefaultQueue=not order)
        for order, name in enumerate(_QUEUES)
    ]
    portal.alpha = api.registerComputeResource(admin, host(ssh["alpha"], "Slurm", batchQueues=queues))
    slurm = ResourceJobManager(
        resourceJobManagerType=ResourceJobManagerType.SLURM,
        jobManagerBinPath="/usr/bin",
        parallelismPrefix={ApplicationParallelismType.MPI: "srun"},
    )
    interface = api.addSSHJobSubmissionDetails(admin, portal.alpha, 0, ssh_submission(slurm, ssh["port"]))
    portal.delta = api.registerComputeResource(admin, host(ssh["delta"], "Fork"))
    fork = ResourceJobManager(resourceJobManagerType=ResourceJobManagerType.FORK)
    api.addSSHForkJobSubmissionDetails(admin, portal.delta, 0, ssh_submission(fork, ssh["port"]))
    copying = SCPDataMovement(securityProtocol=SecurityProtocol.SSH_KEYS, sshPort=ssh["port"])
    for resource in (portal.alpha, portal.delta):
        api.addSCPDataMovementDetails(admin, resource, DMType.COMPUTE_RESOURCE, 0, copying)
    storage = StorageResourceDescription(
        hostName=ssh["delta"], storageResourceDescription="Data of the portal", enabled=True
    )
    portal.storage = api.registerStorageResource(admin, storage)
    api.addSCPDataMovementDetails(admin, portal.storage, DMType.STORAGE_RESOURCE, 0, copying)
    read = api.getComputeResource(admin, portal.alpha)
    manager = api.getSSHJobSubmission(admin, interface).resourceJobManager
    names = api.getAllComputeResourceNames(admin)
    say(
        "resources",
        ids=[portal.alpha, portal.delta, portal.storage],
        hosts=[names[portal.alpha], names[portal.delta], api.getAllStorageResourceNames(admin)[portal.storage]],
        queues=[[each.queueName, each.maxRunTime, each.isDefaultQueue] for each in read.batchQueues],
        interfaces=[each.jobSubmissionInterfaceId == interface for each in read.jobSubmissionInterfaces],
        manager=[int(manager.resourceJobManagerType), manager.jobManagerBinPath, len(manager.parallelismPrefix)],
        storage=len(api.getStorageResource(admin, portal.storage).dataMovementInterfaces),
    )


def host(address: str, description: str, **more: Any) -> Any:
    """A compute resource."""
    return ComputeResourceDescription(hostName=address, resourceDescription=description, enabled=True, **more)


def ssh_submission(manager: Any, port: int) -> Any:
    """Jobs over SSH, with keys."""
    return SSHJobSubmission(securityProtocol=SecurityProtocol.SSH_KEYS, resourceJobManager=manager, sshPort=port)


def register_applications(portal: Portal) -> None:
    """``sort``, which reads a file and writes one, and ``sleep``, which takes its time; on both machines."""
    api, admin = portal.sdk.api, portal.admin
    text = InputDataObjectType(
        name="Text", type=DataType.URI, isRequired=True, requiredToAddedToCommandLine=True, inputOrder=1
    )
    sorted_text = OutputDataObjectType(
        name="Sorted",
        value="sorted.txt",
        type=DataType.URI,
        applicationArgument="-o",
        isRequired=True,
        requiredToAddedToCommandLine=True,
        dataMovement=True,
    )
    portal.sort_module = api.registerApplicationModule(
        admin, portal.gateway, ApplicationModule(appModuleName="Sort", appModuleVersion="9.1")
    )
    portal.sort = _application(portal, "Sort", portal.sort_module, "/usr/bin/sort", [text], [sorted_text])
    seconds = InputDataObjectType(
        name="Seconds", type=DataType.INTEGER, value="1", requiredToAddedToCommandLine=True, inputOrder=1
    )
    module = api.registerApplicationModule(admin, portal.gateway, ApplicationModule(appModuleName="Sleep"))
    portal.sleep = _application(portal, "Sleep", module, "/bin/sleep", [seconds], [])
    module_read = api.getApplicationModule(admin, portal.sort_module)
    interface = api.getApplicationInterface(admin, portal.sort)
    say(
        "applications",
        modules=sorted(each.appModuleName for each in api.getAllAppModules(admin, portal.gateway)),
        version=module_read.appModuleVersion,
        interfaces=sorted(api.getAllApplicationInterfaceNames(admin, portal.gateway).values()),
        described=sorted(each.applicationName for each in api.getAllApplicationInterfaces(admin, portal.gateway)),
        of_modules=interface.applicationModules == [portal.sort_module],
        inputs=[[each.name, int(each.type)] for each in api.getApplicationInputs(admin, portal.sort)],
        outputs=sorted(each.name for each in api.getApplicationOutputs(admin, portal.sort)),
        machines=sorted(api.getAvailableAppInterfaceComputeResources(admin, portal.sort))
        == sorted([portal.alpha, portal.delta]),
        deployments=len(api.getAllApplicationDeployments(admin, portal.gateway)),
        deployed=len(api.getAppModuleDeployedResources(admin, portal.sort_module)),
    )


def _application(portal: Portal, name: str, module: str, path: str, inputs: list[Any], outputs: list[Any]) -> str:
    api, admin = portal.sdk.api, portal.admin
    for machine in (portal.alpha, portal.delta):
        deployment = ApplicationDeploymentDescription(
            appModuleId=module,
            computeHostId=machine,
            executablePath=path,
            parallelism=ApplicationParallelismType.SERIAL,
            defaultQueueName=_QUEUES[0],
            defaultNodeCount=1,
            defaultCPUCount=1,
            defaultWalltime=5,
        )
        made = api.registerApplicationDeployment(admin, portal.gateway, deployment)
        assert api.getApplicationDeployment(admin, made).executablePath == path
        # As portals do: the people of the gateway may use it.
        api.shareResourceWithGroups(admin, made, {portal.users_group: ResourcePermissionType.READ})
    streams = [
        OutputDataObjectType(name=f"{name}-{kind}", type=getattr(DataType, kind)) for kind in ("STDOUT", "STDERR")
    ]
    interface = ApplicationInterfaceDescription(
        applicationName=name,
        applicationDescription=f"{path} of the machine",
        applicationModules=[module],
        applicationInputs=inputs,
        applicationOutputs=[*outputs, *streams],
        archiveWorkingDirectory=False,
        hasOptionalFileInputs=False,
    )
    return str(api.registerApplicationInterface(admin, portal.gateway, interface))


def register_profiles(portal: Portal) -> None:
    """The gateway's own profile, and that of a group which may use the first queue only."""
    api, admin, told = portal.sdk.api, portal.admin, portal.told
    api.registerGatewayResourceProfile(
        admin, GatewayResourceProfile(gatewayID=portal.gateway, credentialStoreToken=portal.credential)
    )
    for machine, name in ((portal.alpha, "alpha"), (portal.delta, "delta")):
        preference = ComputeResourcePreference(
            computeResourceId=machine,
            overridebyAiravata=True,
            loginUserName=told["ssh"]["user"],
            scratchLocation=told["scratch"][name],
        )
        api.addGatewayComputeResourcePreference(admin, portal.gateway, machine, preference)
    storage = StoragePreference(
        storageResourceId=portal.storage,
        loginUserName=told["ssh"]["user"],
        fileSystemRootLocation=told["storage_root"],
    )
    api.addGatewayStoragePreference(admin, portal.gateway, portal.storage, storage)
    portal.group_profile = api.createGroupResourceProfile(admin, group_profile(portal))
    api.shareResourceWithGroups(admin, portal.group_profile, {portal.users_group: ResourcePermissionType.READ})
    profile = api.getGatewayResourceProfile(admin, portal.gateway)
    group = api.getGroupResourceProfile(admin, portal.group_profile)
    ada = portal.sdk.tokens["ada"]
    say(
        "profiles",
        token=profile.credentialStoreToken == portal.credential,
        preferences=[len(profile.computeResourcePreferences), len(profile.storagePreferences)],
        login=api.getGatewayComputeResourcePreference(admin, portal.gateway, portal.alpha).loginUserName,
        root=api.getGatewayStoragePreference(ada, portal.gateway, portal.storage).fileSystemRootLocation,
        group=group.groupResourceProfileName,
        group_token=group.defaultCredentialStoreToken == portal.credential,
        scratch=sorted(each.scratchLocation for each in group.computePreferences),
        allocation=sorted(allocation_of(each) for each in group.computePreferences),
        queues=[each.allowedBatchQueues for each in group.computeResourcePolicies],
        limits=[[each.queuename, each.maxAllowedNodes] for each in group.batchQueueResourcePolicies],
        seen_by_user=[each.groupResourceProfileId for each in api.getGroupResourceList(ada, portal.gateway)]
        == [portal.group_profile],
        usable_by_user=len(
            api.getApplicationDeploymentsForAppModuleAndGroupResourceProfile(
                ada, portal.sort_module, portal.group_profile
            )
        ),
    )


def group_profile(portal: Portal) -> Any:
    """A group resource profile for both machines, in the layout of this SDK's generation."""
    told = portal.told
    preferences = [
        _group_preference(
            allocation=name,
            computeResourceId=machine,
            overridebyAiravata=True,
            loginUserName=told["ssh"]["user"],
            scratchLocation=told["scratch"][name],
        )
        for machine, name in ((portal.alpha, "alpha"), (portal.delta, "delta"))
    ]
    policy = group_profiles.ComputeResourcePolicy(computeResourceId=portal.alpha, allowedBatchQueues=[_QUEUES[0]])
    limit = group_profiles.BatchQueueResourcePolicy(
        computeResourceId=portal.alpha, queuename=_QUEUES[0], maxAllowedNodes=1
    )
    return group_profiles.GroupResourceProfile(
        gatewayId=portal.gateway,
        groupResourceProfileName="Everybody",
        computePreferences=preferences,
        computeResourcePolicies=[policy],
        batchQueueResourcePolicies=[limit],
        defaultCredentialStoreToken=portal.credential,
    )


def _group_preference(*, allocation: str, **fields: Any) -> Any:
    """With the allocation where this generation has it."""
    if not hasattr(group_profiles, "EnvironmentSpecificPreferences"):
        return group_profiles.GroupComputeResourcePreference(allocationProjectNumber=allocation, **fields)
    slurm = group_profiles.SlurmComputeResourcePreference(allocationProjectNumber=allocation)
    return group_profiles.GroupComputeResourcePreference(
        resourceType=group_profiles.ResourceType.SLURM,
        specificPreferences=group_profiles.EnvironmentSpecificPreferences(slurm=slurm),
        **fields,
    )


def allocation_of(preference: Any) -> str:
    """The allocation of a group's preference, wherever this generation has it."""
    specific = getattr(preference, "specificPreferences", None)
    return str((specific.slurm if specific else preference).allocationProjectNumber)
