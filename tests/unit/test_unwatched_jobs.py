"""A job that was handed on, in an experiment that fails before a task waits for it: the experiment outlives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from played_stages import JOB, Played, orchestrating

from airavata_workload.domain.change import Subject
from airavata_workload.domain.dag import AbstractDag, DagNode
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import CommandKind, TaskAction, TaskMessage, Verdict
from airavata_workload.domain.states import ExperimentState, JobState
from airavata_workload.domain.task import Trigger

OTHER_JOB = replace(JOB, job_id="8", job_name="j8")


def node(name: str, *after: str, job_of: str = "", **values: object) -> DagNode:
    if job_of:
        parameters: dict[str, object] = {"job": f"${{tasks.{job_of}.outputs.job}}"}
        return DagNode(name=name, kind="job-monitoring", after=after, parameters=parameters)
    parameters = {"directory": f"/scratch/{name}", "commands": [["sleep", "300"]]}
    return DagNode(name=name, kind="job-submission", after=after, parameters=parameters, **values)  # type: ignore[arg-type]


@contextmanager
def playing(home: Path, *nodes: DagNode) -> Iterator[Played]:
    with orchestrating(home, AbstractDag(application_type="branches", nodes=nodes)) as played:
        yield played


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with orchestrating(tmp_path / "home") as orchestrator:
        yield orchestrator


def begun(played: Played, name: str) -> TaskMessage:
    task = played.told(name, TaskAction.EXECUTE)
    played.claim(task)
    return task


def hand_over(played: Played, task: TaskMessage, job: Job) -> None:
    played.report(task, Verdict.COMPLETED, outputs={"job": job.to_json()})


def fail(played: Played, task: TaskMessage) -> None:
    played.report(task, Verdict.FAILED, reason="it cannot be")


def end_what_comes_after(played: Played) -> None:
    """Output staging is tried whatever became of the job."""
    played.report(begun(played, "stage-out"), Verdict.COMPLETED)


def asked_to_cancel(played: Played, name: str, job: Job = JOB) -> TaskMessage:
    asked = played.told(name, TaskAction.CANCEL)
    assert asked.job is not None
    assert Job.from_json(asked.job) == job
    return asked


def check_that_it_ends_with_the_cancellation(played: Played, name: str = "submit", job: Job = JOB) -> None:
    asked = asked_to_cancel(played, name, job)
    assert played.state() is ExperimentState.EXECUTING
    played.report(asked, Verdict.COMPLETED)
    played.until(lambda: played.state() is ExperimentState.FAILED)
    assert played.untold(name, TaskAction.CANCEL)
    check_record(played, job, JobState.CANCELED)


def check_record(played: Played, job: Job, *states: JobState) -> None:
    (record,) = [each for each in played.workload.jobs(played.experiment_id) if each.job == job]
    assert record.state is states[-1]
    assert record.reason
    trail = played.installation.registry.audit_trail(played.experiment_id)
    told = [each.state for each in trail if each.subject is Subject.JOB and each.subject_id == job.job_id]
    assert told == [JobState.SUBMITTED, *states]


def test_a_task_that_could_not_begin_to_wait_for_it(played: Played) -> None:
    fail(played, played.complete_up_to("monitor"))
    end_what_comes_after(played)
    check_that_it_ends_with_the_cancellation(played)


def test_a_task_whose_attempts_are_used_up_before_it_waited_for_it(played: Played) -> None:
    played.report(played.complete_up_to("monitor"), Verdict.RETRYABLE, reason="no worker has the plugin")
    played.report(begun(played, "monitor"), Verdict.RETRYABLE, reason="no worker has the plugin")
    end_what_comes_after(played)
    check_that_it_ends_with_the_cancellation(played)


def test_another_branch_that_fails_before_anybody_waits_for_it(tmp_path: Path) -> None:
    nodes = (node("first"), node("second"), node("watch", "first", "second", job_of="first"))
    with playing(tmp_path / "home", *nodes) as played:
        hand_over(played, begun(played, "first"), JOB)
        fail(played, begun(played, "second"))
        check_that_it_ends_with_the_cancellation(played, "first")


def test_a_reference_that_cannot_be_resolved(tmp_path: Path) -> None:
    wrong = replace(node("watch", "first", job_of="first"), parameters={"job": "${tasks.first.outputs.misspelt}"})
    with playing(tmp_path / "home", node("first"), wrong) as played:
        hand_over(played, begun(played, "first"), JOB)
        check_that_it_ends_with_the_cancellation(played, "first")


def test_of_two_jobs_only_the_one_for_which_nobody_waits_is_cancelled(tmp_path: Path) -> None:
    nodes = (
        node("first"),
        node("second"),
        node("watch-first", "first", job_of="first"),
        node("watch-second", "second", job_of="second"),
    )
    with playing(tmp_path / "home", *nodes) as played:
        hand_over(played, begun(played, "first"), JOB)
        hand_over(played, begun(played, "second"), OTHER_JOB)
        watching = begun(played, "watch-first")
        played.report(watching, Verdict.PARKED, job=JOB)
        fail(played, begun(played, "watch-second"))
        played.settle(watching)
        played.report(watching, Verdict.FAILED, reason="the job failed")
        check_that_it_ends_with_the_cancellation(played, "second", OTHER_JOB)
        assert played.untold("first", TaskAction.CANCEL)


def test_it_ends_when_the_last_of_several_is_cancelled(tmp_path: Path) -> None:
    nodes = (node("first"), node("second"), node("third"), node("watch", "first", "second", "third", job_of="first"))
    with playing(tmp_path / "home", *nodes) as played:
        hand_over(played, begun(played, "first"), JOB)
        hand_over(played, begun(played, "second"), OTHER_JOB)
        fail(played, begun(played, "third"))
        asked = asked_to_cancel(played, "first")
        played.report(asked, Verdict.COMPLETED)
        played.report(asked, Verdict.COMPLETED)  # the same answer once more is no answer about the other job
        played.settle(asked)
        check_that_it_ends_with_the_cancellation(played, "second", OTHER_JOB)
        check_record(played, JOB, JobState.CANCELED)


def test_a_cluster_that_does_not_answer_keeps_it_open(played: Played) -> None:
    fail(played, played.complete_up_to("monitor"))
    end_what_comes_after(played)
    played.report(asked_to_cancel(played, "submit"), Verdict.DEFERRED, reason="the cluster is down")
    check_that_it_ends_with_the_cancellation(played)


def test_a_cluster_that_refuses_is_not_asked_for_ever(played: Played) -> None:
    fail(played, played.complete_up_to("monitor"))
    end_what_comes_after(played)
    played.report(asked_to_cancel(played, "submit"), Verdict.FAILED, reason="not your job")
    played.until(lambda: played.state() is ExperimentState.FAILED)
    check_record(played, JOB, JobState.UNKNOWN)


def test_the_next_orchestrator_asks_again(played: Played) -> None:
    fail(played, played.complete_up_to("monitor"))
    end_what_comes_after(played)
    asked_to_cancel(played, "submit")
    # Whoever had the request died with it.
    played.restart()
    check_that_it_ends_with_the_cancellation(played)


def test_what_is_confirmed_is_known_to_the_next_orchestrator(played: Played) -> None:
    fail(played, played.complete_up_to("monitor"))
    end_what_comes_after(played)
    asked = asked_to_cancel(played, "submit")
    # The first orchestrator was killed after it had stored that, and before it did anything that follows.
    played.installation.graph.settle_job(asked.task_id, JOB)
    played.report(asked, Verdict.COMPLETED)
    played.until(lambda: played.state() is ExperimentState.FAILED)
    assert played.untold("submit", TaskAction.CANCEL)


def test_it_may_still_be_cancelled_by_its_user(played: Played) -> None:
    fail(played, played.complete_up_to("monitor"))
    end_what_comes_after(played)
    asked_to_cancel(played, "submit")
    played.cancel()
    played.report(asked_to_cancel(played, "submit"), Verdict.COMPLETED)
    played.until(lambda: played.state() is ExperimentState.CANCELED)


def test_an_answer_that_comes_again_after_another_try_does_nothing(played: Played) -> None:
    fail(played, played.complete_up_to("monitor"))
    end_what_comes_after(played)
    asked = asked_to_cancel(played, "submit")
    played.report(asked, Verdict.COMPLETED)
    played.until(lambda: played.state() is ExperimentState.FAILED)
    played.command(CommandKind.RETRY)
    again = begun(played, "submit")
    played.report(asked, Verdict.COMPLETED)
    played.settle(asked)
    assert played.installation.queue.dead_letters() == []
    hand_over(played, again, OTHER_JOB)
    assert begun(played, "monitor").attempt == 1
    assert played.untold("submit", TaskAction.CANCEL)


def test_a_job_that_nobody_was_to_wait_for_runs_on_when_all_is_well(tmp_path: Path) -> None:
    with playing(tmp_path / "home", node("first"), node("repair", "first", when=Trigger.FAILURE)) as played:
        hand_over(played, begun(played, "first"), JOB)
        played.until(lambda: played.state() is ExperimentState.COMPLETED)
        assert played.untold("first", TaskAction.CANCEL)
