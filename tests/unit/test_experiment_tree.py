"""The tree of an experiment that portals draw, from what the engine knows."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api.experiments.experiment_tree import (
    ExperimentHistory,
    experiment_errors,
    experiment_statuses,
    processes,
)
from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.states import ExperimentState, JobState, ProcessState, TaskState
from airavata_workload.domain.task import TaskChange
from airavata_workload.ports.registry import JobRecord
from airavata_workload.records.experiments import GatewayExperiment, UserConfigurationData
from airavata_workload.records.record import latest
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.records.tasks import TaskTypes
from airavata_workload.testing.samples import experiment as sample_experiment
from airavata_workload.testing.samples import job, loaded_dag

DAG = loaded_dag({"stage": (), "submit": ("stage",)}, "x_1")
FIRST, SECOND = "PROCESS_first", DAG.process_id


def change(subject: Subject, subject_id: str, state: str, at_ms: int, **more: object) -> StateChange:
    return StateChange(
        subject=subject,
        subject_id=subject_id,
        experiment_id="x_1",
        state=state,
        at_us=at_ms * 1000 + 7,
        by="tester",
        **more,  # type: ignore[arg-type]
    )


def history() -> ExperimentHistory:
    """An experiment that failed once, was tried again and runs its job."""
    stage, submit = DAG.tasks
    the_job = job("alpha")
    lines = (
        TaskChange(state=TaskState.CREATED, attempt=1, at_us=1000, by="t"),
        TaskChange(state=TaskState.EXECUTING, attempt=1, at_us=2000, by="t"),
        TaskChange(state=TaskState.FAILED, attempt=1, at_us=3000, by="t", reason="disk full"),
        TaskChange(state=TaskState.CREATED, attempt=2, at_us=4000, by="t"),
    )
    tasks = (
        replace(stage, kind="input-staging", attempt=2, history=lines, user_message="No room."),
        replace(submit, kind="something-of-a-third-party"),
    )
    record = JobRecord(
        job=the_job, experiment_id="x_1", task_id=submit.task_id, state=JobState.ACTIVE, updated_at_us=9_000_000
    )
    return ExperimentHistory(
        experiment_id="x_1",
        tasks=tasks,
        jobs=[record],
        changes=[
            change(Subject.EXPERIMENT, "x_1", ExperimentState.LAUNCHED, 10),
            change(Subject.PROCESS, FIRST, ProcessState.STARTED, 11),
            change(Subject.PROCESS, FIRST, ProcessState.FAILED, 12, reason="no", user_message="Sorry."),
            change(Subject.EXPERIMENT, "x_1", ExperimentState.FAILED, 13, reason="it broke", user_message="Sorry."),
            change(Subject.PROCESS, SECOND, ProcessState.STARTED, 20),
            change(Subject.JOB, the_job.job_id, JobState.SUBMITTED, 21, name=the_job.job_name),
        ],
    )


def test_each_attempt_is_a_process_and_the_last_one_has_the_tasks() -> None:
    first, second = processes(history())
    assert (first.process_id, first.state, first.tasks) == (FIRST, ProcessState.FAILED, ())
    assert [error.user_friendly_message for error in first.process_errors or ()] == ["Sorry."]
    assert (second.process_id, second.state) == (SECOND, ProcessState.STARTED)
    assert second.task_dag == ",".join(task.task_id for task in DAG.tasks)
    assert (second.created_at_ms, second.updated_at_ms) == (20, 20)


def test_tasks_have_airavatas_types_their_states_and_errors() -> None:
    stage, submit = processes(history())[1].tasks or ()
    assert (stage.task_type, stage.task_detail, stage.state) == (TaskTypes.DATA_STAGING, "stage", TaskState.CREATED)
    assert [status.changed_at_ms for status in stage.task_statuses] == [1, 2, 3, 4]
    assert [error.actual_error_message for error in stage.task_errors or ()] == ["disk full"]
    assert stage.current_retry == 1
    assert submit.task_type is TaskTypes.JOB_SUBMISSION


def test_a_job_is_under_its_task_with_the_state_that_it_was_seen_in_last() -> None:
    submit = (processes(history())[1].tasks or ())[1]
    (found,) = submit.jobs or ()
    assert found.process_id == SECOND
    assert [(each.job_state, each.changed_at_ms) for each in found.job_statuses or ()] == [
        (JobState.SUBMITTED, 21),
        (JobState.ACTIVE, 9000),
    ]


def test_states_and_errors_of_the_experiment_have_ids_that_stay() -> None:
    changes = history().changes
    assert [each.state for each in experiment_statuses(changes)] == [ExperimentState.LAUNCHED, ExperimentState.FAILED]
    assert experiment_statuses(changes) == experiment_statuses(list(changes))
    (error,) = experiment_errors(changes)
    assert (error.actual_error_message, error.user_friendly_message) == ("it broke", "Sorry.")
    assert len({each.status_id for each in experiment_statuses(changes)}) == 2


def test_an_experiment_that_has_only_been_stored_has_no_process() -> None:
    assert processes(ExperimentHistory(experiment_id="x_1", changes=[])) == ()


def test_a_process_says_where_it_runs_whoever_chose_that() -> None:
    here, there = (
        ComputationalResourceScheduling(resource_host_id="a"),
        ComputationalResourceScheduling(resource_host_id="b", node_count=2),
    )
    asked = GatewayExperiment(
        experiment_id="x_1",
        project_id="p",
        gateway_id="g",
        user_name="ada",
        experiment_name="x",
        user_configuration_data=UserConfigurationData(
            airavata_auto_schedule=True, auto_scheduled_comp_resource_scheduling_list=(here, there)
        ),
    )
    given = replace(
        sample_experiment(experiment_id="x_1"),
        compute_resource=str(ClusterName(resource="b", gateway="g")),
        parameters={"application_deployment_id": "b_cat"},
    )
    for process in processes(replace(history(), launched=given), asked):
        assert (process.compute_resource_id, process.application_deployment_id) == ("b", "b_cat")
        assert process.process_resource_schedule == there
        assert process.user_name == "ada"


def test_an_end_is_the_latest_whatever_the_clocks_said_of_those_who_wrote() -> None:
    hour_ms = 3_600_000
    ahead = [
        change(Subject.EXPERIMENT, "x_1", "EXECUTING", hour_ms),
        change(Subject.PROCESS, SECOND, "MONITORING", hour_ms),
        change(Subject.JOB, "1", "ACTIVE", hour_ms, name=job("alpha").job_name),
    ]
    right = [
        change(Subject.EXPERIMENT, "x_1", "COMPLETED", 9_000),
        change(Subject.PROCESS, SECOND, "COMPLETED", 9_000),
        change(Subject.JOB, "1", "COMPLETE", 9_000, name=job("alpha").job_name),
    ]
    old = history()
    lines = (*old.tasks[0].history, TaskChange(state=TaskState.EXECUTING, attempt=2, at_us=hour_ms * 1000, by="t"))
    lines += (TaskChange(state=TaskState.COMPLETED, attempt=2, at_us=9_000_000, by="t"),)
    told = replace(
        old,
        changes=(*right, *ahead),
        tasks=(replace(old.tasks[0], state=TaskState.COMPLETED, history=lines), *old.tasks[1:]),
        jobs=[replace(old.jobs[0], state=JobState.COMPLETE)],
    )
    statuses = experiment_statuses(told.changes, present=ExperimentState.COMPLETED)
    assert latest(statuses) == statuses[-1]
    assert statuses[-1].state is ExperimentState.COMPLETED
    (process,) = processes(told)
    ended = latest(process.process_statuses)
    assert ended is not None
    assert ended.state is ProcessState.COMPLETED
    stage, submit = process.tasks or ()
    assert [each.state for each in (latest(stage.task_statuses),) if each] == [TaskState.COMPLETED]
    (made,) = submit.jobs or ()
    assert [each.job_state for each in (latest(made.job_statuses),) if each] == [JobState.COMPLETE]


def test_one_that_is_tried_again_has_not_ended() -> None:
    changes = history().changes
    assert experiment_statuses(changes, present=ExperimentState.LAUNCHED) == experiment_statuses(changes)
