"""Processes and their tasks, as another engine of the installation writes and reads them in the registry."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from registry_site import RegistrySite
from whole_structs import UUID, changed, is_now, later, whole

from airavata_thrift.application_io.ttypes import DataType, InputDataObjectType, OutputDataObjectType
from airavata_thrift.error_reports.ttypes import ErrorModel
from airavata_thrift.processes.ttypes import ProcessModel, ProcessWorkflow
from airavata_thrift.registry_errors.ttypes import RegistryServiceException
from airavata_thrift.scheduling.ttypes import ComputationalResourceSchedulingModel
from airavata_thrift.statuses.ttypes import ExperimentState, ProcessState, ProcessStatus, TaskState, TaskStatus
from airavata_thrift.tasks.ttypes import TaskModel, TaskTypes


@pytest.fixture
def experiment(site: RegistrySite, project: str) -> str:
    return site.experiment(project)


@pytest.fixture
def process(site: RegistrySite, experiment: str) -> str:
    return site.process(experiment)


def described(experiment: str) -> ProcessModel:
    """A process of which everything is said."""
    return whole(
        ProcessModel,
        experimentId=experiment,
        processStatuses=[whole(ProcessStatus, state=ProcessState.STARTED)],
        processInputs=[whole(InputDataObjectType, type=DataType.URI)],
        processOutputs=[whole(OutputDataObjectType, type=DataType.STDOUT)],
        processResourceSchedule=whole(ComputationalResourceSchedulingModel),
        processErrors=[whole(ErrorModel)],
        outputStorageResourceId=None,  # not on the wire of these clients
    )


def empty_task(task_type: int) -> TaskModel:
    """Of which nothing is known yet."""
    return TaskModel(taskType=task_type, parentProcessId="", creationTime=0, lastUpdateTime=0, taskStatuses=[])


# -- processes ---------------------------------------------------------------------------
def test_a_process_is_kept_whole(registry: Any, experiment: str) -> None:
    sent = described(experiment)
    made = registry.addProcess(sent, experiment)
    assert re.fullmatch(f"PROCESS_{UUID}", made)
    read = registry.getProcess(made)
    assert is_now(read.lastUpdateTime)
    (status,) = sent.processStatuses
    told = changed(status, processId=made)
    kept = changed(sent, processId=made, lastUpdateTime=read.lastUpdateTime, processStatuses=[told])
    assert changed(read, tasks=None) == kept
    assert registry.getProcessOutputs(made) == sent.processOutputs


def test_a_new_process_is_created_now(registry: Any, process: str) -> None:
    read = registry.getProcess(process)
    assert is_now(read.creationTime)
    (status,) = registry.getProcessStatusList(process)
    assert (status.state, status.processId) == (ProcessState.CREATED, process)
    assert re.fullmatch(f"PROCESS_STATE_{UUID}", status.statusId)
    assert is_now(status.timeOfStateChange)
    assert registry.getProcessStatus(process) == status


def test_processes_are_listed_by_experiment_in_order(site: RegistrySite, registry: Any, project: str) -> None:
    one, other = site.experiment(project), site.experiment(project)
    made = [site.process(one) for _ in range(3)]
    elsewhere = site.process(other)
    assert registry.getProcessIds(one) == made
    assert registry.getProcessIds(other) == [elsewhere]
    assert registry.getProcessList(one) == [registry.getProcess(each) for each in made]


def test_what_is_asked_of_a_process_changes_and_what_became_of_it_stays(registry: Any, experiment: str) -> None:
    made = registry.addProcess(described(experiment), experiment)
    registry.addProcessWorkflow(ProcessWorkflow(processId=made, workflowId="w-1"))
    before = registry.getProcess(made)
    schedule = ComputationalResourceSchedulingModel(nodeCount=4)
    new = ProcessModel(experimentId="another", processResourceSchedule=schedule, taskDag="a,b", creationTime=1)
    registry.updateProcess(new, made)
    after = registry.getProcess(made)
    assert (after.processResourceSchedule, after.taskDag, after.experimentId) == (schedule, "a,b", experiment)
    assert after.creationTime == before.creationTime
    assert after.processStatuses == before.processStatuses
    assert after.processErrors == before.processErrors
    assert after.processWorkflows == before.processWorkflows
    assert after.processOutputs == before.processOutputs
    assert after.userName is None
    registry.updateProcess(changed(after, processOutputs=[]), made)
    assert registry.getProcessOutputs(made) == []


def test_the_workflows_that_work_for_a_process_are_told(registry: Any, process: str) -> None:
    assert registry.getProcessWorkflows(process) == []
    made = [whole(ProcessWorkflow, processId=process, workflowId=each) for each in ("w-1", "w-2")]
    for each in made:
        registry.addProcessWorkflow(each)
    assert registry.getProcessWorkflows(process) == made


# -- states of processes -------------------------------------------------------------------
def test_a_process_is_in_the_state_of_the_latest_instant(registry: Any, process: str) -> None:
    begin_ms = registry.getProcessStatus(process).timeOfStateChange
    for state, at_ms in ((ProcessState.EXECUTING, 30), (ProcessState.STARTED, 10), (ProcessState.MONITORING, 20)):
        registry.addProcessStatus(ProcessStatus(state=state, timeOfStateChange=begin_ms + at_ms, reason="so"), process)
    told = registry.getProcessStatusList(process)
    assert {each.state for each in told} == {
        ProcessState.CREATED,
        ProcessState.EXECUTING,
        ProcessState.STARTED,
        ProcessState.MONITORING,
    }
    assert {each.processId for each in told} == {process}
    assert len({each.statusId for each in told}) == 4
    now = registry.getProcessStatus(process)
    assert (now.state, now.timeOfStateChange, now.reason) == (ProcessState.EXECUTING, begin_ms + 30, "so")


def tell(registry: Any, method: str, status: ProcessStatus, process: str) -> None:
    if method == "addProcessStatus":
        registry.addProcessStatus(status, process)
    else:
        registry.updateProcessStatus(status, process)


@pytest.mark.parametrize("method", ["addProcessStatus", "updateProcessStatus"])
def test_every_state_that_is_told_is_kept_and_one_of_a_known_id_changed(
    registry: Any, process: str, method: str
) -> None:
    (created,) = registry.getProcessStatusList(process)
    begin_ms = created.timeOfStateChange
    for number, reason in enumerate(("first", "again"), 1):
        status = ProcessStatus(state=ProcessState.EXECUTING, reason=reason, timeOfStateChange=begin_ms + number)
        tell(registry, method, status, process)
    _, first, again = registry.getProcessStatusList(process)
    assert (first.reason, again.reason) == ("first", "again")
    assert len({each.statusId for each in (created, first, again)}) == 3
    assert registry.getProcessStatus(process) == again
    changed_one = changed(first, state=ProcessState.MONITORING, reason="known by its id")
    tell(registry, method, changed_one, process)
    assert registry.getProcessStatusList(process) == [created, changed_one, again]


@pytest.mark.parametrize("instant_ms", [0, -1, None])
def test_a_state_without_an_instant_is_of_now(registry: Any, process: str, instant_ms: int | None) -> None:
    registry.addProcessStatus(ProcessStatus(state=ProcessState.STARTED, timeOfStateChange=instant_ms), process)
    now = registry.getProcessStatus(process)
    assert now.state == ProcessState.STARTED
    assert is_now(now.timeOfStateChange)


def test_processes_are_found_by_the_state_in_which_they_are_now(
    site: RegistrySite, registry: Any, project: str
) -> None:
    two = [site.process(site.experiment(project)) for _ in range(2)]
    for each in two:
        registry.addProcessStatus(ProcessStatus(state=ProcessState.QUEUED), each)
    assert [each.processId for each in registry.getProcessListInState(ProcessState.QUEUED)] == two
    registry.addProcessStatus(ProcessStatus(state=ProcessState.DEQUEUING), two[0])
    (left,) = registry.getProcessListInState(ProcessState.QUEUED)
    assert left.processId == two[1]
    assert [each.state for each in left.processStatuses] == [ProcessState.CREATED, ProcessState.QUEUED]


# -- tasks ------------------------------------------------------------------------------------
def test_a_task_is_kept_whole(registry: Any, process: str) -> None:
    sent = whole(
        TaskModel,
        taskType=TaskTypes.DATA_STAGING,
        parentProcessId="another",
        taskStatuses=[whole(TaskStatus, state=TaskState.EXECUTING)],
        taskErrors=[whole(ErrorModel)],
    )
    made = registry.addTask(sent, process)
    assert re.fullmatch(f"TASK_{UUID}", made)
    (read,) = registry.getProcess(process).tasks
    assert read == changed(sent, taskId=made, parentProcessId=process, jobs=[])


def test_a_new_task_is_created_now(registry: Any, process: str) -> None:
    registry.addTask(
        TaskModel(
            taskType=TaskTypes.MONITORING, parentProcessId=process, creationTime=0, lastUpdateTime=0, taskStatuses=[]
        ),
        process,
    )
    (read,) = registry.getProcess(process).tasks
    (status,) = read.taskStatuses
    assert status.state == TaskState.CREATED
    assert re.fullmatch(f"TASK_STATE_{UUID}", status.statusId)
    assert all(map(is_now, (status.timeOfStateChange, read.creationTime, read.lastUpdateTime)))


def test_a_task_goes_from_state_to_state(site: RegistrySite, registry: Any, process: str) -> None:
    task = site.task(process)
    for state, reason in ((TaskState.EXECUTING, "one"), (TaskState.EXECUTING, "two"), (TaskState.COMPLETED, "end")):
        later()
        registry.addTaskStatus(TaskStatus(state=state, reason=reason), task)
    (read,) = registry.getProcess(process).tasks
    assert [(each.state, each.reason) for each in read.taskStatuses] == [
        (TaskState.CREATED, None),
        (TaskState.EXECUTING, "one"),
        (TaskState.EXECUTING, "two"),
        (TaskState.COMPLETED, "end"),
    ]
    assert all(re.fullmatch(f"TASK_STATE_{UUID}", each.statusId) for each in read.taskStatuses)
    assert is_now(read.lastUpdateTime)


def test_tasks_come_with_their_process_and_are_forgotten_by_themselves(
    site: RegistrySite, registry: Any, experiment: str
) -> None:
    first = empty_task(TaskTypes.ENV_SETUP)
    made = registry.addProcess(ProcessModel(experimentId=experiment, tasks=[first]), experiment)
    kept = site.process(experiment)
    site.task(kept)
    task = site.task(made)
    site.job("job-1", task, made)
    kinds = {each.taskType for each in registry.getProcess(made).tasks}
    assert kinds == {TaskTypes.ENV_SETUP, TaskTypes.JOB_SUBMISSION}
    registry.deleteTasks(made)
    assert registry.getProcess(made).tasks == []
    assert registry.getJobs("processId", made) == []
    assert len(registry.getProcess(kept).tasks) == 1


def test_tasks_are_told_in_the_order_in_which_they_run(site: RegistrySite, registry: Any, process: str) -> None:
    made = [site.task(process) for _ in range(5)]
    order = [made[number] for number in (3, 0, 4, 1)]
    registry.updateProcess(ProcessModel(experimentId="x", taskDag=",".join(order)), process)
    assert [each.taskId for each in registry.getProcess(process).tasks] == [*order, made[2]]


# -- what there is not --------------------------------------------------------------------------
CALLS: dict[str, Callable[[Any], object]] = {
    "getProcess": lambda registry: registry.getProcess("p-0"),
    "getProcessStatus": lambda registry: registry.getProcessStatus("p-0"),
    "getProcessStatusList": lambda registry: registry.getProcessStatusList("p-0"),
    "getProcessOutputs": lambda registry: registry.getProcessOutputs("p-0"),
    "getProcessWorkflows": lambda registry: registry.getProcessWorkflows("p-0"),
    "getProcessIds": lambda registry: registry.getProcessIds("p-0"),
    "getProcessList": lambda registry: registry.getProcessList("p-0"),
    "addProcess": lambda registry: registry.addProcess(ProcessModel(experimentId="p-0"), "p-0"),
    "updateProcess": lambda registry: registry.updateProcess(ProcessModel(experimentId="x"), "p-0"),
    "addProcessStatus": lambda registry: registry.addProcessStatus(ProcessStatus(state=0), "p-0"),
    "updateProcessStatus": lambda registry: registry.updateProcessStatus(ProcessStatus(state=0), "p-0"),
    "addProcessWorkflow": lambda registry: registry.addProcessWorkflow(ProcessWorkflow("p-0", "w")),
    "addTask": lambda registry: registry.addTask(empty_task(TaskTypes.ENV_SETUP), "p-0"),
    "addTaskStatus": lambda registry: registry.addTaskStatus(TaskStatus(state=0), "p-0"),
    "deleteTasks": lambda registry: registry.deleteTasks("p-0"),
}


@pytest.mark.parametrize("method", CALLS)
def test_what_there_is_not_is_named(registry: Any, method: str) -> None:
    with pytest.raises(RegistryServiceException, match=r"There is no (process|experiment|task) 'p-0'"):
        CALLS[method](registry)


def test_states_of_a_process_do_not_move_its_experiment(registry: Any, experiment: str, process: str) -> None:
    registry.addProcessStatus(ProcessStatus(state=ProcessState.FAILED), process)
    assert registry.getExperimentStatus(experiment).state == ExperimentState.CREATED
