"""The orchestrator, the credential store and the registry, as the other servers of an installation call them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from internal_site import InternalSite
from thrift.Thrift import TApplicationException

from airavata_thrift.api_errors.ttypes import DuplicateEntryException, LaunchValidationException
from airavata_thrift.application_deployments.ttypes import ApplicationDeploymentDescription, ApplicationModule
from airavata_thrift.application_interfaces.ttypes import ApplicationInterfaceDescription
from airavata_thrift.compute_resources.ttypes import (
    BatchQueue,
    ComputeResourceDescription,
    LOCALSubmission,
    ResourceJobManager,
    ResourceJobManagerType,
)
from airavata_thrift.credential_store_errors.ttypes import CredentialStoreException
from airavata_thrift.credentials.ttypes import CredentialOwnerType, PasswordCredential, SSHCredential, SummaryType
from airavata_thrift.data_movement.ttypes import SecurityProtocol
from airavata_thrift.data_products.ttypes import DataProductModel, DataProductType
from airavata_thrift.experiments.ttypes import ExperimentModel, UserConfigurationDataModel
from airavata_thrift.gateway_groups.ttypes import GatewayGroups
from airavata_thrift.gateway_resource_profiles.ttypes import ComputeResourcePreference, GatewayResourceProfile
from airavata_thrift.group_resource_profiles.ttypes import GroupComputeResourcePreference, GroupResourceProfile
from airavata_thrift.jobs.ttypes import JobModel
from airavata_thrift.processes.ttypes import ProcessModel
from airavata_thrift.registry_errors.ttypes import RegistryServiceException
from airavata_thrift.scheduling.ttypes import ComputationalResourceSchedulingModel
from airavata_thrift.sharing.ttypes import Domain, UserGroup
from airavata_thrift.statuses.ttypes import TaskState, TaskStatus
from airavata_thrift.tasks.ttypes import TaskModel, TaskTypes
from airavata_thrift.user_resource_profiles.ttypes import UserComputeResourcePreference, UserResourceProfile
from airavata_thrift.workspaces.ttypes import Project

GATEWAY = "default"


class Site(InternalSite):
    """With a compute resource and an application on it, registered by another server."""

    def register(self) -> None:
        registry = self.registry
        self.host = registry.registerComputeResource(
            ComputeResourceDescription(
                hostName="localhost",
                batchQueues=[BatchQueue(queueName="short", maxNodes=2)],
            )
        )
        forking = LOCALSubmission(
            resourceJobManager=ResourceJobManager(resourceJobManagerType=ResourceJobManagerType.FORK),
            securityProtocol=SecurityProtocol.LOCAL,
        )
        registry.addLocalSubmissionDetails(self.host, 0, forking)
        scratch = str(self.installation.settings.home / "scratch")
        works = ComputeResourcePreference(
            computeResourceId=self.host, scratchLocation=scratch, preferredBatchQueue="short"
        )
        registry.registerGatewayResourceProfile(
            GatewayResourceProfile(gatewayID=GATEWAY, computeResourcePreferences=[works])
        )
        self.module = registry.registerApplicationModule(GATEWAY, ApplicationModule(appModuleName="Date"))
        self.deployment = self.deploy(self.module, self.host)
        self.interface = registry.registerApplicationInterface(
            GATEWAY, ApplicationInterfaceDescription(applicationName="Date", applicationModules=[self.module])
        )
        self.project = registry.createProject(GATEWAY, Project(owner="alice", gatewayId=GATEWAY, name="P"))

    def deploy(self, module: str, host: str) -> str:
        described = ApplicationDeploymentDescription(appModuleId=module, computeHostId=host, executablePath="/bin/date")
        return str(self.registry.registerApplicationDeployment(GATEWAY, described))

    def experiment(self, host: str | None = None) -> str:
        where = ComputationalResourceSchedulingModel(
            resourceHostId=self.host if host is None else host, nodeCount=1, totalCPUCount=1, wallTimeLimit=2
        )
        asked = ExperimentModel(
            projectId=self.project,
            gatewayId=GATEWAY,
            userName="alice",
            experimentName="What time is it",
            executionId=self.interface,
            userConfigurationData=UserConfigurationDataModel(computationalResourceScheduling=where),
        )
        return str(self.registry.createExperiment(GATEWAY, asked))

    def process(self, experiment_id: str) -> str:
        return str(self.registry.addProcess(ProcessModel(experimentId=experiment_id), experiment_id))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("internal") / "home") as made:
        made.register()
        yield made


def test_each_service_tells_its_version(site: Site) -> None:
    assert site.orchestrator.getAPIVersion() == "0.18.0"
    assert site.orchestrator.getOrchestratorCPIVersion() == "0.16.0"
    assert site.credential_store.getAPIVersion() == "0.18.0"
    assert site.registry.getAPIVersion() == "0.18.0"
    assert site.sharing.getAPIVersion() == "0.18.0"


# -- orchestrator ------------------------------------------------------------------------
def test_a_process_is_launched_with_its_experiment_and_once(site: Site) -> None:
    experiment_id = site.experiment()
    process_id = site.process(experiment_id)
    assert not site.orchestrator.terminateExperiment(experiment_id, GATEWAY)
    assert site.orchestrator.launchProcess(process_id, "no token", GATEWAY)
    workload = site.installation.workload()
    launched = workload.experiment(experiment_id)
    assert (launched.gateway, launched.user) == (GATEWAY, "alice")
    assert launched.compute_resource.startswith(site.host)
    assert site.orchestrator.launchProcess(process_id, "no token", GATEWAY)
    assert workload.experiment(experiment_id) == launched
    assert site.orchestrator.terminateExperiment(experiment_id, GATEWAY)


def test_a_process_that_there_is_not_is_not_launched(site: Site) -> None:
    with pytest.raises(TApplicationException, match="no process 'p-0'") as caught:
        site.orchestrator.launchProcess("p-0", "", GATEWAY)
    assert caught.value.type == TApplicationException.INTERNAL_ERROR


def test_processes_are_checked_with_their_experiment(site: Site) -> None:
    experiment_id, stuck = site.experiment(), site.experiment(host="")
    process = site.registry.getProcess(site.process(experiment_id))
    assert site.orchestrator.validateExperiment(experiment_id)
    assert site.orchestrator.validateProcess(experiment_id, [process])
    with pytest.raises(LaunchValidationException) as caught:
        site.orchestrator.validateProcess(stuck, [process])
    assert f"not of experiment '{stuck}'" in caught.value.errorMessage
    for check in (
        lambda: site.orchestrator.validateProcess(stuck, [ProcessModel(processId="p", experimentId=stuck)]),
        lambda: site.orchestrator.validateExperiment(stuck),
    ):
        with pytest.raises(LaunchValidationException) as caught:
            check()
        assert "names no compute resource" in caught.value.errorMessage


# -- credential store --------------------------------------------------------------------
def test_a_password_is_kept_and_told_to_peers_and_its_summary_has_no_secret(site: Site) -> None:
    store = site.credential_store
    assert store.getCSServiceVersion() == "0.16.0"
    token = store.addPasswordCredential(
        PasswordCredential(
            gatewayId=GATEWAY,
            portalUserName="alice",
            loginUserName="alice1",
            password="s3cr3t",
            description="for the cluster",
        )
    )
    kept = store.getPasswordCredential(token, GATEWAY)
    assert (kept.loginUserName, kept.password, kept.description) == ("alice1", "s3cr3t", "for the cluster")
    assert abs(kept.persistedTime / 1000 - time.time()) < 60
    assert "s3cr3t" not in repr(store.getAllCredentialSummaries(SummaryType.PASSWD, [token], GATEWAY))
    with pytest.raises(CredentialStoreException) as caught:
        store.getPasswordCredential(token, "elsewhere")
    assert token in caught.value.message
    assert "s3cr3t" not in "".join(path.read_text("latin-1") for path in home_files(site))


def test_summaries_are_listed_by_gateway_and_by_user(site: Site) -> None:
    store = site.credential_store

    def add(user: str, owner: CredentialOwnerType) -> str:
        return str(store.addSSHCredential(SSHCredential(gatewayId="lists", username=user, credentialOwnerType=owner)))

    common, hers = add("root", CredentialOwnerType.GATEWAY), add("alice", CredentialOwnerType.USER)
    his = add("bob", CredentialOwnerType.USER)
    (of_gateway,) = store.getAllCredentialSummaryForGateway(SummaryType.SSH, "lists")
    assert (of_gateway.token, of_gateway.username, of_gateway.type) == (common, "root", SummaryType.SSH)
    assert of_gateway.publicKey.startswith("ssh-")
    (of_alice,) = store.getAllCredentialSummaryForUserInGateway(SummaryType.SSH, "lists", "alice")
    assert of_alice.token == hers
    assert store.getAllCredentialSummaryForUserInGateway(SummaryType.PASSWD, "lists", "alice") == []
    assert store.getAllCredentialSummaryForUserInGateway(SummaryType.SSH, "elsewhere", "bob") == []
    assert store.deleteSSHCredential(his, "lists")
    assert store.getAllCredentialSummaryForUserInGateway(SummaryType.SSH, "lists", "bob") == []


# -- registry: gateways ------------------------------------------------------------------
def test_which_groups_are_a_gateways_is_told_once_and_then_changed(site: Site) -> None:
    registry, sharing = site.registry, site.sharing
    assert registry.isGatewayGroupsExists(GATEWAY)
    assert not registry.isGatewayGroupsExists("late")
    sharing.createDomain(Domain(domainId="late", name="late"))
    for name in ("admins", "watchers", "people", "others"):
        sharing.createGroup(UserGroup(groupId=name, domainId="late", name=name, ownerId="root@late"))
    groups = GatewayGroups("late", "admins", "watchers", "nobody")
    with pytest.raises(RegistryServiceException) as caught:
        registry.createGatewayGroups(groups)
    assert "'nobody'" in caught.value.message
    assert not registry.isGatewayGroupsExists("late")
    groups.defaultGatewayUsersGroupId = "people"
    registry.createGatewayGroups(groups)
    assert registry.isGatewayGroupsExists("late")
    with pytest.raises(DuplicateEntryException):
        registry.createGatewayGroups(groups)


def test_the_groups_of_a_gateway_can_be_others(site: Site) -> None:
    registry = site.registry
    old = registry.getGatewayGroups(GATEWAY)
    site.sharing.createGroup(UserGroup(groupId="new", domainId=GATEWAY, name="new", ownerId=f"root@{GATEWAY}"))
    registry.updateGatewayGroups(
        GatewayGroups(GATEWAY, "new", old.readOnlyAdminsGroupId, old.defaultGatewayUsersGroupId)
    )
    assert registry.getGatewayGroups(GATEWAY).adminsGroupId == "new"
    registry.updateGatewayGroups(old)
    assert registry.getGatewayGroups(GATEWAY) == old
    with pytest.raises(RegistryServiceException) as caught:
        registry.updateGatewayGroups(GatewayGroups("nowhere", "new", "new", "new"))
    assert "'nowhere'" in caught.value.message


# -- registry: processes -----------------------------------------------------------------
def test_the_jobs_of_one_process_are_forgotten(site: Site) -> None:
    registry = site.registry
    kept, emptied = (site.process(site.experiment()) for _ in range(2))
    for number, process_id in enumerate((kept, emptied, emptied)):
        created = [TaskStatus(state=TaskState.CREATED)]
        task_id = registry.addTask(
            TaskModel(
                taskType=TaskTypes.JOB_SUBMISSION,
                parentProcessId=process_id,
                creationTime=1,
                lastUpdateTime=1,
                taskStatuses=created,
            ),
            process_id,
        )
        registry.addJob(
            JobModel(jobId=f"job-{number}", taskId=task_id, processId=process_id, jobDescription="#!/bin/sh"),
            process_id,
        )
    assert len(registry.getJobs("processId", emptied)) == 2
    registry.deleteJobs(emptied)
    assert registry.getJobs("processId", emptied) == []
    assert not registry.isJobExist("jobId", "job-1")
    assert len(registry.getProcess(emptied).tasks) == 2
    assert registry.isJobExist("processId", kept)
    with pytest.raises(RegistryServiceException):
        registry.deleteJobs("p-0")


# -- registry: applications, profiles, data ----------------------------------------------
def test_deployments_are_chosen_by_module_among_those_that_somebody_may_use(site: Site) -> None:
    registry = site.registry
    other_host = registry.registerComputeResource(
        ComputeResourceDescription(hostName="127.0.0.1", batchQueues=[BatchQueue(queueName="long")])
    )
    other_module = registry.registerApplicationModule(GATEWAY, ApplicationModule(appModuleName="Other"))
    there, other = site.deploy(site.module, other_host), site.deploy(other_module, site.host)
    every, hosts = [site.deployment, there, other], [site.host, other_host]

    def chosen(deployments: list[str], hosts: list[str]) -> list[str]:
        found = registry.getAccessibleApplicationDeploymentsForAppModule(GATEWAY, site.module, deployments, hosts)
        return sorted(each.appDeploymentId for each in found)

    assert chosen(every, hosts) == sorted([site.deployment, there])
    assert chosen(every, [other_host]) == [there]
    assert chosen([site.deployment, other], hosts) == [site.deployment]
    assert chosen([], hosts) == []
    found = registry.getAccessibleApplicationDeploymentsForAppModule("elsewhere", site.module, every, hosts)
    assert found == []


def test_a_group_resource_profile_is_there_until_it_is_removed(site: Site) -> None:
    registry = site.registry
    profile_id = registry.createGroupResourceProfile(
        GroupResourceProfile(
            gatewayId=GATEWAY,
            groupResourceProfileName="Chemists",
            computePreferences=[GroupComputeResourcePreference(computeResourceId=site.host)],
        )
    )
    assert registry.isGroupResourceProfileExists(profile_id)
    assert registry.isGroupComputeResourcePreferenceExists(site.host, profile_id)
    assert not registry.isGroupComputeResourcePreferenceExists("another", profile_id)
    assert registry.removeGroupComputePrefs(site.host, profile_id)
    assert not registry.isGroupComputeResourcePreferenceExists(site.host, profile_id)
    assert registry.removeGroupResourceProfile(profile_id)
    assert not registry.isGroupResourceProfileExists(profile_id)
    with pytest.raises(RegistryServiceException):
        registry.isGroupComputeResourcePreferenceExists(site.host, profile_id)


def test_how_a_user_works_on_a_resource_is_known_until_it_is_deleted(site: Site) -> None:
    registry = site.registry
    registry.registerUserResourceProfile(UserResourceProfile(userId="alice", gatewayID=GATEWAY))
    assert not registry.isUserComputeResourcePreferenceExists("alice", GATEWAY, site.host)
    as_herself = UserComputeResourcePreference(computeResourceId=site.host, loginUserName="alice1")
    assert registry.addUserComputeResourcePreference("alice", GATEWAY, site.host, as_herself)
    assert registry.isUserComputeResourcePreferenceExists("alice", GATEWAY, site.host)
    assert not registry.isUserComputeResourcePreferenceExists("bob", GATEWAY, site.host)
    assert registry.deleteUserComputeResourcePreference("alice", GATEWAY, site.host)
    assert not registry.isUserComputeResourcePreferenceExists("alice", GATEWAY, site.host)


def test_data_products_are_found_by_a_part_of_their_name(site: Site) -> None:
    registry = site.registry

    def add(name: str, owner: str = "alice") -> str:
        product = DataProductModel(
            gatewayId=GATEWAY, ownerName=owner, productName=name, dataProductType=DataProductType.FILE
        )
        return str(registry.registerDataProduct(product))

    first, second = add("water 100%.xyz"), add("Water.out")
    add("methane.xyz")
    add("water.xyz", owner="bob")

    def found(name: str, limit: int = -1, offset: int = 0) -> list[str]:
        products = registry.searchDataProductsByName(GATEWAY, "alice", name, limit, offset)
        return [each.productUri for each in products]

    assert sorted(found("water")) == sorted([first, second])
    assert found("0%.") == [first]
    assert found("0_.") == []
    assert {*found("water", 1), *found("water", 1, 1)} == {first, second}
    assert registry.searchDataProductsByName("elsewhere", "alice", "water", -1, 0) == []


def home_files(site: Site) -> list[Path]:
    return [path for path in site.installation.settings.home.rglob("*") if path.is_file()]
