"""What else a portal's people do: notices, passwords, accounts, applications that change, parsers, data products."""

from __future__ import annotations

import time

from airavata.model.appcatalog.parser.ttypes import (
    IOType,
    Parser,
    ParserInput,
    ParserOutput,
    ParsingTemplate,
    ParsingTemplateInput,
)
from airavata.model.credential.store.ttypes import SummaryType
from airavata.model.data.replica.ttypes import DataProductModel, DataProductType, DataReplicaLocationModel
from airavata.model.group.ttypes import ResourcePermissionType
from airavata.model.user.ttypes import Status, UserProfile
from airavata.model.workspace.ttypes import Gateway, GatewayApprovalStatus, Notification, NotificationPriority, Project
from portal_experiments import Work
from portal_sdk import say
from portal_setup import Portal


def look_after(portal: Portal, work: Work) -> None:
    """Everything, the gateway's end last."""
    notices(portal)
    passwords(portal)
    accounts(portal)
    profiles_of_users(portal)
    data_products(portal, work)
    parsers(portal, work)
    applications(portal)
    tenants(portal)


def notices(portal: Portal) -> None:
    """A notice to all users."""
    api, admin, gateway = portal.sdk.api, portal.admin, portal.gateway
    now_ms = int(time.time() * 1000)
    notice = Notification(
        gatewayId=gateway,
        title="Down",
        notificationMessage="Tomorrow",
        publishedTime=now_ms,
        expirationTime=now_ms + 86_400_000,
        priority=NotificationPriority.HIGH,
    )
    made = api.createNotification(admin, notice)
    read = api.getNotification(admin, gateway, made)
    read.notificationMessage = "Today"
    api.updateNotification(admin, read)
    say(
        "notices",
        seen=[each.notificationMessage for each in api.getAllNotifications(portal.sdk.tokens["ada"], gateway)],
        urgent=read.priority == NotificationPriority.HIGH,
        deleted=api.deleteNotification(admin, gateway, made),
        left=len(api.getAllNotifications(admin, gateway)),
    )


def passwords(portal: Portal) -> None:
    """A password, of which nobody is told anything but what it is for."""
    api, admin = portal.sdk.api, portal.admin
    made = api.registerPwdCredential(admin, "portal", "very secret", "Archive")
    summaries = api.getAllCredentialSummaries(admin, SummaryType.PASSWD)
    say(
        "passwords",
        descriptions=[each.description for each in summaries],
        secret="very secret" in repr(summaries),
        keys=[each.token == portal.credential for each in api.getAllCredentialSummaries(admin, SummaryType.SSH)],
        deleted=api.deletePWDCredential(admin, made),
        left=len(api.getAllCredentialSummaries(admin, SummaryType.PASSWD)),
    )


def accounts(portal: Portal) -> None:
    """An account, from its registration to its end."""
    iam, admin = portal.sdk.iam, portal.admin
    free = iam.isUsernameAvailable(admin, "carol")
    iam.registerUser(admin, "carol", "carol@example.org", "Carol", "Shaw", "first secret")
    before = iam.isUserEnabled(admin, "carol")
    iam.enableUser(admin, "carol")
    profile = iam.getUser(admin, "carol")
    profile.lastName = "Bechtel"
    iam.updateUserProfile(admin, profile)
    iam.resetUserPassword(admin, "carol", "second secret")
    iam.addRoleToUser(admin, "carol", "admin-read-only")
    holders = [each.userId for each in iam.getUsersWithRole(admin, "admin-read-only")]
    iam.removeRoleFromUser(admin, "carol", "admin-read-only")
    say(
        "accounts",
        free=[free, iam.isUsernameAvailable(admin, "carol")],
        enabled=[before, iam.isUserEnabled(admin, "carol")],
        exists=iam.isUserExist(admin, "carol"),
        name=iam.getUser(admin, "carol").lastName,
        found=[each.userId for each in iam.findUsers(admin, "carol@example.org", "")],
        listed=[each.userId for each in iam.getUsers(admin, 0, 10, "car")],
        holders=[holders, [each.userId for each in iam.getUsersWithRole(admin, "admin-read-only")]],
        deleted=iam.deleteUser(admin, "carol"),
        left=iam.isUserExist(admin, "carol"),
    )


def profiles_of_users(portal: Portal) -> None:
    """The profile of somebody who has never come."""
    users, admin, gateway = portal.sdk.users, portal.admin, portal.gateway
    profile = UserProfile(
        userModelVersion="1.0",
        airavataInternalUserId=f"dora@{gateway}",
        userId="dora",
        gatewayId=gateway,
        emails=["dora@example.org"],
        firstName="Dora",
        lastName="D",
        creationTime=0,
        lastAccessTime=0,
        validUntil=-1,
        State=Status.ACTIVE,
    )
    users.addUserProfile(admin, profile)
    read = users.getUserProfileById(admin, "dora", gateway)
    read.lastName = "Dee"
    users.updateUserProfile(admin, read)
    changed = users.getUserProfileById(admin, "dora", gateway)
    say(
        "user profiles",
        name=[changed.firstName, changed.lastName],
        emails=changed.emails,
        deleted=users.deleteUserProfile(admin, "dora", gateway),
        left=users.doesUserExist(admin, "dora", gateway),
    )


def data_products(portal: Portal, work: Work) -> None:
    """A collection with a file in it, which gets a second replica; a project without experiments is deleted."""
    api, ada, gateway = portal.sdk.api, work.token, portal.gateway
    collection = DataProductModel(
        gatewayId=gateway, ownerName="ada", productName="all", dataProductType=DataProductType.COLLECTION
    )
    parent = api.registerDataProduct(ada, collection)
    part = DataProductModel(
        gatewayId=gateway,
        ownerName="ada",
        productName="part",
        parentProductUri=parent,
        dataProductType=DataProductType.FILE,
    )
    child = api.registerDataProduct(ada, part)
    replica = DataReplicaLocationModel(
        productUri=child, storageResourceId=portal.storage, filePath=f"{portal.told['storage_root']}/words.txt"
    )
    api.registerReplicaLocation(ada, replica)
    empty = api.createProject(ada, gateway, Project(owner="ada", gatewayId=gateway, name="Empty"))
    copy = api.cloneExperimentByAdmin(portal.admin, work.sort("By admin", portal.alpha, group=True), "Again", None)
    say(
        "data products",
        parent=api.getParentDataProduct(ada, child).productUri == parent,
        children=[each.productName for each in api.getChildDataProducts(ada, parent)],
        replicas=len(api.getDataProduct(ada, child).replicaLocations),
        scheme=child.partition(":")[0],
        project=api.deleteProject(ada, empty),
        cloned=api.getExperiment(portal.admin, copy).experimentName,
    )


def parsers(portal: Portal, work: Work) -> None:
    """A parser, and a template that applies it to an application's output."""
    api, admin, gateway = portal.sdk.api, portal.admin, portal.gateway
    name = f"words-of-{gateway}"
    parser = Parser(
        id=name,
        imageName="example/words",
        outputDirPath="/out",
        inputDirPath="/in",
        executionCommand="count",
        inputFiles=[ParserInput(id="in", name="text", requiredInput=True, parserId=name, type=IOType.FILE)],
        outputFiles=[ParserOutput(id="out", name="count", requiredOutput=True, parserId=name, type=IOType.FILE)],
        gatewayId=gateway,
    )
    made = api.saveParser(admin, parser)
    read = api.getParser(admin, made, gateway)
    initial = ParsingTemplateInput(
        id="first",
        targetInputId=read.inputFiles[0].id,
        applicationOutputName="Sorted",
        parsingTemplateId=f"template-{name}",
    )
    template = ParsingTemplate(
        id=f"template-{name}",
        applicationInterface=portal.sort,
        initialInputs=[initial],
        parserConnections=[],
        gatewayId=gateway,
    )
    saved = api.saveParsingTemplate(admin, template)
    sorting = work.sort("Parsed", portal.alpha, group=True)
    say(
        "parsers",
        command=read.executionCommand,
        inputs=[each.name for each in read.inputFiles],
        listed=[each.imageName for each in api.listAllParsers(admin, gateway)],
        template=[each.applicationOutputName for each in api.getParsingTemplate(admin, saved, gateway).initialInputs],
        of_experiment=len(api.getParsingTemplatesForExperiment(admin, sorting, gateway)),
        templates=len(api.listAllParsingTemplates(admin, gateway)),
        removed=[api.removeParsingTemplate(admin, saved, gateway), api.removeParser(admin, made, gateway)],
        left=len(api.listAllParsers(admin, gateway)),
    )


def applications(portal: Portal) -> None:
    """Applications change, and go; what users see of them."""
    api, admin, ada, gateway = portal.sdk.api, portal.admin, portal.sdk.tokens["ada"], portal.gateway
    module = api.getApplicationModule(admin, portal.sort_module)
    module.appModuleVersion = "9.2"
    api.updateApplicationModule(admin, portal.sort_module, module)
    seen = sorted(each.appModuleName for each in api.getAccessibleAppModules(ada, gateway))
    usable = api.getAccessibleApplicationDeployments(ada, gateway, ResourcePermissionType.READ)
    deployments = api.getAppModuleDeployedResources(admin, portal.sort_module)
    deployment = api.getApplicationDeployment(admin, deployments[0])
    deployment.defaultWalltime = 7
    api.updateApplicationDeployment(admin, deployments[0], deployment)
    copy = api.cloneApplicationInterface(admin, portal.sort, "Sort differently", gateway)
    described = api.getApplicationInterface(admin, copy)
    described.applicationDescription = "Upside down"
    api.updateApplicationInterface(admin, copy, described)
    say(
        "applications changed",
        version=api.getApplicationModule(admin, portal.sort_module).appModuleVersion,
        seen=seen,
        usable=len(usable),
        wall_time=api.getApplicationDeployment(admin, deployments[0]).defaultWalltime,
        name=described.applicationName,
        description=api.getApplicationInterface(admin, copy).applicationDescription,
        deleted=[
            *(api.deleteApplicationDeployment(admin, each) for each in deployments),
            *(api.deleteApplicationInterface(admin, each) for each in (copy, portal.sort)),
            api.deleteApplicationModule(admin, portal.sort_module),
        ],
        left=sorted(each.appModuleName for each in api.getAllAppModules(admin, gateway)),
    )


def tenants(portal: Portal) -> None:
    """The gateway, as the service for gateways' profiles shows it, and its end."""
    api, tenant, admin, gateway = portal.sdk.api, portal.sdk.tenants, portal.admin, portal.gateway
    read = tenant.getGateway(admin, gateway)
    read.gatewayPublicAbstract = "Words"
    tenant.updateGateway(admin, read)
    portal.sdk.iam.setUpGateway(admin, read)
    second = portal.told["second"]["gateway"]
    # The programs of all SDKs run at once, and no two gateways have one name.
    asked = Gateway(gatewayId=second, gatewayName=second, gatewayApprovalStatus=GatewayApprovalStatus.REQUESTED)
    own = portal.sdk.tokens["second"]
    say(
        "tenants",
        abstract=tenant.getGateway(admin, gateway).gatewayPublicAbstract,
        exists=tenant.isGatewayExist(admin, gateway),
        listed=[each.gatewayId for each in tenant.getAllGateways(admin)],
        asked_for=[each.gatewayId for each in tenant.getAllGatewaysForUser(admin, "root")],
        added=tenant.addGateway(admin, asked) == second,
        hidden=[api.isGatewayExist(admin, second), api.isGatewayExist(own, second)],
        deleted=[api.deleteGateway(own, second), tenant.addGateway(own, asked) == second],
        deleted_again=tenant.deleteGateway(own, second, second),
        left=api.isGatewayExist(own, second),
        profile=api.deleteGatewayResourceProfile(admin, gateway),
    )
