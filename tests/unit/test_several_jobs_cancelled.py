"""An experiment that is cancelled while tasks have handed several jobs on ends when the last of these is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from played_stages import JOB, Played, orchestrating

from airavata_workload.domain.dag import AbstractDag, DagNode
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import CommandKind, TaskAction, TaskMessage, Verdict
from airavata_workload.domain.states import ExperimentState

JOBS = {"submit-a": replace(JOB, job_id="a", job_name="ja"), "submit-b": replace(JOB, job_id="b", job_name="jb")}
BOTH_ORDERS = pytest.mark.parametrize("order", [("submit-a", "submit-b"), ("submit-b", "submit-a")])


def submission(name: str) -> DagNode:
    parameters = {"directory": "/scratch/" + name, "commands": [["sleep", "300"]]}
    return DagNode(name=name, kind="job-submission", parameters=parameters)


def waiter(name: str, *after: str) -> DagNode:
    parameters = {"job": f"${{tasks.{after[0]}.outputs.job}}"}
    return DagNode(name=name, kind="job-monitoring", after=after, parameters=parameters)


@contextmanager
def playing(home: Path, *waiters: DagNode) -> Iterator[Played]:
    nodes = (submission("submit-a"), submission("submit-b"), *waiters)
    with orchestrating(home, AbstractDag(application_type="two-jobs", nodes=nodes)) as played:
        yield played


def begin(played: Played, *names: str) -> list[TaskMessage]:
    begun = [played.told(name, TaskAction.EXECUTE) for name in names]
    for task in begun:
        played.claim(task)
    return begun


def hand_over(played: Played, submissions: Sequence[TaskMessage]) -> None:
    for task in submissions:
        played.report(task, Verdict.COMPLETED, outputs={"job": JOBS[task.name].to_json()})


def asked_to_cancel(played: Played, name: str) -> TaskMessage:
    asked = played.told(name, TaskAction.CANCEL)
    assert asked.job is not None
    assert Job.from_json(asked.job) == JOBS[name]
    return asked


def confirm(played: Played, asked: TaskMessage) -> None:
    """Report that the job is cancelled, and wait until all that follows from it is stored."""
    played.report(asked, Verdict.COMPLETED)
    played.settle(asked)


def check_that_it_outlives_both(played: Played, order: Sequence[str]) -> None:
    first, last = (asked_to_cancel(played, name) for name in order)
    confirm(played, first)
    assert played.state() is ExperimentState.CANCELING
    confirm(played, first)  # the same answer once more is no answer about the other job
    assert played.state() is ExperimentState.CANCELING
    played.report(last, Verdict.COMPLETED)
    played.until(lambda: played.state() is ExperimentState.CANCELED)


@BOTH_ORDERS
def test_two_jobs_for_which_nobody_waits_any_more(tmp_path: Path, order: Sequence[str]) -> None:
    with playing(tmp_path / "home", waiter("monitor-a", "submit-a"), waiter("monitor-b", "submit-b")) as played:
        submissions = begin(played, "submit-a", "submit-b")
        played.cancel()
        hand_over(played, submissions)
        check_that_it_outlives_both(played, order)


@BOTH_ORDERS
def test_two_jobs_with_no_task_after_them(tmp_path: Path, order: Sequence[str]) -> None:
    with playing(tmp_path / "home") as played:
        submissions = begin(played, "submit-a", "submit-b")
        played.cancel()
        hand_over(played, submissions)
        check_that_it_outlives_both(played, order)


@BOTH_ORDERS
def test_two_jobs_before_one_task_that_is_kept_open_for_both(tmp_path: Path, order: Sequence[str]) -> None:
    with playing(tmp_path / "home", waiter("monitor", "submit-a", "submit-b")) as played:
        hand_over(played, begin(played, "submit-a", "submit-b"))
        played.told("monitor", TaskAction.EXECUTE)
        played.cancel()
        check_that_it_outlives_both(played, order)


@BOTH_ORDERS
def test_what_is_confirmed_is_known_to_the_next_orchestrator(tmp_path: Path, order: Sequence[str]) -> None:
    with playing(tmp_path / "home", waiter("monitor-a", "submit-a"), waiter("monitor-b", "submit-b")) as played:
        submissions = begin(played, "submit-a", "submit-b")
        played.cancel()
        hand_over(played, submissions)
        first, last = order
        asked_to_cancel(played, last)
        confirm(played, asked_to_cancel(played, first))
        played.restart()
        again = asked_to_cancel(played, last)
        assert played.state() is ExperimentState.CANCELING
        assert played.untold(first, TaskAction.CANCEL)
        played.report(again, Verdict.COMPLETED)
        played.until(lambda: played.state() is ExperimentState.CANCELED)


def parked_beside_a_late_one(played: Played) -> tuple[TaskMessage, TaskMessage]:
    """Job a is waited for, job b was handed on too late: the task that waits, and the request to cancel b."""
    submit_a, submit_b = begin(played, "submit-a", "submit-b")
    hand_over(played, [submit_a])
    (monitor,) = begin(played, "monitor-a")
    played.report(monitor, Verdict.PARKED, job=JOBS["submit-a"])
    played.settle(monitor)
    played.cancel()
    hand_over(played, [submit_b])
    return monitor, asked_to_cancel(played, "submit-b")


def end_by_itself(played: Played, monitor: TaskMessage) -> None:
    """As the monitor does, which had not heard of the cancellation."""
    played.report(monitor, Verdict.COMPLETED, outputs={"job_id": "a", "exit_code": 0, "state": "COMPLETE"})


def test_a_job_that_ends_by_itself_ends_nothing_for_the_other(tmp_path: Path) -> None:
    with playing(tmp_path / "home", waiter("monitor-a", "submit-a"), waiter("monitor-b", "submit-b")) as played:
        monitor, asked = parked_beside_a_late_one(played)
        end_by_itself(played, monitor)
        played.settle(monitor)
        assert played.state() is ExperimentState.CANCELING
        played.restart()
        again = asked_to_cancel(played, "submit-b")
        assert played.untold("submit-a", TaskAction.CANCEL)
        assert again.task_id == asked.task_id
        played.report(again, Verdict.COMPLETED)
        played.until(lambda: played.state() is ExperimentState.CANCELED)


def test_a_job_that_ends_by_itself_after_the_other_was_cancelled_ends_the_experiment(tmp_path: Path) -> None:
    with playing(tmp_path / "home", waiter("monitor-a", "submit-a"), waiter("monitor-b", "submit-b")) as played:
        monitor, asked = parked_beside_a_late_one(played)
        confirm(played, asked)
        assert played.state() is ExperimentState.CANCELING
        end_by_itself(played, monitor)
        played.until(lambda: played.state() is ExperimentState.CANCELED)


def test_a_job_that_could_not_be_cancelled_now_keeps_it_open(tmp_path: Path) -> None:
    with playing(tmp_path / "home") as played:
        submissions = begin(played, "submit-a", "submit-b")
        played.cancel()
        hand_over(played, submissions)
        confirm(played, asked_to_cancel(played, "submit-a"))
        played.report(asked_to_cancel(played, "submit-b"), Verdict.DEFERRED, reason="the cluster is down")
        again = asked_to_cancel(played, "submit-b")
        assert played.state() is ExperimentState.CANCELING
        played.report(again, Verdict.COMPLETED)
        played.until(lambda: played.state() is ExperimentState.CANCELED)


def test_who_tries_again_submits_both_jobs_anew(tmp_path: Path) -> None:
    with playing(tmp_path / "home", waiter("monitor-a", "submit-a"), waiter("monitor-b", "submit-b")) as played:
        submissions = begin(played, "submit-a", "submit-b")
        played.cancel()
        hand_over(played, submissions)
        check_that_it_outlives_both(played, ("submit-a", "submit-b"))
        played.command(CommandKind.RETRY)
        for name in JOBS:
            assert played.told(name, TaskAction.EXECUTE).attempt == 1
