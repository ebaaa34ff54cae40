"""What an outcome means for its task."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airavata_workload.domain.job import Job
from airavata_workload.domain.message import OutcomeMessage, Verdict
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task
from airavata_workload.orchestrator.decision import transition_after_trouble

NOW = 1_000_000_000


def outcome(verdict, **values):
    return OutcomeMessage(
        task_id="t",
        experiment_id="e",
        attempt=3,
        resource="alpha",
        verdict=verdict,
        at_us=NOW,
        by="w",
        **{"reason": "because", **values},
    )


def task(failures=0, attempts=3):
    return Task(
        task_id="t",
        experiment_id="e",
        process_id="p",
        name="n",
        kind="command",
        resource="alpha",
        state=TaskState.EXECUTING,
        attempt=3,
        failures=failures,
        retry=RetryPolicy(attempts=attempts),
    )


def decide(verdict, *, failures=0, attempts=3, cancelling=False, **values):
    return transition_after_trouble(outcome(verdict, **values), task(failures, attempts), cancelling=cancelling)


def test_a_failure_is_final():
    result = decide(Verdict.FAILED, user_message="file x is missing")
    assert (result.target, result.next_attempt, result.user_message) == (TaskState.FAILED, None, "file x is missing")


def test_a_retryable_error_is_tried_again_later_and_counted():
    result = decide(Verdict.RETRYABLE, failures=1)
    assert (result.target, result.next_attempt, result.failures) == (TaskState.CREATED, 4, 2)
    assert NOW + 1_000_000 <= result.not_before_us <= NOW + 2_000_000, "second delay: 2 s, half of it jitter"
    assert "attempt 2 of 3" in result.reason


def test_the_last_attempt_fails():
    result = decide(Verdict.RETRYABLE, failures=2)
    assert (result.target, result.failures) == (TaskState.FAILED, 3)
    assert result.reason == "because (attempt 3 of 3)"


@pytest.mark.parametrize("failures", [0, 2, 99])
def test_a_deferral_is_never_counted(failures):
    result = decide(Verdict.DEFERRED, failures=failures, delay_s=7.0)
    assert (result.target, result.next_attempt, result.failures) == (TaskState.CREATED, 4, None)
    assert result.not_before_us == NOW + 7_000_000


def test_a_handed_back_task_goes_at_once():
    result = decide(Verdict.HANDED_BACK)
    assert (result.target, result.not_before_us) == (TaskState.CREATED, 0)


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.RETRYABLE, Verdict.DEFERRED, Verdict.CANCELED])
def test_nothing_is_tried_again_while_the_experiment_is_being_cancelled(verdict):
    assert decide(verdict, cancelling=True).target is TaskState.CANCELED


def test_a_task_that_gives_up_as_cancelled_when_nobody_cancelled_has_failed():
    result = decide(Verdict.CANCELED)
    assert (result.target, "as if it had been cancelled" in result.reason) == (TaskState.FAILED, True)


def test_the_job_that_failed_a_task_stays_with_it():
    job = Job(job_id="7", job_name="A", cluster="alpha", working_directory="/scratch")
    waiting = replace(task(0, 3), job=job)
    for verdict, kept in ((Verdict.FAILED, job), (Verdict.DEFERRED, None), (Verdict.RETRYABLE, None)):
        result = transition_after_trouble(outcome(verdict), waiting, cancelling=False)
        assert result.job == kept
