"""Jobs, errors and outputs, as another engine of the installation writes them in the registry, and what comes of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from registry_site import OTHER, RegistrySite
from thrift_doors import GATEWAY
from whole_structs import UUID, changed, is_now, whole

from airavata_thrift.api_errors.ttypes import ExperimentNotFoundException
from airavata_thrift.application_io.ttypes import DataType, OutputDataObjectType
from airavata_thrift.error_reports.ttypes import ErrorModel
from airavata_thrift.jobs.ttypes import JobModel
from airavata_thrift.registry_errors.ttypes import RegistryServiceException
from airavata_thrift.statuses.ttypes import ExperimentState, ExperimentStatus, JobState, JobStatus
from airavata_thrift.workspaces.ttypes import Gateway, GatewayApprovalStatus


@dataclass
class Run:
    """What another engine runs: the ids of an experiment, of its process and of the task that submits a job."""

    experiment: str
    process: str
    task: str


@pytest.fixture
def run(site: RegistrySite, project: str) -> Run:
    return begin(site, project)


def begin(site: RegistrySite, project: str, gateway_id: str = GATEWAY) -> Run:
    experiment = site.experiment(project, gateway_id=gateway_id)
    process = site.process(experiment)
    return Run(experiment, process, site.task(process))


# -- jobs ----------------------------------------------------------------------------------
def test_a_job_is_kept_whole_and_found_by_its_ids(registry: Any, run: Run) -> None:
    status = whole(JobStatus, jobState=JobState.QUEUED)
    sent = whole(JobModel, jobId="77.alpha", taskId=run.task, processId="another", jobStatuses=[status])
    registry.addJob(sent, run.process)
    kept = changed(sent, processId=run.process)
    for query_type, identifier in (("jobId", "77.alpha"), ("taskId", run.task), ("processId", run.process)):
        assert registry.getJob(query_type, identifier) == kept
        assert registry.getJobs(query_type, identifier) == [kept]
        assert registry.isJobExist(query_type, identifier)
    (its_task,) = registry.getProcess(run.process).tasks
    assert its_task.jobs == [kept]


def test_a_job_is_stored_again_with_what_else_is_known_of_it(site: RegistrySite, registry: Any, run: Run) -> None:
    site.job("9", run.task, run.process)
    registry.addJobStatus(JobStatus(jobState=JobState.ACTIVE), run.task, "9")
    before = registry.getJob("taskId", run.task)
    registry.addJob(changed(before, jobStatuses=None, creationTime=None, exitCode=1, stdOut="/out"), run.process)
    assert registry.getJobs("taskId", run.task) == [changed(before, exitCode=1, stdOut="/out")]


def test_of_several_jobs_the_latest_is_told(site: RegistrySite, registry: Any, run: Run) -> None:
    for job_id in ("1", "2", "3"):
        site.job(job_id, run.task, run.process)
    assert [each.jobId for each in registry.getJobs("taskId", run.task)] == ["1", "2", "3"]
    latest = registry.getJob("processId", run.process)
    assert latest.jobId == "3"
    assert is_now(latest.creationTime)


def test_jobs_that_there_are_not_are_not_found(registry: Any, run: Run) -> None:
    assert not registry.isJobExist("jobId", "no-such-job")
    assert registry.getJobs("taskId", run.task) == []
    with pytest.raises(RegistryServiceException, match="jobId 'no-such-job'"):
        registry.getJob("jobId", "no-such-job")
    with pytest.raises(RegistryServiceException, match="jobId, taskId, processId"):
        registry.getJobs("name", "A1")
    with pytest.raises(RegistryServiceException, match="no job 'no-such-job'"):
        registry.addJobStatus(JobStatus(jobState=JobState.ACTIVE), run.task, "no-such-job")


def test_a_job_belongs_to_a_task_of_its_process(site: RegistrySite, registry: Any, project: str, run: Run) -> None:
    other = begin(site, project)
    for task, process in (("task-0", run.process), (other.task, run.process), (run.task, "process-0")):
        with pytest.raises(RegistryServiceException, match=r"There is no (task|process)"):
            site.job("stray", task, process)
    assert not registry.isJobExist("jobId", "stray")


def test_every_state_that_a_job_enters_is_kept(site: RegistrySite, registry: Any, run: Run) -> None:
    site.job("job of blanks", run.task, run.process)
    begin_ms = int(time.time() * 1000)
    states = (JobState.SUBMITTED, JobState.ACTIVE, JobState.ACTIVE, JobState.COMPLETE)
    for number, state in enumerate(states):
        status = JobStatus(jobState=state, timeOfStateChange=begin_ms + number, reason=f"look {number}")
        registry.addJobStatus(status, run.task, "job of blanks")
    told = registry.getJob("taskId", run.task).jobStatuses
    assert [(each.jobState, each.reason) for each in told] == [(s, f"look {n}") for n, s in enumerate(states)]
    assert all(re.fullmatch(f"jobofblanks_{UUID}", each.statusId) for each in told)
    registry.addJobStatus(changed(told[2], reason="known by its id"), run.task, "job of blanks")
    assert registry.getJob("taskId", run.task).jobStatuses == [
        *told[:2],
        changed(told[2], reason="known by its id"),
        told[3],
    ]
    assert registry.getJobStatuses(run.experiment) == {"job of blanks": told[3]}


def test_a_job_state_without_an_instant_is_of_now(site: RegistrySite, registry: Any, run: Run) -> None:
    site.job("8", run.task, run.process)
    registry.addJobStatus(JobStatus(jobState=JobState.SUBMITTED, timeOfStateChange=-1), run.task, "8")
    (status,) = registry.getJob("taskId", run.task).jobStatuses
    assert is_now(status.timeOfStateChange)


def test_jobs_of_an_experiment_are_told_in_their_present_state(
    site: RegistrySite, registry: Any, project: str, run: Run
) -> None:
    other = begin(site, project)
    site.job("other", other.task, other.process)
    for job_id in ("a", "b"):
        site.job(job_id, run.task, run.process)
        for state in (JobState.SUBMITTED, JobState.ACTIVE):
            registry.addJobStatus(JobStatus(jobState=state), run.task, job_id)
    jobs = registry.getJobDetails(run.experiment)
    assert [(each.jobId, [s.jobState for s in each.jobStatuses]) for each in jobs] == [
        ("a", [JobState.ACTIVE]),
        ("b", [JobState.ACTIVE]),
    ]
    assert {name: each.jobState for name, each in registry.getJobStatuses(run.experiment).items()} == {
        "a": JobState.ACTIVE,
        "b": JobState.ACTIVE,
    }
    tree = registry.getDetailedExperimentTree(run.experiment)
    assert [job.jobId for job in tree.processes[0].tasks[0].jobs] == ["a", "b"]
    assert registry.getJobStatuses(other.experiment) == {}


def test_jobs_are_counted_by_gateway_state_and_age(site: RegistrySite, registry: Any, project: str) -> None:
    suspended = JobStatus(jobState=JobState.SUSPENDED)
    there = begin(site, site.project(gateway_id=OTHER), gateway_id=OTHER)
    mine = [begin(site, project) for _ in range(3)]
    for run in (there, *mine[:2]):
        site.job("counted", run.task, run.process)
        for _ in range(2):
            registry.addJobStatus(suspended, run.task, "counted")
    registry.addJobStatus(JobStatus(jobState=JobState.ACTIVE), mine[0].task, "counted")
    past_ms = int(time.time() * 1000) - 120_000
    old = JobModel("old", mine[2].task, mine[2].process, "", creationTime=past_ms)
    registry.addJob(changed(old, jobStatuses=[changed(suspended, timeOfStateChange=past_ms)]), mine[2].process)
    assert registry.getJobCount(suspended, GATEWAY, 1.0) == 2
    assert registry.getJobCount(suspended, GATEWAY, 60.0) == 3
    assert registry.getJobCount(suspended, OTHER, 60.0) == 1
    assert registry.getJobCount(JobStatus(jobState=JobState.FAILED), GATEWAY, 60.0) == 0
    assert registry.getJobCount(suspended, "nowhere", 60.0) == 0


def enter(registry: Any, experiment: str, **seconds: float) -> None:
    """Let an experiment enter states so many seconds after its creation; the same one again has a number behind it."""
    created_ms = registry.getExperimentStatus(experiment).timeOfStateChange
    for name, after_s in seconds.items():
        state = ExperimentState._NAMES_TO_VALUES[name.rstrip("12")]
        at_ms = created_ms + int(after_s * 1000)
        registry.updateExperimentStatus(ExperimentStatus(state=state, timeOfStateChange=at_ms), experiment)


def test_times_are_averaged_by_gateway_in_microseconds(site: RegistrySite, registry: Any) -> None:
    registry.addGateway(Gateway(gatewayId="timed", gatewayApprovalStatus=GatewayApprovalStatus.ACTIVE))
    project = site.project(gateway_id="timed")
    scheduled, launched, _ = (begin(site, project, "timed") for _ in range(3))
    created_ms = registry.getExperimentStatus(scheduled.experiment).timeOfStateChange
    enter(registry, scheduled.experiment, SCHEDULED1=2, LAUNCHED1=3, SCHEDULED2=4, LAUNCHED2=7)
    enter(registry, launched.experiment, LAUNCHED=1)
    for job_id, after_s in (("q1", 8), ("q2", 12)):
        site.job(job_id, scheduled.task, scheduled.process)
        for state, at_ms in ((JobState.SUBMITTED, 1), (JobState.SUBMITTED, after_s * 1000), (JobState.ACTIVE, 20_000)):
            status = JobStatus(jobState=state, timeOfStateChange=created_ms + at_ms)
            registry.addJobStatus(status, scheduled.task, job_id)
    assert registry.getAVGTimeDistribution("timed", 60.0) == {
        "orchTime": 1_500_000.0,
        "queuedTime": 5_000_000.0,
        "helix": 3_000_000.0,
    }
    assert registry.getAVGTimeDistribution("nowhere", 60.0) == {}
    assert registry.getAVGTimeDistribution("timed", 0.0) == {}


# -- errors and outputs -----------------------------------------------------------------------
def test_errors_stand_where_they_happened(registry: Any, run: Run) -> None:
    def of_experiment() -> list[ErrorModel]:
        return list(registry.getExperiment(run.experiment).errors or [])

    def of_process() -> list[ErrorModel]:
        return list(registry.getProcess(run.process).processErrors or [])

    def of_task() -> list[ErrorModel]:
        return list(registry.getProcess(run.process).tasks[0].taskErrors or [])

    places: tuple[tuple[str, str, str, Callable[[], list[ErrorModel]]], ...] = (
        ("EXPERIMENT_ERROR", "EXP_ERROR", run.experiment, of_experiment),
        ("PROCESS_ERROR", "PROCESS_ERROR", run.process, of_process),
        ("TASK_ERROR", "TASK_ERROR", run.task, of_task),
    )
    for kind, prefix, identifier, read in places:
        whole_one = whole(ErrorModel, errorId=f"{kind}-1", transientOrPersistent=True)
        registry.addErrors(kind, whole_one, identifier)
        registry.addErrors(kind, ErrorModel(userFriendlyMessage="The disk is full."), identifier)
        first, second = read()
        assert first == whole_one
        assert second.userFriendlyMessage == "The disk is full."
        assert re.fullmatch(f"{prefix}_{UUID}", second.errorId)
        assert is_now(second.creationTime)
        with pytest.raises(RegistryServiceException, match="'x-0'"):
            registry.addErrors(kind, whole_one, "x-0")
    with pytest.raises(RegistryServiceException, match="EXPERIMENT_ERROR, PROCESS_ERROR or TASK_ERROR"):
        registry.addErrors("JOB_ERROR", ErrorModel(), run.task)


def test_outputs_are_added_and_those_of_one_name_replaced(registry: Any, run: Run) -> None:
    sent = [whole(OutputDataObjectType, name=name, type=DataType.URI) for name in ("energy", "log")]
    for kind, identifier, read in (
        ("EXPERIMENT_OUTPUT", run.experiment, lambda: registry.getExperimentOutputs(run.experiment)),
        ("PROCESS_OUTPUT", run.process, lambda: registry.getProcessOutputs(run.process)),
    ):
        assert read() == []
        registry.addExperimentProcessOutputs(kind, sent, identifier)
        assert read() == sent
        again = changed(sent[0], value="-76.4")
        registry.addExperimentProcessOutputs(kind, [again], identifier)
        assert read() == [again, sent[1]]
        with pytest.raises(RegistryServiceException, match="'x-0'"):
            registry.addExperimentProcessOutputs(kind, sent, "x-0")
    assert registry.getIntermediateOutputs(run.experiment) == registry.getExperimentOutputs(run.experiment)
    with pytest.raises(RegistryServiceException, match="PROCESS_OUTPUT or EXPERIMENT_OUTPUT"):
        registry.addExperimentProcessOutputs("OUTPUT", sent, run.process)


@pytest.mark.parametrize(
    "call",
    [
        lambda registry: registry.getJobStatuses("x-0"),
        lambda registry: registry.getJobDetails("x-0"),
        lambda registry: registry.getExperimentOutputs("x-0"),
        lambda registry: registry.getIntermediateOutputs("x-0"),
        lambda registry: registry.getDetailedExperimentTree("x-0"),
    ],
)
def test_an_experiment_that_there_is_not_is_named(registry: Any, call: Callable[[Any], object]) -> None:
    with pytest.raises(ExperimentNotFoundException, match="'x-0'"):
        call(registry)
