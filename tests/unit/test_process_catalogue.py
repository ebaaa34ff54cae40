"""Processes, tasks and jobs that another server of the installation writes and reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from experiment_site import ExperimentSite, experiment_site
from gateway_site import ALICE, PEER

from airavata_workload.api.experiments.orchestration import Orchestration
from airavata_workload.api.experiments.process_catalogue import ProcessCatalogue
from airavata_workload.api.sharing.sharing import READ
from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError
from airavata_workload.domain.states import ExperimentState, JobState, ProcessState, TaskState
from airavata_workload.ports.record_store import Query
from airavata_workload.records.application_io import OutputDataObject
from airavata_workload.records.jobs import GatewayJob
from airavata_workload.records.processes import GatewayProcess, ProcessWorkflow
from airavata_workload.records.projects import Project
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.records.sharing import Entity, Sharing
from airavata_workload.records.statuses import (
    ExperimentStatus,
    JobStatus,
    ProcessStatus,
    RecordedError,
    TaskStatus,
)
from airavata_workload.records.tasks import GatewayTask, TaskTypes


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ExperimentSite]:
    with experiment_site(tmp_path) as made:
        yield made


@pytest.fixture
def catalogue(site: ExperimentSite) -> ProcessCatalogue:
    return ProcessCatalogue(records=site.people.records, clock=site.people.clock)


def process(catalogue: ProcessCatalogue, experiment_id: str) -> str:
    return catalogue.add_process(PEER, GatewayProcess(experiment_id=experiment_id, user_name="alice"), experiment_id)


def task(catalogue: ProcessCatalogue, process_id: str) -> str:
    made = GatewayTask(
        task_type=TaskTypes.JOB_SUBMISSION,
        parent_process_id=process_id,
        created_at_ms=1,
        updated_at_ms=1,
        task_statuses=(TaskStatus(state=TaskState.CREATED, changed_at_ms=1),),
    )
    return catalogue.add_task(PEER, made, process_id)


def job(job_id: str, task_id: str, process_id: str) -> GatewayJob:
    return GatewayJob(job_id=job_id, task_id=task_id, process_id=process_id, job_description="#!/bin/sh")


def test_a_process_grows_tasks_and_jobs_and_states(site: ExperimentSite, catalogue: ProcessCatalogue) -> None:
    experiment_id = site.create()
    process_id = process(catalogue, experiment_id)
    task_id = task(catalogue, process_id)
    catalogue.add_job(PEER, job("77", task_id, process_id), process_id)
    catalogue.add_process_status(PEER, ProcessStatus(state=ProcessState.EXECUTING), process_id)
    catalogue.add_task_status(PEER, TaskStatus(state=TaskState.EXECUTING), task_id)
    catalogue.add_job_status(PEER, JobStatus(job_state=JobState.ACTIVE), task_id, "77")
    catalogue.add_process_workflow(PEER, ProcessWorkflow(process_id=process_id, workflow_id="w"))
    (found,) = catalogue.processes(PEER, experiment_id)
    assert (found.process_id, found.state) == (process_id, ProcessState.EXECUTING)
    (its_task,) = found.tasks or ()
    assert (its_task.task_id, its_task.state, its_task.parent_process_id) == (task_id, TaskState.EXECUTING, process_id)
    (its_job,) = its_task.jobs or ()
    assert (its_job.job_id, its_job.state, its_job.experiment_id) == ("77", JobState.ACTIVE, experiment_id)
    assert [each.state for each in catalogue.process_statuses(PEER, process_id)] == ["CREATED", "EXECUTING"]
    assert catalogue.process_status(PEER, process_id).process_id == process_id
    assert catalogue.process_ids(PEER, experiment_id) == (process_id,)
    assert [each.process_id for each in catalogue.processes_in_state(PEER, ProcessState.EXECUTING)] == [process_id]
    assert catalogue.processes_in_state(PEER, ProcessState.FAILED) == ()
    assert [each.workflow_id for each in catalogue.process_workflows(PEER, process_id)] == ["w"]


def test_what_is_asked_of_a_process_changes_and_its_states_stay(
    site: ExperimentSite, catalogue: ProcessCatalogue
) -> None:
    experiment_id = site.create()
    process_id = process(catalogue, experiment_id)
    schedule = ComputationalResourceScheduling(node_count=4)
    changed = GatewayProcess(experiment_id="another", process_resource_schedule=schedule, process_statuses=())
    catalogue.update_process(PEER, changed, process_id)
    found = catalogue.get_process(PEER, process_id)
    assert (found.process_resource_schedule, found.experiment_id) == (schedule, experiment_id)
    assert found.state is ProcessState.CREATED
    assert len(found.process_statuses or ()) == 1


def test_jobs_are_found_by_their_ids_and_counted(site: ExperimentSite, catalogue: ProcessCatalogue) -> None:
    process_id = process(catalogue, site.create())
    task_id = task(catalogue, process_id)
    for job_id in ("1", "2"):
        catalogue.add_job(PEER, job(job_id, task_id, process_id), process_id)
        catalogue.add_job_status(PEER, JobStatus(job_state=JobState.SUBMITTED), task_id, job_id)
    catalogue.add_job_status(PEER, JobStatus(job_state=JobState.ACTIVE), task_id, "2")
    assert [each.job_id for each in catalogue.jobs(PEER, "taskId", task_id)] == ["1", "2"]
    assert [each.job_id for each in catalogue.jobs(PEER, "processId", process_id)] == ["1", "2"]
    assert catalogue.job(PEER, "jobId", "2").state is JobState.ACTIVE
    assert not catalogue.has_job(PEER, "jobId", "3")
    with pytest.raises(NotFoundError, match="'3'"):
        catalogue.job(PEER, "jobId", "3")
    with pytest.raises(InputError, match="by 'name'"):
        catalogue.jobs(PEER, "name", "x")
    active = JobStatus(job_state=JobState.ACTIVE)
    assert catalogue.job_count(PEER, active, "seagrid", 60.0) == 1
    assert catalogue.job_count(PEER, active, "elsewhere", 60.0) == 0
    assert catalogue.average_times(PEER, "seagrid", 60.0) == {}
    catalogue.delete_tasks(PEER, process_id)
    assert catalogue.get_process(PEER, process_id).tasks == ()
    assert not catalogue.has_job(PEER, "processId", process_id)


def test_outputs_and_errors_go_where_their_kind_says(site: ExperimentSite, catalogue: ProcessCatalogue) -> None:
    experiment_id = site.create()
    process_id = process(catalogue, experiment_id)
    task_id = task(catalogue, process_id)
    first, again = OutputDataObject(name="a", value="1"), OutputDataObject(name="a", value="2")
    catalogue.add_outputs(PEER, "PROCESS_OUTPUT", (first, OutputDataObject(name="b")), process_id)
    catalogue.add_outputs(PEER, "PROCESS_OUTPUT", (again,), process_id)
    assert [(each.name, each.value) for each in catalogue.process_outputs(PEER, process_id)] == [
        ("a", "2"),
        ("b", None),
    ]
    catalogue.add_outputs(PEER, "EXPERIMENT_OUTPUT", (again,), experiment_id)
    for kind, identifier in (("EXPERIMENT", experiment_id), ("PROCESS", process_id), ("TASK", task_id)):
        catalogue.add_error(PEER, f"{kind}_ERROR", RecordedError(actual_error_message=f"of {kind}"), identifier)
    found = catalogue.get_process(PEER, process_id)
    assert [each.actual_error_message for each in found.process_errors or ()] == ["of PROCESS"]
    assert [each.actual_error_message for each in (found.tasks or ())[0].task_errors or ()] == ["of TASK"]
    experiment = site.views.get(ALICE, experiment_id)
    assert [each.actual_error_message for each in experiment.errors or ()] == ["of EXPERIMENT"]
    assert "a" in {each.name for each in experiment.experiment_outputs or ()}
    with pytest.raises(InputError, match="'X'"):
        catalogue.add_outputs(PEER, "X", (), process_id)
    with pytest.raises(InputError, match="'X'"):
        catalogue.add_error(PEER, "X", RecordedError(), process_id)


def test_two_errors_of_one_instant_are_two(site: ExperimentSite, catalogue: ProcessCatalogue) -> None:
    process_id = process(catalogue, site.create())
    at_once = ProcessCatalogue(records=site.people.records, clock=lambda: 7_000_000)
    for message in ("one", "two"):
        at_once.add_error(PEER, "PROCESS_ERROR", RecordedError(actual_error_message=message), process_id)
    errors = catalogue.get_process(PEER, process_id).process_errors or ()
    assert [(each.actual_error_message, each.created_at_ms) for each in errors] == [("one", 7_000), ("two", 7_000)]
    assert len({each.error_id for each in errors}) == 2


def test_an_experiment_of_another_engine_has_the_states_that_are_written(
    site: ExperimentSite, catalogue: ProcessCatalogue
) -> None:
    experiment_id = site.create()
    assert catalogue.user_configuration(PEER, experiment_id).storage_id == site.storage
    catalogue.add_experiment_status(PEER, ExperimentStatus(state=ExperimentState.EXECUTING), experiment_id)
    assert site.views.status(ALICE, experiment_id).state is ExperimentState.EXECUTING


def test_nobody_else_writes_here(site: ExperimentSite, catalogue: ProcessCatalogue) -> None:
    experiment_id = site.create()
    process_id = process(catalogue, experiment_id)
    with pytest.raises(DeniedError):
        catalogue.get_process(ALICE, process_id)
    with pytest.raises(DeniedError):
        catalogue.add_experiment_status(ALICE, ExperimentStatus(state=ExperimentState.FAILED), experiment_id)
    with pytest.raises(DeniedError):
        catalogue.add_error(ALICE, "TASK_ERROR", RecordedError(), "x")
    with pytest.raises(DeniedError):
        catalogue.delete_tasks(ALICE, process_id)
    with pytest.raises(NotFoundError):
        catalogue.get_process(PEER, "PROCESS_x")


def test_portals_see_what_another_engine_of_the_installation_runs(
    site: ExperimentSite, catalogue: ProcessCatalogue
) -> None:
    experiment_id = site.create()
    process_id = process(catalogue, experiment_id)
    task_id = task(catalogue, process_id)
    catalogue.add_job(PEER, job("77", task_id, process_id), process_id)
    catalogue.add_experiment_status(PEER, ExperimentStatus(state=ExperimentState.EXECUTING), experiment_id)
    catalogue.add_process_status(PEER, ProcessStatus(state=ProcessState.EXECUTING), process_id)
    catalogue.add_task_status(PEER, TaskStatus(state=TaskState.EXECUTING), task_id)
    for state in (JobState.SUBMITTED, JobState.ACTIVE):
        catalogue.add_job_status(PEER, JobStatus(job_state=state), task_id, "77")
    tree = site.views.tree(ALICE, experiment_id)
    (its_process,) = tree.processes or ()
    (its_task,) = its_process.tasks or ()
    (its_job,) = its_task.jobs or ()
    assert [each.state for each in tree.experiment_status or ()] == ["EXECUTING"]
    assert [each.state for each in its_process.process_statuses or ()] == ["EXECUTING"]
    assert [each.state for each in its_task.task_statuses] == ["EXECUTING"]
    assert [each.job_state for each in its_job.job_statuses or ()] == ["ACTIVE"]
    assert site.views.jobs(ALICE, experiment_id) == (its_job,)
    assert site.views.job_statuses(ALICE, experiment_id)["77"].job_state is JobState.ACTIVE
    assert [each.tasks for each in site.views.get(ALICE, experiment_id).processes or ()] == [None]
    with pytest.raises(ConflictError, match="another engine"):
        site.experiments.terminate(ALICE, experiment_id, "seagrid")
    catalogue.add_experiment_status(PEER, ExperimentStatus(state=ExperimentState.COMPLETED), experiment_id)
    site.experiments.terminate(ALICE, experiment_id, "seagrid")
    peers = Orchestration(experiments=site.experiments, processes=catalogue)
    assert not peers.terminate(PEER, experiment_id, "seagrid")


def test_an_experiment_that_is_deleted_leaves_nothing(site: ExperimentSite, catalogue: ProcessCatalogue) -> None:
    experiment_id = site.create()
    site.people.sharing.share_with_users(ALICE, experiment_id, {"bob@seagrid": READ})
    process_id = process(catalogue, experiment_id)
    task_id = task(catalogue, process_id)
    catalogue.add_job(PEER, job("77", task_id, process_id), process_id)
    assert site.experiments.delete(ALICE, experiment_id)
    with site.people.records.reading() as records:
        assert records.count(GatewayProcess, Query(equal={"experiment_id": experiment_id})) == 0
        assert records.count(GatewayTask, Query(equal={"parent_process_id": process_id})) == 0
        assert records.count(GatewayJob, Query(equal={"experiment_id": experiment_id})) == 0
        assert records.count(Entity, Query(equal={"entity_id": experiment_id})) == 0
        assert records.count(Sharing, Query(equal={"entity_id": experiment_id})) == 0


def test_a_clone_asks_for_outputs_and_not_for_the_products_of_what_has_run(
    site: ExperimentSite, catalogue: ProcessCatalogue
) -> None:
    experiment_id = site.create()
    catalogue.add_outputs(
        PEER, "EXPERIMENT_OUTPUT", (OutputDataObject(name="Shown", value="airavata-dp://made"),), experiment_id
    )
    (output,) = site.views.outputs(ALICE, site.experiments.clone(ALICE, experiment_id))
    assert (output.name, output.value, output.type) == ("Shown", "Cat.stdout", "STDOUT")


def test_peers_change_what_belongs_to_a_gateway(site: ExperimentSite) -> None:
    experiment_id = site.create()
    site.experiments.update(PEER, experiment_id, site.request(experiment_name="Renamed"))
    site.projects.update(PEER, site.project, Project(owner="", gateway_id="", name="Q"))
    assert site.views.get(ALICE, experiment_id).experiment_name == "Renamed"
    with site.people.records.reading() as records:
        names = [records.get(Entity, Entity.key_of("seagrid", each)) for each in (experiment_id, site.project)]
    assert [each.name for each in names if each is not None] == ["Renamed", "Q"]
