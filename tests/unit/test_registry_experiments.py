"""Projects and experiments, as the other servers of an installation keep and count them in the registry."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from registry_site import OTHER, RegistrySite
from thrift.Thrift import TMessageType, TType
from thrift_doors import GATEWAY, USER
from whole_structs import UUID, changed, is_now, whole

from airavata_thrift.api_errors.ttypes import ExperimentNotFoundException, ProjectNotFoundException
from airavata_thrift.application_io.ttypes import DataType, InputDataObjectType, OutputDataObjectType
from airavata_thrift.experiments.ttypes import (
    ExperimentCleanupStrategy,
    ExperimentModel,
    ExperimentType,
    UserConfigurationDataModel,
)
from airavata_thrift.registry import RegistryService
from airavata_thrift.registry_errors.ttypes import RegistryServiceException
from airavata_thrift.scheduling.ttypes import ComputationalResourceSchedulingModel
from airavata_thrift.statuses.ttypes import ExperimentState, ExperimentStatus
from airavata_thrift.workspaces.ttypes import Project


@pytest.fixture(scope="module")
def application(site: RegistrySite) -> str:
    return site.application("Sort")


@pytest.fixture
def experiment(site: RegistrySite, project: str) -> str:
    return site.experiment(project)


def configuration() -> UserConfigurationDataModel:
    scheduling = whole(ComputationalResourceSchedulingModel)
    return whole(
        UserConfigurationDataModel,
        airavataAutoSchedule=True,
        overrideManualScheduledParams=True,
        computationalResourceScheduling=scheduling,
        autoScheduledCompResourceSchedulingList=[scheduling, changed(scheduling, nodeCount=9)],
        outputStorageResourceId=None,  # not on the wire of these clients
    )


def described(project: str, application: str) -> ExperimentModel:
    """An experiment of which everything is said that a client says."""
    return whole(
        ExperimentModel,
        projectId=project,
        gatewayId=GATEWAY,
        userName=USER,
        experimentName="Sort 3.5 million words",
        executionId=application,
        userConfigurationData=configuration(),
        experimentInputs=[whole(InputDataObjectType, name="count", type=DataType.INTEGER)],
        experimentOutputs=[whole(OutputDataObjectType, name="log", type=DataType.STDOUT)],
        cleanUpStrategy=ExperimentCleanupStrategy.ONLY_COMPLETED,
    )


# -- projects --------------------------------------------------------------------------------
def test_a_project_is_kept_whole_until_it_is_deleted(registry: Any) -> None:
    sent = whole(Project, owner="grace", gatewayId="another", name="Big words")
    made = registry.createProject(OTHER, sent)
    assert re.fullmatch(f"Big_words_{UUID}", made)
    read = registry.getProject(made)
    assert is_now(read.creationTime)
    assert read == changed(sent, projectID=made, gatewayId=OTHER, creationTime=read.creationTime)
    registry.updateProject(made, Project(owner="ada", gatewayId=GATEWAY, name="Small words", description="few"))
    assert registry.getProject(made) == changed(read, name="Small words", description="few")
    assert [each.projectID for each in registry.getUserProjects(OTHER, "grace", 10, 0)] == [made]
    assert registry.getUserProjects(GATEWAY, "grace", 10, 0) == []
    assert registry.deleteProject(made)
    for call in (
        lambda: registry.getProject(made),
        lambda: registry.deleteProject(made),
        lambda: registry.updateProject(made, read),
        lambda: registry.getExperimentsInProject(OTHER, made, 10, 0),
    ):
        with pytest.raises(ProjectNotFoundException, match=made):
            call()


def test_a_project_with_experiments_stays(site: RegistrySite, registry: Any) -> None:
    project = site.project("Full")
    experiment = site.experiment(project)
    with pytest.raises(RegistryServiceException, match="holds 1 experiments"):
        registry.deleteProject(project)
    assert registry.deleteExperiment(experiment)
    assert registry.deleteProject(project)


def test_the_experiments_of_a_project_are_listed_in_its_gateway(site: RegistrySite, registry: Any) -> None:
    project = site.project("Listed")
    made = [site.experiment(project) for _ in range(3)]
    assert [each.experimentId for each in registry.getExperimentsInProject(GATEWAY, project, -1, 0)] == made[::-1]
    assert [each.experimentId for each in registry.getExperimentsInProject(GATEWAY, project, 1, 1)] == [made[1]]
    with pytest.raises(ProjectNotFoundException, match=project):
        registry.getExperimentsInProject(OTHER, project, -1, 0)
    assert [each.experimentId for each in listed_as_in_0_17(site, project, 2, 1)] == made[1::-1]


def listed_as_in_0_17(site: RegistrySite, project: str, limit: int, offset: int) -> Any:
    """By a peer of that release, which names the project first and no gateway."""
    peer = site.client(RegistryService, "registry")
    protocol = peer._oprot
    protocol.writeMessageBegin("getExperimentsInProject", TMessageType.CALL, 0)
    protocol.writeFieldBegin("projectId", TType.STRING, 1)
    protocol.writeString(project)
    for number, value in ((2, limit), (3, offset)):
        protocol.writeFieldBegin("", TType.I32, number)
        protocol.writeI32(value)
    protocol.writeFieldStop()
    protocol.trans.flush()
    return peer.recv_getExperimentsInProject()


# -- experiments -----------------------------------------------------------------------------
def test_an_experiment_is_kept_whole(registry: Any, project: str, application: str) -> None:
    sent = described(project, application)
    made = registry.createExperiment(GATEWAY, sent)
    assert re.fullmatch(f"Sort_3_5_million_words_{UUID}", made)
    read = registry.getExperiment(made)
    (status,) = read.experimentStatus
    assert (status.state, status.reason) == (ExperimentState.CREATED, "created")
    assert re.fullmatch(f"EXPERIMENT_STATE_{UUID}", status.statusId)
    assert is_now(read.creationTime)
    assert status.timeOfStateChange == read.creationTime
    kept = changed(
        sent, experimentId=made, creationTime=read.creationTime, experimentStatus=read.experimentStatus, processes=[]
    )
    assert read == kept
    assert registry.getDetailedExperimentTree(made) == kept
    assert registry.getExperimentStatus(made) == status
    assert registry.getUserConfigurationData(made) == sent.userConfigurationData
    assert registry.getExperimentOutputs(made) == sent.experimentOutputs


def test_what_a_client_leaves_out_is_as_the_application_declares_it(
    site: RegistrySite, registry: Any, project: str, application: str
) -> None:
    made = site.experiment(project, executionId=application)
    (count,) = registry.getExperiment(made).experimentInputs
    assert (count.name, count.value, count.type) == ("count", "3", DataType.INTEGER)
    (log,) = registry.getExperimentOutputs(made)
    assert (log.name, log.value, log.type) == ("log", "Sort.stdout", DataType.STDOUT)
    assert registry.getUserConfigurationData(made) == UserConfigurationDataModel()


def test_what_cannot_be_an_experiment_is_refused(site: RegistrySite, registry: Any, project: str) -> None:
    theirs = site.application("Theirs", OTHER)
    there = site.project("There", OTHER)
    for fields, what in (
        ({"executionId": theirs}, theirs),
        ({"executionId": "nothing"}, "nothing"),
        ({"experimentType": ExperimentType.WORKFLOW}, "WORKFLOW"),
        ({"name": " "}, "name"),
    ):
        with pytest.raises(RegistryServiceException, match=what):
            site.experiment(project, **fields)
    with pytest.raises(RegistryServiceException, match=there):
        site.experiment(there)
    assert registry.getExperimentsInProject(OTHER, there, -1, 0) == []


def test_an_experiment_changes_before_its_launch(
    site: RegistrySite, registry: Any, project: str, application: str
) -> None:
    other, made = site.project("Another"), site.experiment(project)
    before = registry.getExperiment(made)
    new = changed(described(other, application), gatewayId=OTHER, userName="grace", experimentId="x")
    registry.updateExperiment(made, new)
    kept = changed(
        new,
        experimentId=made,
        gatewayId=GATEWAY,
        userName=USER,
        creationTime=before.creationTime,
        experimentStatus=before.experimentStatus,
        processes=[],
    )
    assert registry.getExperiment(made) == kept
    assert made in [each.experimentId for each in registry.getExperimentsInProject(GATEWAY, other, -1, 0)]
    assert made not in [each.experimentId for each in registry.getExperimentsInProject(GATEWAY, project, -1, 0)]
    assert registry.getUserExperiments(OTHER, "grace", -1, 0) == []


def test_how_and_where_an_experiment_runs_is_changed_by_itself(registry: Any, experiment: str) -> None:
    before = registry.getExperiment(experiment)
    registry.updateExperimentConfiguration(experiment, configuration())
    assert registry.getExperiment(experiment) == changed(before, userConfigurationData=configuration())
    where = ComputationalResourceSchedulingModel(resourceHostId="beta", nodeCount=2)
    registry.updateResourceScheduleing(experiment, where)
    there = changed(configuration(), computationalResourceScheduling=where)
    assert registry.getUserConfigurationData(experiment) == there
    assert registry.getExperiment(experiment) == changed(before, userConfigurationData=there)


def test_where_an_experiment_runs_is_said_first(registry: Any, experiment: str) -> None:
    where = whole(ComputationalResourceSchedulingModel)
    registry.updateResourceScheduleing(experiment, where)
    expected = UserConfigurationDataModel(computationalResourceScheduling=where)
    assert registry.getUserConfigurationData(experiment) == expected


def test_an_experiment_that_another_engine_runs_is_changed_no_more(registry: Any, experiment: str) -> None:
    for state in (ExperimentState.SCHEDULED, ExperimentState.EXECUTING):
        registry.updateExperimentStatus(ExperimentStatus(state=state, reason="so"), experiment)
    now = registry.getExperimentStatus(experiment)
    assert (now.state, now.reason) == (ExperimentState.EXECUTING, "so")
    assert re.fullmatch(f"EXPERIMENT_STATE_{UUID}", now.statusId)
    assert is_now(now.timeOfStateChange)
    read = registry.getExperiment(experiment)
    assert read.experimentStatus == [now]
    for call in (
        lambda: registry.updateExperiment(experiment, read),
        lambda: registry.updateExperimentConfiguration(experiment, configuration()),
        lambda: registry.updateResourceScheduleing(experiment, ComputationalResourceSchedulingModel()),
        lambda: registry.deleteExperiment(experiment),
    ):
        with pytest.raises(RegistryServiceException, match=r"launched already \(EXECUTING\)"):
            call()
    assert registry.getExperiment(experiment) == read


def test_a_state_of_a_known_id_takes_the_place_of_the_one_before(registry: Any, experiment: str) -> None:
    registry.updateExperimentStatus(ExperimentStatus(state=ExperimentState.LAUNCHED, timeOfStateChange=-1), experiment)
    first = registry.getExperimentStatus(experiment)
    assert is_now(first.timeOfStateChange)
    new = changed(first, state=ExperimentState.SCHEDULED, reason="not yet")
    registry.updateExperimentStatus(new, experiment)
    assert registry.getExperimentStatus(experiment) == new


def test_an_experiment_that_is_deleted_is_gone_with_its_processes(
    site: RegistrySite, registry: Any, experiment: str
) -> None:
    process = site.process(experiment)
    site.job("77", site.task(process), process)
    assert [each.processId for each in registry.getExperiment(experiment).processes] == [process]
    assert registry.deleteExperiment(experiment)
    with pytest.raises(ExperimentNotFoundException, match=experiment):
        registry.getExperiment(experiment)
    with pytest.raises(RegistryServiceException, match=process):
        registry.getProcess(process)
    assert registry.getJobs("processId", process) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda registry: registry.getExperiment("x-0"),
        lambda registry: registry.getExperimentStatus("x-0"),
        lambda registry: registry.updateExperiment(
            "x-0", ExperimentModel(projectId="p", gatewayId=GATEWAY, userName=USER, experimentName="n")
        ),
    ],
)
def test_an_experiment_that_there_is_not_is_named(registry: Any, call: Callable[[Any], object]) -> None:
    with pytest.raises(ExperimentNotFoundException, match="'x-0'"):
        call(registry)


@pytest.mark.parametrize(
    "call",
    [
        lambda registry: registry.deleteExperiment("x-0"),
        lambda registry: registry.updateExperimentConfiguration("x-0", UserConfigurationDataModel()),
        lambda registry: registry.updateResourceScheduleing("x-0", ComputationalResourceSchedulingModel()),
        lambda registry: registry.getUserConfigurationData("x-0"),
        lambda registry: registry.updateExperimentStatus(ExperimentStatus(state=0), "x-0"),
    ],
)
def test_methods_without_a_word_of_their_own_say_so_too(registry: Any, call: Callable[[Any], object]) -> None:
    with pytest.raises(RegistryServiceException, match="no experiment 'x-0'"):
        call(registry)


# -- statistics ------------------------------------------------------------------------------
ENDS = {
    "completed": ExperimentState.COMPLETED,
    "failed": ExperimentState.FAILED,
    "cancelled": ExperimentState.CANCELED,
    "running": ExperimentState.EXECUTING,
    "created": ExperimentState.CREATED,
}


@pytest.fixture(scope="module")
def ended(site: RegistrySite, registry: Any) -> dict[str, str]:
    """The other gateway's experiments by their names: one of each end, and one of an application on a machine."""
    project, sort = site.project(gateway_id=OTHER), site.application("Counted", OTHER)
    made = {name: site.experiment(project, name, OTHER, userName=f"{name}-user") for name in ENDS}
    for name, state in ENDS.items():
        registry.updateExperimentStatus(ExperimentStatus(state=state), made[name])
    made["sorted"] = site.experiment(project, "sorted", OTHER, executionId=sort)
    registry.updateResourceScheduleing(made["sorted"], ComputationalResourceSchedulingModel(resourceHostId="beta"))
    return made


def statistics(registry: Any, gateway_id: str = OTHER, **filters: Any) -> Any:
    """Of the last minute, of everybody and everything if nothing else is said."""
    now_ms = int(time.time() * 1000)
    plain: dict[str, Any] = dict.fromkeys(("userName", "applicationName", "resourceHostName", "accessibleExpIds"))
    period = {"fromTime": now_ms - 60_000, "toTime": now_ms + 60_000}
    return registry.getExperimentStatistics(gateway_id, **{**period, **plain, "limit": 50, "offset": 0, **filters})


def test_experiments_are_counted_by_what_they_came_to(registry: Any, ended: dict[str, str]) -> None:
    every = statistics(registry)
    assert every.allExperimentCount == 6
    for name in ("completed", "failed", "cancelled", "running"):
        assert getattr(every, f"{name}ExperimentCount") == 1
        (summary,) = getattr(every, f"{name}Experiments")
        assert (summary.experimentId, summary.name, summary.userName) == (ended[name], name, f"{name}-user")
        assert summary.experimentStatus == ExperimentState._VALUES_TO_NAMES[ENDS[name]]
    assert {each.experimentId for each in every.createdExperiments} == {ended["created"], ended["sorted"]}
    assert every.createdExperimentCount == 2
    page = statistics(registry, limit=2, offset=1)
    assert page.allExperimentCount == 6
    assert page.allExperiments == every.allExperiments[1:3]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {*ENDS, "sorted"}),
        ({"userName": "failed-user"}, {"failed"}),
        ({"applicationName": "Counted"}, {"sorted"}),
        ({"resourceHostName": "beta"}, {"sorted"}),
        ({"accessibleExpIds": ("failed", "running")}, {"failed", "running"}),
        ({"accessibleExpIds": ()}, set()),
        ({"toTime": 1_000}, set()),
        ({"gateway_id": "nowhere"}, set()),
    ],
)
def test_experiments_are_counted_that_fit(
    registry: Any, ended: dict[str, str], filters: dict[str, Any], expected: set[str]
) -> None:
    asked = dict(filters)
    if "accessibleExpIds" in asked:
        asked["accessibleExpIds"] = [ended[name] for name in asked["accessibleExpIds"]]
    if "applicationName" in asked:
        asked["applicationName"] = registry.getExperiment(ended["sorted"]).executionId
    assert {each.name for each in statistics(registry, **asked).allExperiments} == expected
