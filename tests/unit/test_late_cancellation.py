"""A job whose submission ends while its experiment is being cancelled: the experiment outlives it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from played_stages import JOB, Played, orchestrating

from airavata_workload.domain.message import CommandKind, TaskAction, Verdict
from airavata_workload.domain.states import ExperimentState


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with orchestrating(tmp_path / "home") as orchestrator:
        yield orchestrator


def check_that_it_ends_with_the_cancellation(played: Played) -> None:
    asked = played.told("submit", TaskAction.CANCEL)
    assert asked.job == JOB.to_json()
    # A scheduler died with that request: whoever takes over has what has not ended resumed.
    played.command(CommandKind.RESUME)
    again = played.told("submit", TaskAction.CANCEL)
    assert played.state() is ExperimentState.CANCELING
    played.report(again, Verdict.COMPLETED)
    played.until(lambda: played.state() is ExperimentState.CANCELED)


def test_a_job_that_was_submitted_too_late_keeps_its_experiment_open(played: Played) -> None:
    submit = played.complete_up_to("submit")
    played.cancel()
    played.report(submit, Verdict.COMPLETED, outputs={"job": JOB.to_json()})
    check_that_it_ends_with_the_cancellation(played)


def test_a_task_that_stopped_before_it_waited_for_the_job_leaves_it_to_the_submission(played: Played) -> None:
    monitor = played.complete_up_to("monitor")
    played.cancel()
    played.told("submit", TaskAction.CANCEL)
    played.report(monitor, Verdict.CANCELED, reason="no longer wanted")
    check_that_it_ends_with_the_cancellation(played)


@pytest.mark.parametrize("verdict", [Verdict.DEFERRED, Verdict.RETRYABLE, Verdict.CANCELED, Verdict.HANDED_BACK])
def test_a_submission_of_which_nobody_knows_how_it_ended_is_looked_into(played: Played, verdict: Verdict) -> None:
    submit = played.complete_up_to("submit")
    assert played.installation.graph.record_intent(submit.task_id, submit.attempt, {"job_name": JOB.job_name})
    played.cancel()
    played.report(submit, verdict, reason="the connection broke")
    asked = played.told("submit", TaskAction.CANCEL)
    assert asked.intent == {"job_name": JOB.job_name}
    assert played.state() is ExperimentState.CANCELING
    played.report(asked, Verdict.COMPLETED)
    played.until(lambda: played.state() is ExperimentState.CANCELED)
    assert played.untold("submit", TaskAction.EXECUTE)
